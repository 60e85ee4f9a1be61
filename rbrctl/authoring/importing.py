"""A rule set from another tool's file: recognised, carried over, and proved to load."""

from typing import Any

from rbrctl.authoring.formatting import format_text
from rbrctl.authoring.import_openai import import_openai, is_openai
from rbrctl.authoring.import_rbr import import_rbr, is_rbr
from rbrctl.authoring.imported import Imported
from rbrctl.authoring.yaml_writing import yaml_text
from rbrctl.errors import FileError, RuleSetError
from rbrctl.records.files import read_whole
from rbrctl.ruleset.loader import Loaded, read
from rbrctl.ruleset.sources import TextSource
from rbrctl.ruleset.yaml_tree import MAX_BYTES, MappingNode, YamlProblem, parse_yaml, plain

_HEADER = "# yaml-language-server: $schema=schema.json\n#\n# Imported from {kind}.\n"


def import_file(path: str) -> Imported:
    """
    Read a YAML or JSON file and carry over what it says.

    Raises FileError where it cannot be read, RuleSetError where it is no format that is known.
    """
    content = _content(path)
    if is_rbr(content):
        return import_rbr(content)
    if is_openai(content):
        return import_openai(content)
    raise RuleSetError(
        f"{path}: neither a published RBR configuration (with 'completion_classes' and "
        "'simple_propositions') nor an OpenAI grader (with 'type', 'graders' or 'testing_criteria')"
    )


def ruleset_text(imported: Imported) -> str:
    """Write an import as one YAML file. Raises RuleSetError where it is no sound rule set."""
    scalars = {key: value for key, value in imported.content.items() if not _is_section(value)}
    sections = [
        yaml_text({key: value}) for key, value in imported.content.items() if _is_section(value)
    ]
    text = "\n".join([_HEADER.format(kind=imported.kind), yaml_text(scalars), *sections])
    text = format_text(text, "import").after
    loaded = read(TextSource("import", text.encode("utf-8")))
    if loaded.ruleset is None:
        raise RuleSetError(_unsound(loaded))
    return text


def _is_section(value: Any) -> bool:
    return isinstance(value, dict)


def _unsound(loaded: Loaded) -> str:
    first = loaded.findings.items[0]
    hint = f"; {first.hint}" if first.hint else ""
    return f"what it says is no sound rule set: {first.message}{hint}"


def _content(path: str) -> dict[str, Any]:
    try:
        root, _ = parse_yaml(read_whole(path, MAX_BYTES).decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        raise FileError(f"{path}: not UTF-8") from None
    except YamlProblem as problem:
        raise RuleSetError(f"{problem.finding.place}: {problem}") from None
    if isinstance(root, MappingNode):
        content = plain(root)
        return content if isinstance(content, dict) else {}
    # A bare list of graders is what an evaluation's testing_criteria are.
    return {} if root is None else {"testing_criteria": plain(root)}
