"""Why a graded transcript has its rank."""

from dataclasses import dataclass

from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.grading.judging import AnswerDecoder, check_decoder
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.models import Result
from rbrctl.records.problems import ProblemHandler
from rbrctl.records.results import read_results
from rbrctl.ruleset.explanation import Explanation
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.reasons import RankReason, explain_reason, possible_ranks, rank_reason
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import hint_for


@dataclass(frozen=True, slots=True)
class ResultExplanation:
    """Why a result has its rank, for programs and for people."""

    reason: RankReason
    explanation: Explanation


def find_result(source: DataSource, id: str, on_problem: ProblemHandler) -> Result:
    """Return the result with an id. Raises NothingMatchedError if the file has none."""
    for result in read_results(source, on_problem):
        if result.id == id:
            return result
    raise NothingMatchedError(f"{source_name(source)}: there is no result with the id '{id}'")


def explain_result(
    result: Result, ruleset: RuleSet, decoder: AnswerDecoder
) -> ResultExplanation | None:
    """
    Explain the rank that the rule set gives to the answers of a result.

    None if the result has no response class, because it has no rank then. Raises UsageError if the
    rule set does not have the class, and GraderError if the calibration is that of another grader.
    """
    if result.response_class is None:
        return None
    response_class = ruleset.resolve_response_class(result.response_class)
    if response_class is None:
        raise UsageError(
            f"the rules have no response class '{result.response_class}'; "
            f"{hint_for(result.response_class, ruleset.response_classes)}"
        )
    check_decoder(decoder, result.grader)
    judge = Judge(ruleset)
    assignment = {name: decoder.truth(name, answer) for name, answer in result.answers.items()}
    given = {
        name: answer.probability
        for name, answer in result.answers.items()
        if answer.probability is not None
    }
    reason = rank_reason(judge, response_class, assignment, given)
    ranks = possible_ranks(judge, response_class, assignment) if reason.rank is None else ()
    return ResultExplanation(reason, explain_reason(ruleset, result.id, reason, given, ranks))
