"""JSON: one object with the report's name, the version of its shape, and all that it has."""

from rbrctl.reports.interface import Page, PlainFormat, Report, ReportKind
from rbrctl.reports.json_report import json_report


class JsonFormat(PlainFormat):
    """Writes ``{"report": name, "version": version, ...body}``."""

    name = "json"
    position = 1
    kinds = frozenset(ReportKind)

    def draw(self, report: Report, page: Page) -> str:
        """Return the report as indented JSON."""
        return json_report(report.name, report.version, report.body())


FORMAT = JsonFormat()
