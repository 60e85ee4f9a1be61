import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.reports.findings import FindingsReport, SourceLines, summary_line
from rbrctl.reports.formats import format_named
from rbrctl.reports.interface import Page
from rbrctl.reports.terminal import PLAIN, Palette, printable
from rbrctl.ruleset.findings import Finding, Findings, Place, Related, Severity

SOURCE = "rules:\n  kind:\n    require: not judgment and ok\n"
FINDINGS = Findings(
    (
        Finding(
            "undefined-name",
            Severity.ERROR,
            "there is no proposition 'judgment'",
            Place("rules/a.yaml", 3, 18, 3, 26),
            "judgement",
            (Related(Place("rules/b.yaml", 7, 3, 7, 12), "'judgement' is here"),),
        ),
        Finding("unused", Severity.NOTE, "50% of it, they say"),
    ),
    {"rules/a.yaml": SOURCE},
)

TEXT = """\
rules/a.yaml:3:18: error[undefined-name]: there is no proposition 'judgment'
   3 |     require: not judgment and ok
     |                  ^^^^^^^^
     = help: judgement
     = see rules/b.yaml:7:3: 'judgement' is here

note[unused]: 50% of it, they say

1 error, 1 note in 2 files
"""

GITHUB = """\
::error file=rules/a.yaml,line=3,endLine=3,col=18,endColumn=26,title=undefined-name::\
there is no proposition 'judgment'%0Ahelp: judgement%0A\
see rules/b.yaml:7:3: 'judgement' is here
::notice title=unused::50%25 of it, they say
rbrctl: 1 error, 1 note in 2 files
"""


def drawn(name: str, findings: Findings, subject: str = "", palette: Palette = PLAIN) -> str:
    report = FindingsReport(findings, subject)
    return format_named(name, report.kind, {}).draw(report, Page(palette))


def one(place: Place, text: str, message: str = "m") -> Findings:
    return Findings((Finding("x", Severity.WARNING, message, place),), {place.file: text})


def test_text() -> None:
    assert drawn("text", FINDINGS, "2 files") + "\n" == TEXT


def test_colours_change_nothing_else() -> None:
    painted = drawn("text", FINDINGS, "2 files", Palette(True))
    assert "\x1b[1;31merror[undefined-name]\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) + "\n" == TEXT


def test_github() -> None:
    assert drawn("github", FINDINGS, "2 files") + "\n" == GITHUB


def test_json() -> None:
    report = json.loads(drawn("json", FINDINGS, "2 files"))
    assert (report["report"], report["version"], report["failed"]) == ("findings", 1, True)
    assert report["counts"] == {"error": 1, "warning": 0, "note": 1}
    first, second = report["findings"]
    assert first["place"] == {
        **{"file": "rules/a.yaml", "line": 3, "column": 18},
        **{"end_line": 3, "end_column": 26},
    }
    assert first["related"][0]["message"] == "'judgement' is here"
    assert second["place"] is None


def test_nothing_found() -> None:
    assert drawn("text", Findings(), "9 files") == "no findings in 9 files"
    assert summary_line(Findings()) == "no findings"


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("a: 世界 x", Place("f", 1, 7, 1, 8), ["   1 | a: 世界 x", "     |         ^"]),
        ("a:\tb", Place("f", 1, 4, 1, 5), ["   1 | a:\\tb", "     |     ^"]),
        ("a: [x,\n  y]", Place("f", 1, 4, 2, 5), ["   1 | a: [x,", "     |    ^^^"]),
        ("a", Place("f", 1, 2, 1, 2), ["   1 | a", "     |  ^"]),
        ("a\u2028b: c", Place("f", 2, 1, 2, 2), ["   2 | b: c", "     | ^"]),
    ],
)
def test_carets_stand_under_the_span(text: str, place: Place, expected: list[str]) -> None:
    assert drawn("text", one(place, text)).split("\n")[1:3] == expected


def test_of_a_very_long_line_the_part_around_the_span_is_shown() -> None:
    place = Place("f", 1, 5001, 1, 5007)
    lines = drawn("text", one(place, "x" * 5000 + "wrong!" + "y" * 9000)).split("\n")
    assert max(map(len, lines)) <= 80
    start = lines[2].index("^")
    assert lines[1][start : start + 6] == "wrong!"
    assert lines[2].count("^") == 6


def test_a_place_outside_of_the_text_is_not_drawn() -> None:
    assert SourceLines({}).at(Place("f", 1, 1, 1, 2)) is None
    assert SourceLines({"f": "a\r\nb"}).at(Place("f", 2, 1, 2, 2)) == "b"
    assert SourceLines({"f": "a"}).at(Place("f", 2, 1, 2, 2)) is None
    assert len(drawn("text", one(Place("f", 9, 1, 9, 2), "a")).split("\n")) == 3


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
PLACES = st.builds(
    Place, ANY_TEXT, st.integers(1, 3), st.integers(1, 9), st.integers(1, 3), st.integers(1, 9)
)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, PLACES)
def test_no_text_from_outside_is_obeyed(source: str, message: str, hint: str, place: Place) -> None:
    finding = Finding(message, Severity.ERROR, message, place, hint, (Related(place, message),))
    findings = Findings((finding,), {place.file: source})
    for line in drawn("text", findings).split("\n"):
        assert printable(line) == line
    lines = drawn("github", findings, message).split("\n")
    assert len(lines) == 2
    assert all(printable(line) == line for line in lines)
    properties, data = re.fullmatch(r"::error ([^:]*)::(.*)", lines[0]).groups()  # type: ignore[union-attr]
    assert len(properties.split(",")) in (4, 6)
    assert not re.search(r"%(?!25|0A|3A|2C)", properties + data)
    assert not lines[1].lstrip().startswith("::")
    assert "##[" not in lines[1]
    json.loads(drawn("json", findings))
