from pathlib import Path

import pytest

from rbrctl.diff.meaning import Relation
from rbrctl.diff.rulesets import RuleSetComparison, compare_rulesets
from rbrctl.ruleset.loader import load

ROOT = """\
rbrctl: 1
name: small
version: "1"
ranks: [good, poor, bad]
response_classes:
  answer: {description: Do it.}
  refuse: {description: Do not.}
definitions:
  either: a or b
"""
WORDS = """\
propositions:
  a: {question: Is it a?, examples: [{assistant: a, answer: true}]}
  b: {question: Is it b?}
  c: {statement: It is c.}
"""
RULES = """\
rules:
  no-either: {text: Neither., response_classes: [answer], require: not either, otherwise: bad}
  has-c: {text: It has c., response_classes: [refuse], require: c, otherwise: poor}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write(tmp_path / "old", {"root.yaml": ROOT, "words.yaml": WORDS, "rules.yaml": RULES})


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def compared(old: Path, files: dict[str, str]) -> RuleSetComparison:
    texts = {path.name: path.read_text() for path in old.iterdir()} | files
    new = write(old.parent / "new", {name: text for name, text in texts.items() if text})
    return compare_rulesets(load(old), load(new), (str(old), str(new)))


def changes(comparison: RuleSetComparison) -> list[tuple[str, str, str, str | None]]:
    return [
        (each.kind, each.change.value, each.name, each.old_name or each.new_file)
        for each in comparison.names
    ]


def test_nothing_changed(base: Path) -> None:
    comparison = compared(base, {})
    assert comparison.is_same
    assert changes(comparison) == []


def test_a_rule_in_another_file_is_moved(base: Path) -> None:
    first, second = RULES.splitlines()[1:]
    comparison = compared(
        base, {"rules.yaml": f"rules:\n{first}\n", "more.yaml": f"rules:\n{second}\n"}
    )
    assert changes(comparison) == [("rule", "moved", "has-c", "more.yaml")]
    assert comparison.relation is Relation.EQUIVALENT
    assert not comparison.rules_changed


def test_names_that_mean_the_same_are_renamed(base: Path) -> None:
    comparison = compared(
        base,
        {
            "rules.yaml": RULES.replace("no-either", "none-of-them")
            .replace("either", "any_of_them")
            .replace("require: c", "require: see"),
            "root.yaml": ROOT.replace("either", "any_of_them"),
            "words.yaml": WORDS.replace("  c:", "  see:"),
        },
    )
    assert changes(comparison) == [
        ("rule", "renamed", "none-of-them", "no-either"),
        ("definition", "renamed", "any_of_them", "either"),
        ("proposition", "renamed", "see", "c"),
    ]
    assert comparison.relation is Relation.EQUIVALENT
    assert not comparison.rules_changed


def test_a_rule_with_the_same_text_and_other_logic_is_renamed_and_changed(base: Path) -> None:
    comparison = compared(
        base, {"rules.yaml": RULES.replace("has-c", "c-it").replace(": c,", ": c or a,")}
    )
    assert changes(comparison) == [("rule", "renamed", "c-it", "has-c")]
    (_, rule) = comparison.rules
    assert (rule.old_id, rule.requirement.relation) == ("has-c", Relation.LAXER)
    assert rule.requirement.laxer == ("a",)


def test_added_and_removed_names(base: Path) -> None:
    new_rule = "  no-c: {response_classes: [answer], require: not c, otherwise: poor}\n"
    comparison = compared(base, {"rules.yaml": "\n".join(RULES.splitlines()[:2]) + "\n" + new_rule})
    assert changes(comparison) == [
        ("rule", "added", "no-c", None),
        ("rule", "removed", "has-c", None),
    ]
    relations = {each.response_class: each.relation for each in comparison.classes}
    assert relations == {"answer": Relation.STRICTER, "refuse": Relation.LAXER}
    assert comparison.relation is Relation.NEITHER


def test_a_class_is_renamed_by_its_rules_or_its_alias(base: Path) -> None:
    comparison = compared(
        base,
        {
            "root.yaml": ROOT.replace("answer:", "help:"),
            "rules.yaml": RULES.replace("[answer]", "[help]"),
        },
    )
    assert comparison.renamed_classes == {"answer": "help"}
    assert comparison.relation is Relation.EQUIVALENT
    assert not comparison.rules_changed


def test_a_class_that_is_gone_is_shown_as_that(base: Path) -> None:
    comparison = compared(
        base,
        {
            "root.yaml": ROOT.replace("  refuse: {description: Do not.}\n", ""),
            "rules.yaml": "\n".join(RULES.splitlines()[:2]) + "\n",
        },
    )
    assert comparison.classes_removed == ("refuse",)
    assert comparison.relation is Relation.NEITHER


def test_a_rank_put_in_between_changes_no_other(base: Path) -> None:
    comparison = compared(base, {"root.yaml": ROOT.replace("poor, bad", "poor, worse, bad")})
    assert comparison.ranks.added == ("worse",)
    assert comparison.relation is Relation.EQUIVALENT
    assert comparison.logic_changed


def test_ranks_in_another_order_have_no_direction(base: Path) -> None:
    comparison = compared(base, {"root.yaml": ROOT.replace("poor, bad", "bad, poor")})
    assert comparison.ranks.reordered
    assert {each.relation for each in comparison.classes} == {Relation.NEITHER}
    assert "no common order" in (comparison.classes[0].note or "")


def test_words_are_told_from_logic(base: Path) -> None:
    comparison = compared(
        base,
        {
            "words.yaml": WORDS.replace("answer: true", "answer: false").replace("Is it b", "Is b"),
            "rules.yaml": RULES.replace("Neither.", "None.").replace("require: c", "require: (c)"),
            "root.yaml": ROOT.replace("Do it.", "Help.").replace('"1"', '"2"'),
        },
    )
    assert [(each.kind, each.name, each.keys, each.asks_anew) for each in comparison.edits] == [
        ("proposition", "a", ("examples",), True),
        ("proposition", "b", ("question",), True),
        ("rule", "no-either", ("text",), False),
        ("response class", "answer", ("description",), False),
        ("rule set", "small", ("version",), False),
    ]
    assert not comparison.logic_changed
    assert not comparison.is_same


def test_a_rule_that_drops_further_or_covers_more_has_changed(base: Path) -> None:
    comparison = compared(
        base,
        {
            "rules.yaml": RULES.replace("otherwise: poor", "otherwise: bad").replace(
                "[refuse]", "[refuse, answer]"
            )
        },
    )
    (_, rule) = comparison.rules
    assert rule.requirement.relation is Relation.EQUIVALENT
    assert (rule.old_otherwise, rule.new_otherwise) == ("poor", "bad")
    assert (rule.classes_added, rule.classes_removed) == (("answer",), ())
    assert rule.logic_changed
    assert comparison.relation is Relation.STRICTER


def test_what_a_base_gives_is_not_moved(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(base.parent)
    over = 'rbrctl: 1\nname: over\nversion: "1"\nranks: [good, poor, bad]\nbase: "../{}"\n'
    (base.parent / ".git").mkdir()
    copy = write(base.parent / "copy", {path.name: path.read_text() for path in base.iterdir()})
    first = write(base.parent / "first", {"root.yaml": over.format(base.name)})
    second = write(base.parent / "second", {"root.yaml": over.format(copy.name)})
    comparison = compare_rulesets(load("first"), load("second"), (first.name, second.name))
    assert changes(comparison) == []
