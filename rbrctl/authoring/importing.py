"""A rule set from another tool's file: recognised, carried over, and proved to load."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rbrctl.authoring.formatting import format_text
from rbrctl.authoring.importers.interface import Imported
from rbrctl.errors import FileError, RuleSetError
from rbrctl.lazy import variants
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
    for importer in variants("rbrctl.authoring.importers", "recognises"):
        if importer.recognises(content):
            imported: Imported = importer.carry_over(content)
            return imported
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


_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ .()/-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_LITERAL = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]+")


def yaml_text(value: Mapping[str, Any], indent: int = 0) -> str:
    """Write a mapping as block YAML; nested values may be mappings, lists, texts and numbers."""
    return "\n".join(_mapping(value, indent)) + "\n"


def _mapping(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key, item in value.items():
        head = f"{' ' * indent}{_scalar(key)}:"
        if isinstance(item, Mapping) and item:
            yield head
            yield from _mapping(item, indent + 2)
        elif isinstance(item, Sequence) and not isinstance(item, str) and item:
            yield from _list(head, item, indent)
        else:
            yield from _value(head, item, indent)


def _list(head: str, items: Sequence[Any], indent: int) -> Iterator[str]:
    flow = f"{head} [{', '.join(_scalar(item) for item in items if not isinstance(item, Mapping))}]"
    if not any(isinstance(item, Mapping) for item in items) and len(flow) <= _WIDTH:
        yield flow
        return
    yield head
    for item in items:
        prefix = f"{' ' * (indent + 2)}-"
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, indent + 4)
            yield f"{prefix} {first.lstrip()}"
            yield from rest
        else:
            yield f"{prefix} {_scalar(item)}"


def _value(head: str, item: Any, indent: int) -> Iterator[str]:
    scalar = _scalar(item)
    if not isinstance(item, str) or ("\n" not in item and len(head) + len(scalar) < _WIDTH):
        yield f"{head} {scalar}"
        return
    lines = item.split("\n")
    if item == " ".join(item.split()):
        yield f"{head} >-"
        filled = textwrap.wrap(
            item, _WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False
        )
        yield from (f"{' ' * (indent + 2)}{line}" for line in filled)
    elif (
        _LITERAL.fullmatch(item)
        and lines[0][:1] not in ("", " ")
        and lines[-1]
        and all(line == line.rstrip() for line in lines)
    ):
        yield f"{head} |-"
        yield from (f"{' ' * (indent + 2)}{line}" if line else "" for line in lines)
    else:
        yield f"{head} {_quoted(item)}"


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_scalar(key)}: {_scalar(item)}' for key, item in value.items())}}}"
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS and value == value.strip()
        return value if plain else _quoted(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_scalar, value))}]"
    return json.dumps(value)


def _quoted(text: str) -> str:
    # JSON's escapes are YAML's too; what YAML does not allow as it is must be escaped as well.
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",
        lambda match: f"\\u{ord(match[0]):04x}",
        json.dumps(text, ensure_ascii=False),
    )
