"""Boolean expressions: their grammar, their tree, and their meaning under three values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rbrctl.errors import ExpressionError

MAX_DEPTH = 64
MAX_TOKENS = 10_000
KEYWORDS = frozenset({"and", "or", "not", "implies"})
RESERVED_NAMES = KEYWORDS | {"true", "false"}
NAME_PATTERN = r"[a-z][a-z0-9_]*"


@dataclass(frozen=True, slots=True)
class Name:
    """A proposition or definition; ``token`` is its index among the expression's tokens."""

    name: str
    token: int = -1


@dataclass(frozen=True, slots=True)
class Not:
    """True where its operand is false."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """True where all of its operands (two or more) are true."""

    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where any of its operands (two or more) is true."""

    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Implies:
    """False only where the premise is true and the conclusion false."""

    premise: "Expression"
    conclusion: "Expression"


Expression: TypeAlias = Name | Not | And | Or | Implies


@dataclass(frozen=True, slots=True)
class Token:
    """A word or parenthesis of an expression and where it starts, in characters."""

    text: str
    offset: int


def tokenize(text: str) -> list[Token]:
    """
    Split an expression into words and parentheses.

    Raises ExpressionError at the first character that belongs to neither.
    """
    tokens: list[Token] = []
    for match in re.finditer(r"\s+|([A-Za-z_][A-Za-z0-9_]*|[()])|([-=]>|&&|\|\||[=!]=|\S)", text):
        if match[2] is not None:
            raise ExpressionError(_unexpected(match[2]), match.start(), len(match[2]))
        if match[1] is not None:
            tokens.append(Token(match[1], match.start()))
        if len(tokens) > MAX_TOKENS:
            raise ExpressionError(f"longer than {MAX_TOKENS:,} words", match.start())
    return tokens


_SUBSTITUTES = {
    **{"&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "~": "not"},
    **{"->": "implies", "=>": "implies", ">": "implies", "-": "_"},
}


def _unexpected(sign: str) -> str:
    hint = f"; write '{_SUBSTITUTES[sign]}'" if sign in _SUBSTITUTES else ""
    return f"unexpected '{sign}'{hint}"


def parse(text: str) -> Expression:
    """
    Parse an expression of names, ``not``, ``and``, ``or``, ``implies`` and parentheses.

    ``not`` binds before ``and`` before ``or`` before ``implies``, which associates to the right.
    Raises ExpressionError with the offending part.
    """
    tokens = tokenize(text)
    if not tokens:
        raise ExpressionError("the expression is empty", 0, max(len(text), 1))
    return _Parser(tokens, len(text)).parse()


class _Parser:
    """Recursive descent, one method a binding strength."""

    def __init__(self, tokens: list[Token], end: int) -> None:
        self._tokens = tokens
        self._end = end
        self._index = 0
        self._depth = 0

    def parse(self) -> Expression:
        expression = self._implication()
        if (word := self._peek()) is None:
            return expression
        if word.lower() in KEYWORDS:
            raise self._error(f"write '{word.lower()}' in lower case:")
        raise self._error("expected 'and', 'or' or 'implies' before")

    def _peek(self) -> str | None:
        return self._tokens[self._index].text if self._index < len(self._tokens) else None

    def _error(self, what: str) -> ExpressionError:
        if self._index >= len(self._tokens):
            return ExpressionError(f"{what} the end", max(self._end - 1, 0))
        token = self._tokens[self._index]
        return ExpressionError(f"{what} '{token.text}'", token.offset, len(token.text))

    def _implication(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} at")
        premise = self._chain("or")
        if self._peek() == "implies":
            self._index += 1
            premise = Implies(premise, self._implication())
        self._depth -= 1
        return premise

    def _chain(self, keyword: str) -> Expression:
        operands = [self._operand(keyword)]
        while self._peek() == keyword:
            self._index += 1
            operands.append(self._operand(keyword))
        if len(operands) == 1:
            return operands[0]
        return Or(tuple(operands)) if keyword == "or" else And(tuple(operands))

    def _operand(self, keyword: str) -> Expression:
        return self._chain("and") if keyword == "or" else self._negation()

    def _negation(self) -> Expression:
        negations = 0
        while self._peek() == "not":
            self._index += 1
            negations += 1
        if negations > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} at")
        expression = self._primary()
        for _ in range(negations):
            expression = Not(expression)
        return expression

    def _primary(self) -> Expression:
        word = self._peek()
        if word == "(":
            opening = self._tokens[self._index]
            self._index += 1
            expression = self._implication()
            if self._peek() != ")":
                raise ExpressionError("'(' is never closed", opening.offset)
            self._index += 1
            return expression
        if word is None or word == ")" or word in KEYWORDS:
            raise self._error("expected a name, 'not' or '(' before")
        if word in RESERVED_NAMES:
            raise self._error("constants are not allowed:")
        if word.lower() in KEYWORDS:
            raise self._error(f"write '{word.lower()}' in lower case:")
        if not re.fullmatch(NAME_PATTERN, word):
            raise self._error("a name is lower-case letters, digits and '_', not")
        self._index += 1
        return Name(word, self._index - 1)


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the direct operands of an expression, left to right."""
    match expression:
        case Name():
            return ()
        case Not(operand):
            return (operand,)
        case And(operands) | Or(operands):
            return operands
        case Implies(premise, conclusion):
            return (premise, conclusion)


def names(expression: Expression) -> Iterator[Name]:
    """Walk over every occurrence of a name, left to right."""
    if isinstance(expression, Name):
        yield expression
    for child in children(expression):
        yield from names(child)


def evaluate(expression: Expression, assignment: Mapping[str, bool | None]) -> bool | None:
    """
    Evaluate in Kleene's three-valued logic, where None and absent names are unknown.

    A true or false outcome holds for every filling of the unknowns; None may still be decided
    by a diagram (``a or not a``).
    """
    match expression:
        case Name(name):
            return assignment.get(name)
        case Not(operand):
            value = evaluate(operand, assignment)
            return None if value is None else not value
        case And(operands):
            return _conjunction([evaluate(operand, assignment) for operand in operands])
        case Or(operands):
            return _disjunction([evaluate(operand, assignment) for operand in operands])
        case Implies(premise, conclusion):
            value = evaluate(premise, assignment)
            negated = None if value is None else not value
            return _disjunction([negated, evaluate(conclusion, assignment)])


def _conjunction(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _disjunction(values: list[bool | None]) -> bool | None:
    if True in values:
        return True
    return None if None in values else False


_STRENGTH = {Implies: 0, Or: 1, And: 2, Not: 3, Name: 4}


def unparse(expression: Expression) -> str:
    """Write an expression with the fewest parentheses; parsing it again gives the same tree."""
    match expression:
        case Name(name):
            return name
        case Not(operand):
            return f"not {_wrap(operand, 3)}"
        case And(operands):
            return " and ".join(_wrap(operand, 3) for operand in operands)
        case Or(operands):
            return " or ".join(_wrap(operand, 2) for operand in operands)
        case Implies(premise, conclusion):
            return f"{_wrap(premise, 1)} implies {_wrap(conclusion, 0)}"


def _wrap(expression: Expression, strength: int) -> str:
    text = unparse(expression)
    return text if _STRENGTH[type(expression)] >= strength else f"({text})"
