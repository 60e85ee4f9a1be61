"""Where a part of an expression stands in its file."""

from functools import lru_cache

from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or, tokenize
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import SourcedExpression


def place_of_part(body: SourcedExpression, part: Expression) -> Place:
    """Give the place of a part of an expression, its inner parentheses included."""
    if not body.token_places:
        return body.place
    words = _words(body.text)
    first, last = _span(part, words)
    start, end = body.token_places[first], body.token_places[last]
    return Place(start.file, start.line, start.column, end.end_line, end.end_column)


def text_of_part(body: SourcedExpression, part: Expression) -> str:
    """Give the words of a part as they were written, parentheses included."""
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
