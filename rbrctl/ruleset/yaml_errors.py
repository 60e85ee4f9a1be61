"""What is wrong with a text that is not the YAML that we read, in words that help."""

import re
from collections.abc import Sequence

import yaml

from rbrctl.ruleset.findings import Finding, Place, Related, Severity

MAX_DEPTH = 64
ODD_KEY = "a key must be a single word or text"
QUOTE_STARS = "a text that begins with '*' needs quotes"
_SHOWN = 60
_KEY = re.compile(r"\s*(?:- +)*([\w-]+):")
_KEY_LIKE = re.compile(r"([\w-]+)(?:(:)(?=\S)|(?=[ ]))(.*)")
_OTHERWISE = "put texts with special characters in quotes, and align the keys of a mapping"
_HINTS = {
    "mapping values are not allowed": "put a text that holds ': ' in quotes",
    "scanning an alias": QUOTE_STARS,
    "undefined alias": QUOTE_STARS,
    "scanning an anchor": "a text that begins with '&' needs quotes",
    "scanning a quoted scalar": "close the quote",
    "parsing a flow sequence": "close the list with ']', and put commas between its entries",
    "parsing a flow mapping": "close the mapping with '}', and put commas between its entries",
    "parsing a flow node": "close what is open, with ']' or '}'",
    "parsing a block mapping": "align the keys of one mapping",
    "parsing a block collection": "align the entries of one list, each with '- '",
    "cannot start any token": "put the text in quotes",
}


class YamlProblem(Exception):  # noqa: N818 - it carries a finding to report, it is no error class of ours
    """The text is not the YAML that we read; carries the finding that says why."""

    def __init__(
        self, message: str, place: Place, hint: str, related: tuple[Related, ...] = ()
    ) -> None:
        """Keep what to report."""
        super().__init__(message)
        self.finding = Finding("yaml", Severity.ERROR, message, place, hint, related)


def place_of_offset(file: str, text: str, offset: int) -> Place:
    """Return the place of one character by its offset."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return Place(file, line, column, line, column + 1)


def nested_too_deeply(place: Place) -> YamlProblem:
    """Return the problem of a text with more levels than we read."""
    return YamlProblem("nested too deeply", place, f"nest at most {MAX_DEPTH} levels deep")


def _missing_colon(
    error: yaml.MarkedYAMLError, file: str, lines: Sequence[str]
) -> YamlProblem | None:
    """Find a key whose colon is missing, or has no space behind it: the parser reads on past it."""
    begin = error.context_mark
    if "could not find expected ':'" not in str(error.problem) or begin is None:
        return None
    key = _KEY_LIKE.match(lines[begin.line][begin.column :]) if begin.line < len(lines) else None
    if key is None:
        return None
    line, column = begin.line + 1, begin.column + key.end(1) + 1
    place = Place(file, line, column, line, column + 1)
    rest = key[3].strip()
    right = f"write '{key[1]}: {rest if len(rest) <= _SHOWN else '...'}'"
    what = "no space after this ':'" if key[2] else f"no ':' after '{key[1]}'"
    return YamlProblem(f"not YAML: {what}", place, right)


def _askew(error: yaml.MarkedYAMLError, file: str, lines: Sequence[str]) -> YamlProblem | None:
    """Find a key that stands deeper than the one above it, which has a value on its line."""
    mark = error.problem_mark
    if "mapping values are not allowed" not in str(error.problem) or mark is None:
        return None
    number = mark.line - 1
    while number >= 0 and (not lines[number].strip() or lines[number].lstrip().startswith("#")):
        number -= 1
    here, above = _KEY.match(lines[mark.line]), _KEY.match(lines[max(number, 0)])
    if here is None or here.end() - 1 != mark.column or above is None or number < 0:
        return None
    column, column_above = here.start(1) + 1, above.start(1) + 1
    if column <= column_above:
        return None
    message = f"not YAML: the key '{here[1]}' is indented more than '{above[1]}' above it"
    place = Place(file, mark.line + 1, column, mark.line + 1, here.end())
    upper = Place(file, number + 1, column_above, number + 1, above.end())
    related = (Related(upper, "the line above, which has its value already"),)
    hint = "align the keys of one mapping, or put a text that holds ': ' in quotes"
    return YamlProblem(message, place, hint, related)


def explain_yaml_error(error: yaml.MarkedYAMLError, file: str, text: str) -> YamlProblem:
    """Explain an error of the parser: what is wrong, and what would be right."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    while line > 1 and (line > len(lines) or not lines[line - 1].strip()):
        # What is missing at the end is missing behind the last words.
        line -= 1
        column = len(lines[line - 1]) + 1 if line <= len(lines) else 1
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: max(column, 1)] and "\t" in here[: len(here) - len(here.lstrip()) + 1]:
        tab = here.index("\t") + 1
        place = Place(file, line, tab, line, tab + 1)
        return YamlProblem("a tab cannot indent YAML", place, "indent with spaces")
    problem = str(error.problem or error.context or "not YAML")
    if (known := _missing_colon(error, file, lines) or _askew(error, file, lines)) is not None:
        return known
    words = f"{problem} {error.context}"
    hint = next((hint for known, hint in _HINTS.items() if known in words), _OTHERWISE)
    context = f" {error.context}" if error.context and error.context != problem else ""
    begin = error.context_mark
    place = Place(file, line, column, line, column + 1)
    if "exceeded maximum nesting depth" in problem:
        # libyaml 0.2.6 (in PyYAML 6.0.4) has a limit of its own, of a thousand levels, which its
        # look-ahead for a key can meet before the first event beyond ours.
        return nested_too_deeply(place)
    related: tuple[Related, ...] = ()
    if begin is not None and begin.line + 1 != line:
        start = Place(file, begin.line + 1, begin.column + 1, begin.line + 1, begin.column + 2)
        related = (Related(start, "begins here"),)
    return YamlProblem(f"not YAML: {problem}{context}", place, hint, related)
