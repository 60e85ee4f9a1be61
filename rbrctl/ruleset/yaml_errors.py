"""What is wrong with a text that is not the YAML that we read, in words that help."""

import yaml

from rbrctl.ruleset.findings import Finding, Place, Related, Severity

MAX_DEPTH = 64
ODD_KEY = "a key must be a single word or text"
QUOTE_STARS = "a text that begins with '*' needs quotes"
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
    """Give the place of one character by its offset."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return Place(file, line, column, line, column + 1)


def nested_too_deeply(place: Place) -> YamlProblem:
    """Give the problem of a text with more levels than we read."""
    return YamlProblem("nested too deeply", place, f"nest at most {MAX_DEPTH} levels deep")


def explain_yaml_error(error: yaml.MarkedYAMLError, file: str, text: str) -> YamlProblem:
    """Put an error of the parser into words of ours, with what would be right."""
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
