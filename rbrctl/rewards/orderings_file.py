"""The orderings file: which labels of the data beat which."""

from rbrctl.errors import UsageError
from rbrctl.records.files import open_input
from rbrctl.ruleset.yaml_tree import MappingNode, YamlProblem, parse_yaml, plain

MOST_BYTES = 1 << 20


def read_orderings(path: str) -> dict[str, list[str]]:
    """Read a mapping of labels to lists of labels. Raises UsageError or FileError."""
    with open_input(path) as stream:
        text = stream.read(MOST_BYTES).decode("utf-8", "replace")
    try:
        root, findings = parse_yaml(text, path)
    except YamlProblem as problem:
        raise UsageError(f"{problem.finding.place}: {problem.finding.message}") from None
    if findings or not isinstance(root, MappingNode) or not root.entries:
        raise UsageError(f"{path}: an orderings file maps each label to a list of those it beats")
    beats: dict[str, list[str]] = {}
    for label, node in root.entries.items():
        losers = plain(node)
        losers = [losers] if isinstance(losers, str) else losers
        if not isinstance(losers, list) or not all(isinstance(each, str) for each in losers):
            raise UsageError(f"{node.place}: '{label}' must have a list of labels")
        beats[label] = losers
    return beats
