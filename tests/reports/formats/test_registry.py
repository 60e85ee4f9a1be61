"""A format is one file: nothing else has to change for the command line to offer it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbrctl.cli.formats import format_choices, format_option
from rbrctl.errors import UsageError
from rbrctl.reports import formats
from rbrctl.reports.interface import AUTO, Page, Report, ReportKind
from rbrctl.reports.outcome import CheckReport, TablesReport
from rbrctl.reports.tables import Column, Table

TOY = """
from rbrctl.reports.interface import Page, PlainFormat, Report, ReportKind


class Toy(PlainFormat):
    name = "toy"
    position = 100
    kinds = frozenset({ReportKind.CHECK})

    def draw(self, report: Report, page: Page) -> str:
        return f"{report.heading} ({len(report.tables())} table)"


FORMAT = Toy()
"""
REPORT = CheckReport("grade", 1, True, "all well", [Table("t", "T", (Column("a", "A"),), [])])


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    formats.all_formats.cache_clear()
    yield
    sys.modules.pop("rbrctl.reports.formats.toy", None)
    formats.all_formats.cache_clear()


def test_a_format_is_offered_accepted_and_drawn(toy: None) -> None:
    option = format_option(ReportKind.CHECK)
    assert "junit or toy" in option.help
    assert format_choices(ReportKind.CHECK)("toy") == "toy"
    drawn = formats.format_named("toy", ReportKind.CHECK, {}).draw(REPORT, Page())
    assert drawn == "rbrctl grade passed: all well (1 table)"


def test_a_format_is_offered_only_for_what_it_draws(toy: None) -> None:
    assert "toy" not in formats.format_names(ReportKind.TABLES)
    with pytest.raises(UsageError, match="there is no such format"):
        formats.format_named("toy", ReportKind.TABLES, {})


def test_every_format_draws_every_kind_that_it_names() -> None:
    reports: list[Report] = [REPORT, TablesReport("t", 1, REPORT.data)]
    for report in reports:
        for each in formats.formats_of(report.kind):
            assert each.draw(report, Page())


def test_auto_is_offered_where_a_format_may_be_automatic() -> None:
    assert formats.format_names(ReportKind.FINDINGS)[0] == AUTO
    assert AUTO not in formats.format_names(ReportKind.TABLES)
    inside = {"GITHUB_ACTIONS": "true"}
    assert formats.format_named(AUTO, ReportKind.CHECK, inside).name == "github"
    assert formats.format_named(AUTO, ReportKind.CHECK, {}).name == "text"
