"""Comparisons for the reward commands: read, graded where they are not, and put in order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.inputs import STANDARD_INPUT, data_source, report_problems
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.reward_model import RewardModelOptions, say_scores, score_with
from rbrctl.cli.reward_options import ORDERS, Order
from rbrctl.cli.scores import first_problem
from rbrctl.counting import counted
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.suggestions import did_you_mean, hint_for

if TYPE_CHECKING:
    from rbrctl.graders.interface import Grader
    from rbrctl.records.models import Result, Transcript
    from rbrctl.rewards.comparisons.candidates import LeftOut
    from rbrctl.rewards.comparisons.compare import Comparisons
    from rbrctl.rewards.comparisons.orderings import Ordering
    from rbrctl.ruleset.model import RuleSet
    from rbrctl.ruleset.verdict import Judge

SHOWN = 5
NO_REWARD_MODEL = RewardModelOptions()
OpenGrader = Callable[[], Awaitable["Grader"]]
"""Opens the grader inside the event loop that it will live in."""


def grader_opener(
    grader: str | None, endpoint: EndpointOptions, ruleset: "RuleSet", output: Output
) -> OpenGrader:
    """Choose the grader that is meant. Raises UsageError for an unknown one."""
    from rbrctl.cli.graders import EMBEDDED, choose_grader

    by_default = grader is None and not endpoint.named
    chosen = choose_grader(EMBEDDED if by_default else grader, endpoint, ruleset, False, output)

    async def open_grader() -> "Grader":
        if by_default:
            # Said where it is asked, not where all answers are in the file.
            output.talk(f"grader: {EMBEDDED} (an offline baseline; --model names a model to ask)")
        return (await chosen((), False)).grader

    return open_grader


@dataclass(frozen=True, slots=True)
class Gathered:
    """Comparisons, and what was left out on the way."""

    comparisons: "Comparisons"
    results: "Sequence[Result]"
    order: str
    """What says which completion is better: ``labels``, ``rank``, a key of the rows."""
    contradictions: "Sequence[tuple[str, str]]"
    """The ids of preferences or completions that contradict each other; all are left out."""
    bad_lines: int
    scored: int
    """How many completions have a reward model's score."""

    @property
    def complete(self) -> bool:
        """True when nothing was left out."""
        left_out = self.comparisons.left_out.total
        return not (self.bad_lines or left_out or self.contradictions)

    @property
    def described(self) -> dict[str, object]:
        """What a JSON report says of it."""
        return {
            "order": self.order,
            "reward_model": self.scored > 0,
            "bad_lines": self.bad_lines,
            "left_out": dict(self.comparisons.left_out.counts),
            "contradictions": [list(pair) for pair in self.contradictions],
            "prompts_without_pairs": self.comparisons.single_prompts,
            "classes_without_pairs": list(self.comparisons.classes_without_pairs),
        }


def gather(
    output: Output,
    judge: "Judge",
    source: str,
    order: Order,
    open_grader: OpenGrader,
    *,
    reward_model: RewardModelOptions = NO_REWARD_MODEL,
    strict: bool = False,
    features: Mapping[str, Sequence[str]] | None = None,
) -> Gathered:
    """
    Read a file, grade what is not graded, and form the ordered pairs.

    Says on stderr what was left out. Raises UsageError, FileError, RecordError, GraderError, and
    NothingMatchedError where there is no pair.
    """
    from rbrctl.rewards.comparisons.candidates import RM_SCORE, LeftOut, candidates_of
    from rbrctl.rewards.comparisons.compare import compare
    from rbrctl.rewards.comparisons.inputs import InputKind, read_input

    order.check()
    asked = reward_model.settings(output)
    problems = ProblemLog()
    name = "<stdin>" if source == STANDARD_INPUT else source
    found = read_input(data_source(source), raise_problem if strict else problems, name)
    rows = found.results or found.transcripts
    found_values = (each.extra.get(order.by or "") for each in rows)
    values = {str(value) for value in found_values if value is not None}
    # What is wrong with the options is told before anything is graded.
    _ordering(judge, order, order.by or "rank", values)
    _say_contradictions(output, found.contradictions, "preferences")
    left_out = LeftOut()
    transcripts = _with_class(found.transcripts, order.response_class, judge.ruleset)
    if asked is not None:
        if found.kind is InputKind.RESULTS:
            raise UsageError(
                f"{name}: results hold no text for --rm-url to read: give it the transcripts or "
                "preferences, or put rm_score into the rows"
            )
        transcripts = score_with(output, asked, transcripts, left_out)
    results = found.results or grade(output, judge, transcripts, open_grader)
    by, pairs = order.by, order.pairs
    if found.kind is InputKind.PREFERENCES:
        by, pairs = "preference", "preference"
    by = by or _default_order(output, results)
    ordering = _ordering(judge, order, by, values)
    candidates = candidates_of(results, judge, by, pairs, left_out)
    try:
        comparisons = compare(candidates, judge, ordering, features, left_out)
    except NothingMatchedError as error:
        raise NothingMatchedError(f"{error}{_advice(left_out)}{first_problem(problems)}") from error
    scored = sum(each.extra.get(RM_SCORE) is not None for each in results)
    say_scores(output, scored, len(results))
    report_problems(output, problems, "comparisons")
    _say_left_out(output, comparisons)
    contradictions = [*found.contradictions, *(each.ids for each in comparisons.contradictions)]
    return Gathered(comparisons, results, by, contradictions, problems.count, scored)


