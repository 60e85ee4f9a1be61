import pytest
from hypothesis import given
from strategies import expressions, fillings, flatten, partial_assignments, truth

from rbrctl.errors import ExpressionError
from rbrctl.ruleset.expressions import evaluate, names, parse, unparse


@given(expressions())
def test_what_is_written_parses_to_the_same_tree(expression):
    assert flatten(parse(unparse(expression))) == expression


@given(expressions(), partial_assignments())
def test_a_decided_value_holds_for_every_filling(expression, partial):
    value = evaluate(expression, partial)
    outcomes = {truth(expression, filling) for filling in fillings(partial)}
    if value is not None:
        assert outcomes == {value}
    if None not in partial.values():
        assert value is not None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("not a and b", "(not a) and b"),
        ("a or b and c", "a or (b and c)"),
        ("a implies b implies c", "a implies (b implies c)"),
        ("a or b implies c and d", "(a or b) implies (c and d)"),
        ("not not a", "not (not a)"),
    ],
)
def test_binding(text, same):
    assert flatten(parse(text)) == flatten(parse(same))


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "empty"),
        ("a b", 2, "expected 'and', 'or' or 'implies' before 'b'"),
        ("a and", 4, "before the end"),
        ("a & b", 2, "write 'and'"),
        ("a AND b", 2, "write 'and' in lower case"),
        ("NOT a", 0, "lower case"),
        ("(a", 0, "never closed"),
        ("a)", 1, "before ')'"),
        ("true", 0, "constants"),
        ("Apology", 0, "a name is lower-case"),
        ("a and é", 6, "unexpected"),
    ],
)
def test_mistakes_have_their_offset(text, offset, message):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "text", ["(" * 100_000 + "a", "not " * 9_000 + "a", "a and " * 60_000 + "a"]
)
def test_monstrous_expressions_are_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)


def test_names_come_left_to_right():
    assert [name.name for name in names(parse("b and (a or not b) implies c"))] == [
        "b",
        "a",
        "b",
        "c",
    ]
