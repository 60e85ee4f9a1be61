"""The orderings file: which labels of the data beat which."""

from rbrctl.errors import UsageError
from rbrctl.records.files import read_whole
from rbrctl.ruleset.yaml_tree import MappingNode, YamlProblem, parse_yaml, plain

MAX_BYTES = 1 << 20


def read_orderings(path: str) -> dict[str, list[str]]:
    """
    Read a mapping of labels to lists of labels, or to one label.

    Raises FileError where the file cannot be read, and UsageError with the place where it is no
    such mapping.
    """
    try:
        text = read_whole(path, MAX_BYTES).decode("utf-8")
        root, findings = parse_yaml(text, path)
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8; save the file as UTF-8") from None
    except YamlProblem as problem:
        raise UsageError(f"{problem.finding.place}: {problem.finding.message}") from None
    if findings:
        raise UsageError(f"{findings[0].place}: {findings[0].message}")
    if not isinstance(root, MappingNode) or not root.entries:
        raise UsageError(f"{path}: an orderings file maps each label to a list of those it beats")
    beats: dict[str, list[str]] = {}
    for label, node in root.entries.items():
        losers = plain(node)
        losers = [losers] if isinstance(losers, str) else losers
        if not isinstance(losers, list) or not all(isinstance(each, str) for each in losers):
            raise UsageError(f"{node.place}: '{label}' must have a list of labels")
        beats[label] = losers
    return beats
