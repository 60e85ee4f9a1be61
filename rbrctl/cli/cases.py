"""The report on one graded case: its rank, the rules it breaks, and every answer."""

from rbrctl.cli.formats import report_tables
from rbrctl.cli.options import TableFormat
from rbrctl.cli.output import Output
from rbrctl.graders.judging import Reading
from rbrctl.records.models import Result
from rbrctl.ruleset.model import RuleSet


def report_case(
    output: Output, ruleset: RuleSet, reading: Reading, result: Result, format_: TableFormat
) -> None:
    """Report the verdict on one result."""
    from rbrctl.records.results import result_to_json
    from rbrctl.reports.case import case_tables

    report_tables(
        output,
        case_tables(ruleset, reading, result),
        format_,
        name="case",
        version=1,
        body={"result": result_to_json(result)},
    )
