from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.authoring.formatting import format_text
from rbrctl.authoring.parsed_text import parse_text
from rbrctl.errors import RuleSetError
from rbrctl.ruleset.yaml_tree import plain

RULES = Path(__file__).parents[2] / "rules"

GOLDENS = Path(__file__).parent / "goldens"


def test_a_messy_file_becomes_tidy() -> None:
    tidy = (GOLDENS / "tidy.yaml").read_text()
    formatted = format_text((GOLDENS / "messy.yaml").read_text(), "x.yaml")
    assert formatted.after == tidy
    assert formatted.changed
    assert not format_text(tidy, "x.yaml").changed


@pytest.mark.parametrize(
    "file", sorted(RULES.rglob("*.yaml")), ids=lambda file: str(file.relative_to(RULES))
)
def test_the_reference_rule_set_is_in_canonical_form(file: Path) -> None:
    text = file.read_text()
    assert format_text(text, str(file)).after == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        ("a: 1", "a: 1\n"),
        ("\n\n\na: 1\n\n\n\n", "a: 1\n"),
        ("# only a comment\n\n", "# only a comment\n"),
        ("", ""),
        ("a:    1 # x\n", "a: 1 # x\n"),
        ("a: 'x   y'\n", "a: 'x   y'\n"),
        ("a: [ ]\n", "a: [ ]\n"),
        ("a: {b: [1,2],c: 3}\n", "a: {b: [1, 2], c: 3}\n"),
        ("? a\n: 1\n", "? a\n: 1\n"),
        ("a: |\n  x\n\n\n\nb: 1\n", "a: |\n  x\n\nb: 1\n"),
        ("a: |+\n  x\n\n\n\nb: 1\n", "a: |+\n  x\n\n\n\nb: 1\n"),
        ("\ufeffa: 1\n", "a: 1\n"),
    ],
)
def test_spaces_and_lines(before: str, after: str) -> None:
    assert format_text(before, "x.yaml").after == after


def test_an_alias_is_never_put_before_its_anchor() -> None:
    text = "rules:\n  r:\n    require: &same a\n    text: *same\n"
    assert format_text(text, "x.yaml").after == text


def test_what_is_not_yaml_is_refused() -> None:
    with pytest.raises(RuleSetError, match=r"x\.yaml:\d+:\d+: not YAML"):
        format_text("a: [\n", "x.yaml")
    with pytest.raises(RuleSetError, match="appears twice"):
        format_text("a: 1\na: 2\n", "x.yaml")


COMMENTS = st.sampled_from(["", "  # note", " # 'quoted' [x]"])
VALUES = st.sampled_from(
    [
        "true",
        "'a # b'",
        '"x: [y]"',
        "[a,b , c]",
        "{a: 1,b:  [x,y]}",
        ">-\n      folded\n      text\n\n",
        "|\n      kept  \n\n\n",
        ">+ # head\n      kept\n\n",
        "plain text " + "and more " * 14 + "end",
        "plain\n      over lines # c",
    ]
)
KEYS = st.permutations(
    ["otherwise", "text", "require", "tags", "source", "x-own", "response_classes"]
)


@examples(200)
@given(
    st.lists(st.tuples(KEYS, st.lists(st.tuples(VALUES, COMMENTS), min_size=7, max_size=7))),
    st.sampled_from(["", "# head\n\n", "\n# above\n"]),
)
def test_values_and_comments_stay_and_a_second_time_changes_nothing(
    rules: list[tuple[list[str], list[tuple[str, str]]]], head: str
) -> None:
    lines = [f"{head}rules:" if rules else f"{head}name: x"]
    for number, (keys, values) in enumerate(rules):
        lines.append(f"  # rule {number}\n  r{number}:")
        for key, (value, comment) in zip(keys, values, strict=True):
            shown = value if "\n" in value else value + comment
            lines.append(f"    # before {key}\n    {key}:  {shown}")
    text = "\n".join(lines) + "\n"
    before = parse_text(text, "x.yaml")
    formatted = format_text(text, "x.yaml")
    after = parse_text(formatted.after, "x.yaml")
    assert before.root is not None
    assert after.root is not None
    assert plain(before.root) == plain(after.root)
    assert sorted(before.comments()) == sorted(after.comments())
    assert not format_text(formatted.after, "x.yaml").changed
