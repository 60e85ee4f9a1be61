"""Comparisons for the reward commands: read, graded where they are not, and put in order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rbrctl.cli.comparison_order import check_order, default_order, ordering_of
from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.inputs import STANDARD_INPUT, data_source, report_problems
from rbrctl.cli.left_out import Places, advice, say_contradictions, say_left_out
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.reward_model import RewardModelOptions, say_scores, score_with
from rbrctl.cli.reward_options import Order, PairsOf
from rbrctl.cli.scores import first_problem
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.wording import hint_for

if TYPE_CHECKING:
    from rbrctl.graders.interface import Grader
    from rbrctl.records.models import Result, Transcript
    from rbrctl.rewards.comparisons.compare import Comparisons
    from rbrctl.ruleset.model import RuleSet
    from rbrctl.ruleset.verdict import Judge

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
    pairs: str
    """What is compared: completions of one ``prompt``, of one ``class``, or a ``preference``."""
    margin: float | None
    """None where there are levels."""
    levels: Mapping[str, float]
    orderings: Mapping[str, Sequence[str]]
    """The table of ``--orderings``."""
    contradictions: "Sequence[tuple[str, ...]]"
    """The ids of preferences or completions that contradict each other; all are left out."""
    bad_lines: int
    reward_model: bool | str
    """Whether any completion has a reward model's score; its name where that is known."""
    response_class: str | None = None
    """Of completions that came without one."""

    @property
    def complete(self) -> bool:
        """True when nothing was left out, and no class has too little to compare."""
        left_out = self.comparisons.left_out.total or self.comparisons.classes_without_pairs
        return not (self.bad_lines or left_out or self.contradictions)

    @property
    def described(self) -> dict[str, object]:
        """What a JSON report and a weights file say of it."""
        return {
            "order": self.order,
            "pairs": self.pairs,
            "margin": self.margin,
            "levels": dict(self.levels),
            "orderings": {label: list(beaten) for label, beaten in self.orderings.items()},
            "reward_model": self.reward_model,
            "response_class": self.response_class,
            "bad_lines": self.bad_lines,
            "left_out": dict(self.comparisons.left_out.counts),
            "contradictions": [list(ids) for ids in self.contradictions],
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
    from rbrctl.rewards.comparisons.orderings_file import read_orderings

    order.check()
    beats = {} if order.orderings is None else read_orderings(order.orderings)
    asked = reward_model.settings(output)
    problems = ProblemLog()
    name = "<stdin>" if source == STANDARD_INPUT else source
    found = read_input(data_source(source), raise_problem if strict else problems, name)
    # What is wrong with the options is told before anything is graded.
    values = check_order(judge, order, found, beats, first_problem(problems))
    places = Places(name, found.lines)
    say_contradictions(output, found.contradictions, places, "preferences")
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
    scored = sum(each.extra.get(RM_SCORE) is not None for each in results)
    say_scores(output, scored, len(results))
    if found.kind is InputKind.PREFERENCES:
        by, pairs = "preference", "preference"
    else:
        by, pairs = order.by or default_order(output, results), order.pairs or PairsOf.PROMPT
    ordering = ordering_of(judge, order, by, beats, values)
    candidates = candidates_of(results, judge, by, pairs, left_out)
    try:
        comparisons = compare(candidates, judge, ordering, features, left_out)
    except NothingMatchedError as error:
        raise NothingMatchedError(f"{error}{advice(left_out)}{first_problem(problems)}") from error
    report_problems(output, problems, "comparisons")
    say_left_out(output, comparisons, places)
    return Gathered(
        comparisons,
        results,
        by,
        str(pairs),
        None if order.levels else order.margin,
        order.levels or {},
        beats,
        [*found.contradictions, *(each.ids for each in comparisons.contradictions)],
        problems.count,
        bool(scored) and (reward_model.model or True),
        order.response_class,
    )


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
