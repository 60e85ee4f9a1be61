"""Expressions as they stand in a file: parsed, with the place of each of their words."""

import re
from bisect import bisect_right
from functools import lru_cache

from rbrctl.errors import ExpressionError
from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or, parse, tokenize
from rbrctl.ruleset.findings import Finding, Place, Severity
from rbrctl.ruleset.model import SourcedExpression
from rbrctl.ruleset.yaml_tree import ScalarNode

_GRAMMAR = "names, 'not', 'and', 'or', 'implies' and parentheses"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[()]")


class FileText:
    """A file's text, to translate between places and offsets."""

    def __init__(self, file: str, text: str) -> None:
        """Remember where each line starts."""
        self.file = file
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column, both counted from 1."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1

    def slice(self, place: Place) -> str:
        """Return the text that a place spans."""
        start = self.offset(place.line, place.column)
        return self._text[start : self.offset(place.end_line, place.end_column)]

    def place(self, offset: int, length: int) -> Place:
        """Return the place of a span that lies within one line."""
        line = bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        return Place(self.file, line, column, line, column + length)

    def word_places(self, node: ScalarNode) -> list[tuple[str, Place]]:
        """Return each word and parenthesis that a scalar spans in the file, with its place."""
        start = self.offset(node.place.line, node.place.column)
        return [
            (match[0], self.place(start + match.start(), len(match[0])))
            for match in _WORD.finditer(self.slice(node.place))
        ]


def read_expression(node: ScalarNode, file: FileText) -> SourcedExpression | Finding:
    """Parse the expression in a scalar; a finding with the exact place where it cannot be."""
    words = file.word_places(node)
    try:
        expression = parse(node.text)
    except ExpressionError as error:
        place = _place(error, node, file, words)
        return Finding("expression", Severity.ERROR, str(error), place, _GRAMMAR)
    texts = [token.text for token in tokenize(node.text)]
    places = tuple(place for _, place in words) if [word for word, _ in words] == texts else ()
    return SourcedExpression(expression, node.text.strip(), node.place, places)


def _place(
    error: ExpressionError, node: ScalarNode, file: FileText, words: list[tuple[str, Place]]
) -> Place:
    raw = file.slice(node.place)
    at = raw.find(node.text)
    if at >= 0:
        start = file.offset(node.place.line, node.place.column) + at
        return file.place(start + error.offset, error.length)
    # The scalar is folded: find the same word by counting those before it.
    before = len(_WORD.findall(node.text[: error.offset]))
    return words[before][1] if before < len(words) else node.place


def place_of_part(body: SourcedExpression, part: Expression) -> Place:
    """Return the place of a part of an expression, its inner parentheses included."""
    if not body.token_places:
        return body.place
    words = _words(body.text)
    first, last = _span(part, words)
    start, end = body.token_places[first], body.token_places[last]
    return Place(start.file, start.line, start.column, end.end_line, end.end_column)


def text_of_part(body: SourcedExpression, part: Expression) -> str:
    """Return the words of a part as they were written, parentheses included."""
    words = _words(body.text)
    first, last = _span(part, words)
    return " ".join(words[first : last + 1]).replace("( ", "(").replace(" )", ")")


@lru_cache(maxsize=4)
def _words(text: str) -> tuple[str, ...]:
    # An expression of thousands of terms may have as many findings, one after the other.
    return tuple(token.text for token in tokenize(text))


def _span(part: Expression, words: tuple[str, ...]) -> tuple[int, int]:
    match part:
        case Name(_, token):
            return token, token
        case Not(operand):
            first, last = _with_parentheses(operand, words)
            return first - 1, last
        case And(operands) | Or(operands):
            left, right = operands[0], operands[-1]
        case Implies(premise, conclusion):
            left, right = premise, conclusion
    return _with_parentheses(left, words)[0], _with_parentheses(right, words)[1]


def _with_parentheses(operand: Expression, words: tuple[str, ...]) -> tuple[int, int]:
    first, last = _span(operand, words)
    # Parentheses right before and right after a whole operand belong to each other.
    while first > 0 and words[first - 1] == "(" and words[last + 1 : last + 2] == (")",):
        first, last = first - 1, last + 1
    return first, last
