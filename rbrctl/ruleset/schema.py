"""The published JSON Schema of a rule file, and findings with places from its errors."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from rbrctl.ruleset.findings import Finding, Place, Severity
from rbrctl.ruleset.yaml_tree import MappingNode, Node, SequenceNode, plain
from rbrctl.wording import closest, did_you_mean

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator


def schema_text() -> str:
    """Return the JSON Schema (draft-07) of a rule file, as it ships."""
    return resources.files("rbrctl.ruleset").joinpath("schema.json").read_text("utf-8")


@cache
def _validator() -> "Validator":
    from jsonschema import Draft7Validator

    return Draft7Validator(json.loads(schema_text()))


def schema_findings(root: Node) -> list[Finding]:
    """Check a file's tree against the schema: one finding a mistake, in the order of the file."""
    errors = list(_validator().iter_errors(plain(root)))
    misspelt = {
        (tuple(error.absolute_path), meant)
        for error in errors
        if error.validator == "additionalProperties"
        for meant in _misspelt_keys(error)
    }
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    findings = [
        finding
        for error in errors
        if (tuple(error.absolute_path), _missing_key(error)) not in misspelt
        # Of a wrong type it is no news that it is none of the allowed values either.
        if error.validator != "enum" or tuple(error.absolute_path) not in mistyped
        for finding in _findings_of(error, root)
    ]
    return sorted(findings, key=lambda finding: (finding.place is None, finding.place))


def _missing_key(error: "ValidationError") -> str | None:
    if error.validator != "required":
        return None
    # One error comes for each missing key, which only the message names.
    wanted: Any = error.validator_value
    return next(str(key) for key in wanted if error.message.startswith(repr(key)))


def _misspelt_keys(error: "ValidationError") -> Iterator[str]:
    """Return the known keys that misspelled ones stand for, which are then not missing too."""
    schema: Any = error.schema
    known = list(schema.get("properties", {}))
    instance: Any = error.instance
    for key in instance:
        if key not in known and (meant := closest(key, known)):
            yield meant


def _findings_of(error: "ValidationError", root: Node) -> Iterator[Finding]:
    path = list(error.absolute_path)
    node, place = _locate(root, path)
    where = f"{_dotted(path)}: " if path else ""
    match error.validator:
        case "additionalProperties" if isinstance(node, MappingNode):
            yield from _unknown_keys(error, node, where)
        case "pattern" | "not" if "propertyNames" in list(error.absolute_schema_path):
            key = str(error.instance)
            key_place = node.key_places.get(key, place) if isinstance(node, MappingNode) else place
            if error.validator == "not":
                message = f"{where}'{key}' is a word of expressions"
                yield _finding(message, key_place, "choose another name")
            else:
                yield _finding(f"{where}'{key}' is not a name", key_place, _name_hint(error))
        case "required":
            missing = _missing_key(error)
            message = f"{where}the key '{missing}' is missing"
            yield _finding(message, _key_place(root, path) or place, f"add '{missing}: ...'")
        case "uniqueItems" if isinstance(node, SequenceNode):
            for number, item in enumerate(node.items):
                if any(plain(item) == plain(other) for other in node.items[:number]):
                    message = f"{where}'{plain(item)}' stands there twice"
                    yield _finding(message, item.place, "remove one of them")
        case _:
            message, hint = _explain(error)
            yield _finding(f"{where}{message}", place, hint)


def _finding(message: str, place: Place, hint: str | None) -> Finding:
    return Finding("schema", Severity.ERROR, message, place, hint)


def _locate(root: Node, path: Sequence[str | int]) -> tuple[Node, Place]:
    node, place = root, root.place
    for step in path:
        if isinstance(node, MappingNode):
            node = node.entries[str(step)]
        elif isinstance(node, SequenceNode):
            node = node.items[int(step)]
        place = node.place
    return node, place