def grade(
    output: Output,
    judge: "Judge",
    transcripts: "Sequence[Transcript]",
    open_grader: OpenGrader,
) -> "list[Result]":
    """Have transcripts answered, with a progress bar. Raises GraderError."""
    from rbrctl.rewards.answering import answered

    async def work() -> "list[Result]":
        grader = await open_grader()
        try:
            return await answered(transcripts, judge, grader, lambda _: progress.advance())
        finally:
            await grader.close()

    if not transcripts:
        return []
    with Progress(output, "graded", len(transcripts)) as progress:
        return asyncio.run(work())


def _with_class(
    transcripts: "Sequence[Transcript]", spelling: str | None, ruleset: "RuleSet"
) -> "Sequence[Transcript]":
    """Give completions without a response class the one that is named. Raises UsageError."""
    if spelling is None:
        return transcripts
    if ruleset.resolve_response_class(spelling) is None:
        hint = hint_for(spelling, ruleset.response_classes)
        raise UsageError(f"--response-class {spelling}: there is no such response class; {hint}")
    return [
        each if each.response_class is not None else replace(each, response_class=spelling)
        for each in transcripts
    ]


def _default_order(output: Output, results: "Sequence[Result]") -> str:
    if any(result.labels for result in results):
        by = "labels"
    elif any(result.rank_label for result in results):
        by = "rank_label"
    elif results:
        output.warn(
            "order: rank, that of the grader's own answers, as no row has labels: the figures say "
            "nothing of the grader's mistakes (--order names another)"
        )
        return "rank"
    else:
        return "rank"
    output.talk(f"order: {by} (--order names another)")
    return by


def _ordering(judge: "Judge", order: Order, by: str, values: Set[str]) -> "Ordering":
    """Give what orders the labels, which are ``values`` where a key of the rows has them."""
    from rbrctl.rewards.comparisons.orderings import (
        preference_ordering,
        rank_ordering,
        table_ordering,
    )
    from rbrctl.rewards.comparisons.orderings_file import read_orderings

    if by == "preference":
        return preference_ordering(order.margin)
    if order.orderings is not None:
        beats = read_orderings(order.orderings)
        return table_ordering(beats, order.margin, order.levels)
    if by not in ORDERS and not (values and values <= set(judge.ruleset.ranks)):
        hint = did_you_mean(by, ORDERS) or "say which of its labels beat which with --orderings"
        raise UsageError(f"--order {by}: {hint}")
    return rank_ordering(judge.ruleset.ranks, order.margin, order.levels)


def _say_contradictions(output: Output, pairs: Sequence[tuple[str, str]], what: str) -> None:
    for first, second in pairs[:SHOWN]:
        output.warn(f"{what} that contradict each other, both left out: {first} and {second}")
    if len(pairs) > SHOWN:
        output.warn(f"{len(pairs) - SHOWN:,} further contradictions of {what}")


def _advice(left_out: "LeftOut") -> str:
    from rbrctl.rewards.comparisons.candidates import NO_CLASS

    return "; --response-class names one for all" if NO_CLASS in left_out.counts else ""


def _say_left_out(output: Output, comparisons: "Comparisons") -> None:
    left_out: LeftOut = comparisons.left_out
    reasons = list(left_out.counts.items())
    for reason, count in reasons[:SHOWN]:
        output.warn(f"{count:,} left out with {reason}; the first: {left_out.examples[reason]}")
    if advice := _advice(left_out):
        output.talk(advice.lstrip("; "))
    if len(reasons) > SHOWN:
        further = sum(count for _, count in reasons[SHOWN:])
        output.warn(f"{further:,} left out for {len(reasons) - SHOWN:,} further reasons")
    pairs = [each.ids for each in comparisons.contradictions]
    _say_contradictions(output, pairs, "labels of one completion")
    if comparisons.single_prompts:
        prompts = counted(comparisons.single_prompts, "prompt makes", "prompts make")
        output.talk(f"{prompts} no pair: one completion only, or all of the same rank")
    for name in comparisons.classes_without_pairs:
        output.warn(f"{name}: nothing to compare, so no weights")
