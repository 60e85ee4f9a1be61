"""Results read for their ranks, which must be those of a rule set."""

from collections.abc import Iterator
from dataclasses import replace

from rbrctl.errors import RecordError, UsageError
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.models import Result
from rbrctl.records.problems import ProblemHandler, quoted
from rbrctl.records.results import read_results
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import hint_for


def read_judged(
    source: DataSource, ruleset: RuleSet, on_problem: ProblemHandler, name: str | None = None
) -> Iterator[Result]:
    """
    Yield the results of a file, each with its response class by the rule set's own name.

    A rank or class that the rule set lacks is a bad line: what no one defined would be counted as
    something. Raises UsageError for results of another rule set, FileError as ``read_results``.
    """
    name = name or source_name(source)

    def check(result: Result) -> Result:
        if result.ruleset.digest != ruleset.digest:
            raise UsageError(
                f"{name}: judged by another rule set; name it with --rules, or score it again"
            )
        return _as_named(result, ruleset)

    return read_results(source, on_problem, name, check)


def _as_named(result: Result, ruleset: RuleSet) -> Result:
    """Resolve the class. Raises RecordError."""
    if result.rank is not None and result.rank not in ruleset.ranks:
        hint = hint_for(result.rank, ruleset.ranks)
        raise RecordError(f"the rules have no rank {quoted(result.rank)}; {hint}")
    if result.response_class is None:
        return result
    known = ruleset.resolve_response_class(result.response_class)
    if known is None:
        hint = hint_for(result.response_class, ruleset.response_classes)
        raise RecordError(
            f"the rules have no response class {quoted(result.response_class)}; {hint}"
        )
    return result if known == result.response_class else replace(result, response_class=known)