def _key_place(root: Node, path: Sequence[str | int]) -> Place | None:
    """Return the place of the key at the end of a path; None if it is an entry of a list."""
    if not path or isinstance(path[-1], int):
        return None
    parent, _ = _locate(root, path[:-1])
    return parent.key_places[path[-1]] if isinstance(parent, MappingNode) else None


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _unknown_keys(error: "ValidationError", node: MappingNode, where: str) -> Iterator[Finding]:
    schema: Any = error.schema
    known = list(schema.get("properties", {}))
    for key in node.entries:
        if key not in known and not key.startswith("x-"):
            hint = did_you_mean(key, known) or f"the keys here are {', '.join(known)}"
            if key == "<<":
                hint = "merge keys have no meaning here: write the keys out"
            yield _finding(f"{where}unknown key '{key}'", node.key_places[key], hint)


def _name_hint(error: "ValidationError") -> str:
    separator, other = ("_", "-") if "_" in str(error.validator_value) else ("-", "_")
    name = re.sub(r"[^a-z0-9]+", separator, str(error.instance).lower().replace(other, separator))
    name = name.lstrip("-_0123456789").rstrip("-_")
    kind = f"lower-case letters, digits and '{separator}', a letter first"
    return f"{kind}: '{name}'" if name else kind


_TYPES = {
    "string": "a text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
}


def _explain(error: "ValidationError") -> tuple[str, str | None]:
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            kinds = " or ".join(_TYPES[name] for name in names)
            return f"must be {kinds}, not {_kind_of(error.instance)}", (
                _expression_hint(error) or _type_hint(error, names)
            )
        case "enum":
            allowed = [str(value) for value in wanted]
            hint = did_you_mean(str(error.instance), allowed) or f"write {allowed[0]}"
            return f"must be {' or '.join(allowed)}, not '{error.instance}'", hint
        case "pattern":
            return f"'{error.instance}' is not a name", _name_hint(error)
        case "minLength":
            return "must not be empty", "write something, or leave the key out"
        case "minItems" | "minProperties":
            entries = "one entry" if wanted == 1 else f"{wanted} entries"
            return f"must have at least {entries}", "add one, or leave the key out"
        case _:
            return error.message, None


def _kind_of(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text '{value if len(value) <= 40 else value[:39] + '…'}'"
    return "a list" if isinstance(value, list) else "a mapping"


_EXPRESSIONS = (("axioms", 2), ("definitions", 2), ("definitions", 3), ("features", 3))
"""Places of expressions other than 'require': the first key of the path, and its length."""
_COMPOUND = re.compile(r"\b(?:and|or|implies)\b")


def _expression_hint(error: "ValidationError") -> str | None:
    """Write a list or mapping that stands for an expression as one; None where it is none."""
    path = list(error.absolute_path)
    within = (path[0], len(path)) if path else None
    if (path[-1:] != ["require"] and within not in _EXPRESSIONS) or error.instance is None:
        return None
    written = _as_expression(error.instance)
    if written is None or len(written) > 60:
        return "an expression is one text: names with 'not', 'and', 'or' and 'implies'"
    return f"write '{written}'"


def _as_expression(value: Any, inner: bool = False) -> str | None:
    if isinstance(value, str):
        return f"({value})" if inner and _COMPOUND.search(value) else value
    word, operands = "and", value
    if isinstance(value, dict) and len(value) == 1:
        ((key, operands),) = value.items()
        word = {"all": "and", "any": "or"}.get(str(key).lower(), str(key).lower())
    if word == "not":
        operand = _as_expression(operands, inner=True)
        return operand and f"not {operand}"
    if word not in ("and", "or") or not isinstance(operands, list) or not operands:
        return None
    parts = [_as_expression(each, inner=len(operands) > 1) for each in operands]
    text = f" {word} ".join(part for part in parts if part is not None)
    return None if None in parts else f"({text})" if inner and len(parts) > 1 else text


def _type_hint(error: "ValidationError", wanted: list[str]) -> str:
    value: Any = error.instance
    if value is None:
        return "write something, or leave the key out"
    if "string" in wanted and isinstance(value, bool | int | float):
        return "put it in quotes"
    if wanted == ["integer"] and isinstance(value, str) and value.isdigit() and len(value) < 20:
        return f"write {value}, without quotes"
    if wanted == ["boolean"]:
        return "booleans are true and false only, without quotes"
    if "array" in wanted:
        return f"write [{value}]" if isinstance(value, str) and len(value) <= 40 else "write a list"
    if wanted == ["object"]:
        return "write 'key: value' lines"
    return f"write {' or '.join(_TYPES[name] for name in wanted)}"
