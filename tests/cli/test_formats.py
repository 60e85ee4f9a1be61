import json
from pathlib import Path
from typing import Any

import pytest
import typer

from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.formats import (
    CheckFormatOption,
    FindingsFormatOption,
    TableFormatOption,
    report_findings,
    report_tables,
    write_report,
)
from rbrctl.cli.options import WideOption, output_of
from rbrctl.reports.interface import AUTO, TEXT
from rbrctl.reports.outcome import CheckReport
from rbrctl.reports.tables import WIDE_ONLY, Column, Table
from rbrctl.ruleset.findings import Finding, Findings, Severity

WARNING = Findings((Finding("unused", Severity.WARNING, "nobody uses it"),))
NOTE = Findings((Finding("unused", Severity.NOTE, "nobody uses it"),))


def check(
    context: typer.Context,
    format_: FindingsFormatOption = AUTO,
    note: bool = False,
) -> ExitCode:
    return report_findings(output_of(context), NOTE if note else WARNING, format_, "1 file")


def table(
    context: typer.Context,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> None:
    columns = (Column("a", "A"), Column("b", "B", priority=WIDE_ONLY))
    tables = [Table("rules", "Rules", columns, [("x", 1)])]
    body = {"count": 1}
    report_tables(
        output_of(context), tables, format_, name="score", version=2, wide=wide, body=body
    )


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("auto", "warning[unused]: nobody uses it\n"),
        ("text", "warning[unused]: nobody uses it\n"),
        ("json", '{\n  "report": "findings",\n  "version": 1,'),
        ("github", "::warning title=unused::nobody uses it\n"),
        ("markdown", "### rbrctl failed: 1 warning in 1 file\n"),
        ("sarif", '{\n  "$schema": '),
        ("junit", "<?xml "),
    ],
)
def test_every_format_reports_on_stdout_and_the_code_stays(
    program: Any, name: str, start: str
) -> None:
    program.add("check", check)
    outcome = program("check", "-f", name)
    assert outcome.stdout.startswith(start)
    assert (outcome.code, outcome.stderr) == (1, "")
    assert program("check", "--format", name, "--note").code == 0


def test_auto_is_github_inside_github_actions_with_a_summary(program: Any, tmp_path: Path) -> None:
    program.add("check", check)
    summary = tmp_path / "summary.md"
    program.environment |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    assert program("check").stdout.startswith("::warning")
    assert summary.read_text().startswith("### rbrctl failed: 1 warning in 1 file\n")
    assert not program("check", "-f", "text").stdout.startswith("::")
    program.environment["GITHUB_STEP_SUMMARY"] = str(tmp_path / "no" / "folder")
    outcome = program("check")
    assert outcome.code == 1
    assert outcome.stderr.startswith("warning: the step's summary cannot be written")


def test_tables_in_every_format(program: Any) -> None:
    program.add("table", table)
    assert program("table").stdout.splitlines()[-1] == "--wide shows 1 more column."
    assert program("table", "--wide").stdout.splitlines()[-1] == "x  1"
    assert program("table", "-f", "csv").stdout == "a,b\nx,1\n"
    assert program("table", "-f", "markdown").stdout.splitlines()[-1] == "| x | 1 |"
    assert json.loads(program("table", "-f", "json").stdout) == {
        **{"report": "score", "version": 2, "count": 1},
        "rules": [{"a": "x", "b": 1}],
    }


def test_an_unknown_format_names_the_known_ones(program: Any) -> None:
    program.add("table", table)
    outcome = program("table", "-f", "xml")
    assert outcome.code == 2
    assert "markdown" in outcome.stderr
    assert "hint: see 'rbrctl table --help'" in outcome.stderr


@pytest.mark.parametrize(
    ("codes", "wins"),
    [((), 0), ((0, 4), 4), ((4, 1, 0), 1), ((1, 3, 4), 3), ((3, 2, 1), 2)],
)
def test_the_worst_exit_code_wins(codes: tuple[int, ...], wins: int) -> None:
    assert worst_exit_code(*map(ExitCode, codes)) == wins


def grade(
    context: typer.Context,
    format_: CheckFormatOption = AUTO,
    wide: WideOption = False,
) -> ExitCode:
    rules = Table("rules", "Rules", (Column("a", "A"),), [("x",)])
    report = CheckReport("grade", 1, False, "one gate missed", [rules], WARNING)
    write_report(output_of(context), report, format_, wide=wide)
    return ExitCode.NO


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("auto", "Rules\nA\n"),
        ("text", "Rules\nA\n"),
        ("json", '{\n  "report": "grade",\n  "version": 1,'),
        ("csv", "a\nx\n"),
        ("markdown", "### rbrctl grade failed: one gate missed\n"),
        ("github", "::warning title=unused::nobody uses it\nrbrctl grade failed: one gate"),
        ("sarif", '{\n  "$schema": '),
        ("junit", "<?xml "),
    ],
)
def test_an_outcome_in_every_format(program: Any, tmp_path: Path, name: str, start: str) -> None:
    program.add("grade", grade)
    program.environment["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    outcome = program("grade", "-f", name)
    assert outcome.stdout.startswith(start)
    assert (outcome.code, outcome.stderr) == (1, "")
    assert (tmp_path / "summary.md").exists() == (name == "github")
