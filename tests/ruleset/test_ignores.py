import pytest

from rbrctl.ruleset.ignores import read_ignores
from rbrctl.ruleset.validation import validate

KNOWN = {"unused-proposition", "no-question", "always-kept"}
SET = """\
rbrctl: 1
name: example
version: "1"
ranks: [ideal, poor]
response_classes: {refuse: {}}
rules:
  apologises: {response_classes: [refuse], require: apology, otherwise: poor}
propositions:
  apology:
    question: Does it?
    examples: [{assistant: Sorry., answer: true}, {assistant: No., answer: false}]
"""


def ignores(text: str) -> list[tuple[str, int, str]]:
    found, mistakes = read_ignores("x.yaml", text, KNOWN)
    assert not mistakes
    return [(each.id, each.line, each.reason) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1  # rbrctl: ignore[no-question] why", [("no-question", 1, "why")]),
        ("a: 1  #rbrctl:ignore[no-question]why", [("no-question", 1, "why")]),
        (
            "a: 1 # rbrctl: ignore[no-question, always-kept] why so",
            [("no-question", 1, "why so"), ("always-kept", 1, "why so")],
        ),
        ("# rbrctl: ignore[no-question] why\na: 1", [("no-question", 2, "why")]),
        ("  # rbrctl: ignore[no-question] why\n  # and more\na: 1", [("no-question", 3, "why")]),
        ("a: |  # rbrctl: ignore[no-question] why\n  text\n", [("no-question", 1, "why")]),
        ("a: 'x'  # rbrctl: ignore[no-question] why", [("no-question", 1, "why")]),
        ("a: |\n  text\n# rbrctl: ignore[no-question] why\nb: 1", [("no-question", 4, "why")]),
        ("a: é # rbrctl: ignore[no-question] ünïcode", [("no-question", 1, "ünïcode")]),
        ("a: 1 # rbrctl: ignore[no-question] why\r\nb: 1\r\n", [("no-question", 1, "why")]),
    ],
)
def test_comments_are_read(text, expected):
    assert ignores(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a: 'x # rbrctl: ignore[no-question] why'",
        'a: "x\n  # rbrctl: ignore[no-question] why"',
        "a: |\n  text\n  # rbrctl: ignore[no-question] why\n",
        "a: >-\n  # rbrctl: ignore[no-question] why\n\nb: 1",
        "a: x# rbrctl: ignore[no-question] why",
        "a: 1 # rbrctlish: ignore[no-question] why",
    ],
)
def test_text_is_no_comment(text):
    assert ignores(text) == []


@pytest.mark.parametrize(
    ("comment", "id", "column", "words"),
    [
        ("# rbrctl: ignore[no-question]", "ignore-without-reason", 7, "without a reason"),
        ("# rbrctl: ignore[no-question] -", "ignore-without-reason", 7, "without a reason"),
        ("# rbrctl: ignore[no-qestion] why", "unknown-ignore", 24, "'no-qestion'"),
        ("# rbrctl: ignore no-question", "unknown-ignore", 7, "does not understand"),
        ("# rbrctl: ignore[] why", "unknown-ignore", 7, "does not understand"),
        (
            "# rbrctl: disable[no-question] why",
            "unknown-ignore",
            7,
            "does not understand this comment",
        ),
    ],
)
def test_mistakes_in_comments_are_found(comment, id, column, words):
    _, mistakes = read_ignores("x.yaml", f"a: 1  {comment}", KNOWN)
    assert [(each.id, each.place.column) for each in mistakes] == [(id, column)]
    assert words in mistakes[0].message


def validated(tmp_path, extra: str):
    (tmp_path / "ruleset.yaml").write_text(SET + extra, "utf-8")
    validation = validate(tmp_path)
    return (
        [each.id for each in validation.findings.items],
        [(each.finding.id, each.reason) for each in validation.findings.accepted],
    )


def test_an_ignored_finding_is_accepted_with_its_reason(tmp_path):
    extra = (
        "  judgement: {deprecated: old}\n  other: {}  # rbrctl: ignore[unused-proposition] why\n"
    )
    assert validated(tmp_path, extra) == (
        ["no-examples", "no-question"],
        [("unused-proposition", "why")],
    )


def test_an_ignore_without_a_finding_is_one(tmp_path):
    extra = "  judgement: {deprecated: old}  # rbrctl: ignore[unused-proposition] why\n"
    assert validated(tmp_path, extra) == (["unneeded-ignore"], [])


def test_an_ignore_on_another_line_does_not_count(tmp_path):
    extra = "  other:\n    deprecated: false  # rbrctl: ignore[unused-proposition] why\n"
    found, accepted = validated(tmp_path, extra)
    assert "unused-proposition" in found
    assert "unneeded-ignore" in found
    assert accepted == []


def test_what_the_base_ignores_is_no_business_of_the_set(tmp_path):
    (tmp_path / ".git").mkdir()
    base = tmp_path / "base"
    base.mkdir()
    (base / "ruleset.yaml").write_text(
        SET
        + "  other: {}  # rbrctl: ignore[unused-proposition] why\n"
        + "  judgement: {}  # rbrctl: ignore[unused-proposition]\n"
    )
    own = tmp_path / "own"
    own.mkdir()
    (own / "ruleset.yaml").write_text(
        "rbrctl: 1\nname: own\nversion: '2'\nbase: ../base\nranks: [ideal, poor]\nrules:\n"
        "  judges-not: {response_classes: [refuse], require: not judgement, otherwise: poor}\n"
    )
    assert [each.id for each in validate(own).findings.items] == []
