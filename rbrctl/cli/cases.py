"""The report on one graded case: its rank, the rules it breaks, and every answer."""

from rbrctl.cli.formats import write_report
from rbrctl.cli.output import Output
from rbrctl.grading.judging import AnswerDecoder
from rbrctl.records.models import Result
from rbrctl.ruleset.model import RuleSet


def report_case(
    output: Output, ruleset: RuleSet, decoder: AnswerDecoder, result: Result, format_: str
) -> None:
    """Report the verdict on one result."""
    from rbrctl.records.results import result_to_json
    from rbrctl.reports.case import case_tables
    from rbrctl.reports.outcome import CheckReport

    verdict = f"rank {result.rank or 'undetermined'}"
    tables = case_tables(ruleset, decoder, result)
    body = {"result": result_to_json(result)}
    report = CheckReport("case", 1, result.rank is not None, verdict, tables, details=body)
    write_report(output, report, format_)
