from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.reports.documents import HtmlDocument, MarkdownDocument
from rbrctl.reports.policy_document import policy_document
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet

RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="module")
def safety() -> RuleSet:
    return load(RULES)


class Words(HTMLParser):
    """Collects the text of a page and checks that its tags close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_everything_in_the_rules_is_in_the_document(safety: RuleSet) -> None:
    page = Words()
    page.feed(HtmlDocument().render(policy_document(safety)))
    assert page.open == []
    text = " ".join(" ".join(page.words).split())
    for rule in safety.rules.values():
        assert rule.id in text
        assert " ".join((rule.text or "").split()) in text
    for proposition in safety.propositions.values():
        assert " ".join((proposition.question or "").split()) in text
        for example in proposition.examples:
            assert " ".join(example.assistant.split()) in text
    for test in safety.tests:
        assert " ".join(test.name.split()) in text
    for area in safety.policy:
        for category in area.categories:
            assert category.name in text


def test_rules_stand_under_the_rank_that_they_leave_and_the_worst_comes_first(
    safety: RuleSet,
) -> None:
    lines = MarkdownDocument().render(policy_document(safety)).splitlines()
    start = lines.index("## Response class `soft_refuse_request`")
    section = lines[start : lines.index("### Cases", start)]
    ranks = [line for line in section if line.startswith("### ")]
    assert ranks == [
        f"### Otherwise `{rank}`"
        for rank in ("disallowed", "illogical", "unacceptable", "less_good")
    ]
    own = [line for line in section if "`soft-refuse-request-states-inability`" in line]
    assert len(own) == 1
    assert "Inherited" not in own[0]
    assert any("Inherited" in line for line in section)


def test_text_from_a_rule_set_is_inert(safety: RuleSet) -> None:
    hostile = "<script>alert(1)</script> ![x](http://y) @someone | `a"
    rules = {id: replace(rule, text=hostile, source=hostile) for id, rule in safety.rules.items()}
    document = policy_document(replace(safety, rules=rules, description=hostile))
    page = Words()
    html = HtmlDocument().render(document)
    page.feed(html)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "&lt;script&gt;" in html
    markdown = MarkdownDocument().render(document)
    assert "<script>" not in markdown
    assert "![x]" not in markdown
    assert "@someone" not in markdown


def test_the_command_draws_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    assert run(["explain", "builtin:safety", "-f", "markdown"], output=Output({})) == 0
    assert capsys.readouterr().out.startswith("# safety ")
    assert run(["explain", "-f", "html", "--rules", "builtin:safety"], output=Output({})) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")
    assert run(["explain", "missing", "-f", "html"], output=Output({})) == 2
    arguments = ["explain", "builtin:safety", "-f", "html", "--rules", "builtin:safety"]
    assert run(arguments, output=Output({})) == 2
