"""
Folders of valid and invalid rule sets, each against what must be said of it.

Beside the files of each stands ``expected.txt``, the text report. A set with a base has the folders
``set`` and ``base``. To write the reports anew, for review: ``RBRCTL_REWRITE=1 pytest`` this file.
"""

import os
import shutil
from pathlib import Path

import pytest

from rbrctl.reports.findings import FindingsReport
from rbrctl.reports.formats import format_named
from rbrctl.reports.interface import Page
from rbrctl.reports.terminal import PLAIN
from rbrctl.ruleset.validation import validate

HERE = Path(__file__).parent
INVALID = sorted(path for path in (HERE / "invalid").iterdir() if path.is_dir())
VALID = sorted(path for path in (HERE / "valid").iterdir() if path.is_dir())


def report_on(folder: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    shutil.copytree(folder, repository, ignore=shutil.ignore_patterns("expected.txt"))
    (repository / ".git").mkdir()
    monkeypatch.chdir(repository)
    findings = validate("set" if (repository / "set").is_dir() else ".").findings
    report = FindingsReport(findings)
    return format_named("text", report.kind, {}).draw(report, Page(PLAIN)) + "\n"


def check(folder: Path, report: str) -> None:
    expected = folder / "expected.txt"
    if os.environ.get("RBRCTL_REWRITE"):
        expected.write_text(report, "utf-8")
    assert report == expected.read_text("utf-8")


@pytest.mark.parametrize("folder", INVALID, ids=lambda path: path.name)
def test_invalid(folder, tmp_path, monkeypatch):
    report = report_on(folder, tmp_path / "repository", monkeypatch)
    check(folder, report)
    assert "error[" in report or "warning[" in report


@pytest.mark.parametrize("folder", VALID, ids=lambda path: path.name)
def test_valid(folder, tmp_path, monkeypatch):
    report = report_on(folder, tmp_path / "repository", monkeypatch)
    check(folder, report)
    assert "error[" not in report
    assert "warning[" not in report
