from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rbrctl.reports.findings import FindingsReport
from rbrctl.reports.formats.markdown import comment
from rbrctl.reports.markdown import folded
from rbrctl.ruleset.findings import Finding, Findings, Place, Severity

READER = MarkdownIt("commonmark").enable("table")
PLACE = Place("rules/a.yaml", 3, 18, 3, 26)
NOTE = Finding("unused", Severity.NOTE, "nobody uses 'it_all'")
ERROR = Finding("undefined-name", Severity.ERROR, "no <b>", PLACE, "judgement")

COMMENT = """\
### rbrctl failed: 1 error, 1 note in 9 files

| | check | where | what |
| --- | --- | --- | --- |
| **error** | `undefined-name` | `rules/a.yaml:3:18` | no \\<b\\><br>help: judgement |
| note | `unused` |  | nobody uses 'it\\_all' |
"""


def test_a_comment_has_the_verdict_first_and_the_gravest_on_top() -> None:
    assert comment(FindingsReport(Findings((NOTE, ERROR)), "9 files")) + "\n" == COMMENT


def test_nothing_found() -> None:
    assert comment(FindingsReport(Findings(), "x")) == "### rbrctl passed: no findings in x"


def test_many_findings_are_folded() -> None:
    text = comment(FindingsReport(Findings((ERROR,) * 11)))
    assert "<summary>11 findings</summary>" in text
    assert text.count("`undefined-name`") == 11


def test_what_does_not_fit_is_counted() -> None:
    text = comment(FindingsReport(Findings((ERROR,) * 1000)), 2000)
    assert len(text) <= 2000
    shown = text.count("`undefined-name`")
    assert shown > 5
    assert text.endswith(f"{1000 - shown} more did not fit here.")


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=("Cs",)))


@given(ANY_TEXT, ANY_TEXT)
def test_no_text_from_outside_makes_a_row_or_a_tag(file: str, text: str) -> None:
    finding = Finding(text or "x", Severity.ERROR, text, Place(file, 1, 1, 1, 2), text)
    tokens = READER.parse(comment(FindingsReport(Findings((finding,)), text)))
    assert [token.type for token in tokens].count("tr_open") == 2
    children = [child for token in tokens for child in token.children or []]
    tags = [child.content for child in children if child.type == "html_inline"]
    assert set(tags) <= {"<br>"}
    assert not {child.type for child in children} & {"link_open", "image"}


@given(ANY_TEXT)
def test_a_fold_cannot_be_left(title: str) -> None:
    text = folded(title, "body")
    assert text.count("<") == 4
    assert text.count("</summary>") == 1
