import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.reports.formats.csv import csv_tables, csv_text
from rbrctl.reports.json_report import json_report
from rbrctl.reports.json_tables import json_rows
from rbrctl.reports.markdown import MarkdownTables
from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Wrap, shown
from rbrctl.reports.terminal import PLAIN, Palette, Tone, printable, text_width
from rbrctl.reports.text_tables import TextTables, wrapped

RULES = Table(
    "rules",
    "Rules",
    (
        Column("rule", "rule", wrap=Wrap.NAMES),
        Column("n", "n", numeric=True),
        Column("accuracy", "accuracy", numeric=True),
        Column("interval", "95 % interval", numeric=True, interval=True),
        Column("kept", "kept"),
        Column("f1", "F1", numeric=True, priority=WIDE_ONLY),
    ),
    [
        (
            *("hard-refuse-not-judgemental-in-any-of-its-sentences", 120),
            *(Cell(0.96666, Tone.BAD), (0.917, 0.987), True, 0.5),
        ),
        ("a|=b", 3, None, None, False, None),
    ],
    ("Rows under ten say too few.",),
)

TEXT = """\
Rules
rule                        n  accuracy  95 % interval  kept
────────────────────────  ───  ────────  ─────────────  ────
hard-refuse-not-          120     0.967    0.917-0.987  yes
  judgemental-in-any-of-
  its-sentences
a|=b                        3         -              -  no
Rows under ten say too few.
--wide shows 1 more column.
"""

MARKDOWN = """\
### Rules

| rule | n | accuracy | 95 % interval | kept | F1 |
| --- | ---: | ---: | ---: | --- | ---: |
| `hard-refuse-not-judgemental-in-any-of-its-sentences` | 120 \
| **0.967** | 0.917-0.987 | yes | 0.500 |
| `a\\|=b` | 3 | \\- | \\- | no | \\- |

Rows under ten say too few.
"""

CSV = """\
rule,n,accuracy,interval_low,interval_high,kept,f1
hard-refuse-not-judgemental-in-any-of-its-sentences,120,0.96666,0.917,0.987,true,0.5
a|=b,3,,,,false,
"""


def test_text_wraps_names_at_hyphens_and_cuts_nothing() -> None:
    assert TextTables(PLAIN, 60).render([RULES]) + "\n" == TEXT


def test_wide_text_shows_every_column_on_one_line_a_row() -> None:
    lines = TextTables(PLAIN, None).render([RULES]).split("\n")
    assert lines[1].split() == ["rule", "n", "accuracy", "95", "%", "interval", "kept", "F1"]
    assert lines[3].split()[0] == "hard-refuse-not-judgemental-in-any-of-its-sentences"
    assert len(lines) == 6


def test_tones_become_colours_without_moving_a_column() -> None:
    painted = TextTables(Palette(True), 60).render([RULES])
    assert "\x1b[1;31m   0.967\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) + "\n" == TEXT


def test_markdown() -> None:
    assert MarkdownTables().render([RULES]) + "\n" == MARKDOWN


def test_csv_of_one_table() -> None:
    assert csv_tables([RULES]) == CSV


def test_csv_of_several_tables_names_each_rows_table() -> None:
    other = Table("classes", "Classes", (Column("name", "name"), Column("n", "n")), [("x", 2)])
    rows = list(csv.DictReader(io.StringIO(csv_tables([RULES, other]))))
    assert [row["table"] for row in rows] == ["rules", "rules", "classes"]
    assert rows[2]["name"] == "x"
    assert rows[2]["rule"] == ""


def test_json_rows_carry_the_values_in_full() -> None:
    first, second = json.loads(json_report("score", 1, {"rules": json_rows(RULES)}))["rules"]
    assert first["accuracy"] == 0.96666
    assert first["interval"] == [0.917, 0.987]
    assert first["kept"] is True
    assert second["interval"] is None


def test_columns_of_high_priority_numbers_go_first_when_there_is_no_room() -> None:
    columns = [Column(f"c{n}", f"column-{n}", priority=n) for n in range(4)]
    table = Table("t", "T", columns, [["x" * 20] * 4])
    for width, count in ((100, 4), (70, 3), (50, 2), (25, 1), (10, 1)):
        header = TextTables(PLAIN, width).render([table]).split("\n")[1]
        assert header.split() == [f"column-{n}" for n in range(count)]


def test_a_row_that_does_not_fit_the_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of 1 for 2 columns"):
        Table("t", "T", (Column("a", "a"), Column("b", "b")), [("x",)])


@given(
    st.text(st.characters(exclude_categories=("Cs",))).map(printable),
    st.integers(8, 40),
    st.sampled_from([Wrap.NAMES, Wrap.WORDS]),
)
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, width: int, wrap: Wrap) -> None:
    lines = wrapped(text, width, wrap)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line.rstrip(" ")) <= width or len(lines) == 1 for line in lines)


def spreadsheet_takes_for_formula(field: str) -> bool:
    return field.lstrip(" \t\r\n").startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(st.one_of(ANY_TEXT, ANY_TEXT.map("=".__add__), ANY_TEXT.map(" \t-".__add__)))
def test_no_csv_field_is_a_formula(text: str) -> None:
    table = Table("t", "T", (Column("a", "a"), Column("b", "b")), [(text, text)])
    rendered = csv_tables([table])
    _, row = csv.reader(io.StringIO(rendered))
    for field in row:
        assert printable(field) == field
        if spreadsheet_takes_for_formula(field):
            float(field)
        assert field.removeprefix("'") == printable(text) or field == printable(text)


@pytest.mark.parametrize("number", ["-1.5", "+3", "1e5", "-0"])
def test_a_number_in_text_stays_a_number(number: str) -> None:
    assert csv_text(number) == number


@given(ANY_TEXT)
def test_json_is_read_back_and_holds_no_control(text: str) -> None:
    rendered = json_report("x", 1, {"text": text})
    assert all(printable(line) == line for line in rendered.split("\n"))
    assert json.loads(rendered)["text"].encode("utf-16", "surrogatepass").decode(
        "utf-16", "surrogatepass"
    ) == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def test_columns_of_a_csv_do_not_depend_on_the_rows() -> None:
    unknown = Table("rules", "Rules", RULES.columns, [("a", 3, None, None, False, None)])
    none = Table("rules", "Rules", RULES.columns, [], optional=True)
    headers = {csv_tables([table]).split("\n")[0] for table in (RULES, unknown, none)}
    assert headers == {CSV.split("\n")[0]}


def test_an_interval_is_declared() -> None:
    with pytest.raises(ValueError, match="table t: a is no column of intervals"):
        Table("t", "T", (Column("a", "a"),), [((0.1, 0.2),)])


def test_an_optional_table_without_rows_is_not_shown_to_people() -> None:
    empty = Table("t", "T", (Column("a", "a"),), [], optional=True)
    assert TextTables(PLAIN, 60).render([RULES, empty]) + "\n" == TEXT
    assert MarkdownTables().render([RULES, empty]) + "\n" == MARKDOWN
    assert csv_tables([RULES, empty]).startswith("table,rule,")


@pytest.mark.parametrize(
    ("value", "text"), [(-0.0001, "0.000"), (-0.0, "0.000"), (-0.01, "-0.010")]
)
def test_what_rounds_to_zero_has_no_sign(value: float, text: str) -> None:
    column = Column("a", "a", interval=True)
    assert shown(Cell(value), column) == text
    assert shown(Cell((value, 0.5)), column).startswith(text)
