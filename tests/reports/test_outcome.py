import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rbrctl.reports.formats import format_named
from rbrctl.reports.formats.markdown import comment
from rbrctl.reports.interface import Page
from rbrctl.reports.outcome import CheckReport
from rbrctl.reports.tables import Column, Table, Wrap
from rbrctl.reports.terminal import PLAIN, printable
from rbrctl.ruleset.findings import Finding, Findings, Place, Severity

STARTED = datetime(2026, 1, 2, tzinfo=UTC)


def draw(name: str, report: CheckReport) -> str:
    return format_named(name, report.kind, {}).draw(report, Page(PLAIN, 80, now=STARTED))


RULES = Table(
    "rules",
    "Rules",
    (Column("rule", "rule", wrap=Wrap.NAMES), Column("accuracy", "accuracy", numeric=True)),
    [("no-lecture", 0.84), ("brief", 0.97)],
)
GATE = Finding(
    "gate",
    Severity.ERROR,
    "no-lecture: accuracy 0.840 is under 0.900",
    Place("rules/a.yaml", 2, 3, 2, 13),
)
FAILED = CheckReport(
    *("grade", 3, False, "1 of 2 rules misses its gate", [RULES]),
    problems=Findings((GATE,), {"rules/a.yaml": "rules:\n  no-lecture:\n"}),
    details={"transcripts": 60},
)
PASSED = CheckReport("grade", 3, True, "60 transcripts", [RULES])

TEXT = """\
Rules
rule        accuracy
──────────  ────────
no-lecture     0.840
brief          0.970

rules/a.yaml:2:3: error[gate]: no-lecture: accuracy 0.840 is under 0.900
   2 |   no-lecture:
     |   ^^^^^^^^^^

1 of 2 rules misses its gate
"""

MARKDOWN = """\
### rbrctl grade failed: 1 of 2 rules misses its gate

| | check | where | what |
| --- | --- | --- | --- |
| **error** | `gate` | `rules/a.yaml:2:3` | no-lecture: accuracy 0.840 is under 0.900 |

<details>
<summary>Rules</summary>

| rule | accuracy |
| --- | ---: |
| `no-lecture` | 0.840 |
| `brief` | 0.970 |

</details>
"""

GITHUB = """\
::error file=rules/a.yaml,line=2,endLine=2,col=3,endColumn=13,title=gate::\
no-lecture: accuracy 0.840 is under 0.900
rbrctl grade failed: 1 of 2 rules misses its gate
"""


def test_text_ends_with_the_verdict() -> None:
    assert draw("text", FAILED) + "\n" == TEXT
    assert draw("text", PASSED).endswith("\n\n60 transcripts")


def test_markdown_starts_with_the_verdict_and_folds_the_tables() -> None:
    assert draw("markdown", FAILED) + "\n" == MARKDOWN


def test_github() -> None:
    assert draw("github", FAILED) + "\n" == GITHUB


def test_json() -> None:
    report = json.loads(draw("json", FAILED))
    assert list(report) == [
        *("report", "version", "passed", "verdict", "transcripts", "rules", "findings")
    ]
    assert (report["report"], report["version"], report["passed"]) == ("grade", 3, False)
    assert report["rules"][0] == {"rule": "no-lecture", "accuracy": 0.84}
    assert report["findings"][0]["id"] == "gate"


def test_a_comment_stays_within_its_size() -> None:
    rows = [(f"rule-{number}", 0.5) for number in range(5000)]
    tables = [Table("a", "A", RULES.columns, rows), Table("b", "B", RULES.columns, rows)]
    findings = Findings((GATE,) * 3000)
    text = comment(CheckReport("grade", 1, False, "many", tables, findings), 20_000)
    assert len(text) <= 20_000
    assert text.count("of 5000 rows.") == 2
    assert "more did not fit here." in text
    assert text.count("<details>") == text.count("</details>") == 3


def test_junit_has_what_failed_or_else_the_verdict() -> None:
    document = draw("junit", FAILED)
    assert document.count("<testcase ") == document.count("<failure ") == 1
    assert draw("junit", PASSED).count("<testcase ") == 1
    assert "<failure " not in draw("junit", PASSED)


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT, ANY_TEXT)
def test_no_text_from_outside_is_obeyed(verdict: str, title: str) -> None:
    table = Table("t", title, RULES.columns, [(verdict, 1.0)])
    outcome = CheckReport("grade", 1, True, verdict, [table])
    for text in (draw("text", outcome), draw("json", outcome)):
        assert all(printable(line) == line for line in text.split("\n"))
    assert draw("github", outcome).count("\n") == 0
    assert "##[" not in draw("github", outcome)
    tokens = MarkdownIt("commonmark").enable("table").parse(draw("markdown", outcome))
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert len(blocks) == 2
    assert sum(block.count("<") for block in blocks) == 4
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "text_special", "code_inline"}
