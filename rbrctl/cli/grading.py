"""One run of ``rbrctl grade``: from options to tables and an exit code."""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass

from rbrctl.cli.cases import report_case
from rbrctl.cli.exit_codes import ExitCode, gravest
from rbrctl.cli.graders import OpenedGrader, OpenGrader
from rbrctl.cli.inputs import report_problems
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.readings import check_calibration, read_answers
from rbrctl.cli.scores import ScoreRequest, first_problem, report_score, say_what_is_odd
from rbrctl.counting import counted
from rbrctl.errors import BudgetSpentError, NothingMatchedError, UsageError
from rbrctl.graders.asking import Ask
from rbrctl.graders.interface import Grader
from rbrctl.graders.judging import Reading
from rbrctl.graders.plan import LAZY_REFUSED
from rbrctl.graders.repeats import FlipTally
from rbrctl.graders.run import GradingRun
from rbrctl.graders.run_summary import RunSummary
from rbrctl.graders.transcript_grader import TranscriptGrader, current_for
from rbrctl.records.models import Result, RuleSetIdentity, Transcript
from rbrctl.records.no_store import NoStore
from rbrctl.records.problems import ProblemLog
from rbrctl.records.results_store import ResultsStore, open_results
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge
from rbrctl.suggestions import did_you_mean, hint_for

SHOWN_NAMES = 5
LAYOUT_SAMPLE = 64
"""Transcripts that a grader sees before it is opened, to choose its layout by."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results are kept."""

    path: str | None
    """None keeps nothing."""
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class GradingJob:
    """Grades with one grader under one rule set, and tells what came of it."""

    ruleset: RuleSet
    open_grader: OpenGrader
    ask: Ask | None
    """None leaves it to what the grader's questions cost."""
    calibration: str | None
    output: Output

    def grade(
        self,
        transcripts: Iterable[Transcript],
        destination: Destination,
        request: ScoreRequest,
        problems: ProblemLog,
        source: str,
    ) -> ExitCode:
        """
        Grade a stream of transcripts, report the tables, and say what is missing.

        Raises NothingMatchedError where there are none; ``source`` names where they come from.
        """
        if self.ask is Ask.LAZY and request.gates.any:
            raise UsageError(f"gates and --ask lazy: {LAZY_REFUSED}")
        judge, reading = Judge(self.ruleset), read_answers(self.calibration)
        tally = request.tally(judge, reading)
        repeated = FlipTally()
        with Progress(self.output, "graded") as progress:

            def take(result: Result) -> None:
                tally.add(result)
                repeated.add(result)
                progress.advance()

            run = self._run(judge, reading, transcripts, destination, take)
            summary, spent = asyncio.run(run)
        codes = [report_problems(self.output, problems, "run")]
        codes.append(self._say_what_is_missing(summary))
        if spent is not None:
            codes.append(self._say_spent(spent, summary))
        elif not summary.total:
            raise NothingMatchedError(f"{source}: no transcripts{first_problem(problems)}")
        if not summary.total:
            return gravest(*codes)
        if summary.kept:
            self.output.talk(f"{counted(summary.kept, 'result')} of an earlier run kept")
        score = tally.score()
        say_what_is_odd(self.output, score)
        if self.ask is Ask.LAZY:
            self.output.talk("asked lazily: figures for propositions and rules are biased")
        codes.append(report_score(self.output, score, request, repeated.rates()))
        return gravest(*codes)

    def _say_spent(self, spent: BudgetSpentError, summary: RunSummary) -> ExitCode:
        """Say that a limit ended the run, and what there is to go on with."""
        kept = self.output.resume_hint is not None
        what = "goes on from here" if kept else "begins anew, as there is no cache and no -o"
        self.output.warn(f"{spent}: that {what}")
        if not summary.total:
            self.output.warn("no transcript was finished")
        return ExitCode.INCOMPLETE

    def grade_one(self, transcript: Transcript, format_: str) -> ExitCode:
        """Grade and report a single case."""
        found: list[Result] = []
        judge, reading = Judge(self.ruleset), read_answers(self.calibration)
        run = self._run(judge, reading, [transcript], Destination(None), found.append)
        summary, spent = asyncio.run(run)
        if spent is not None:
            return self._say_spent(spent, summary)
        report_case(self.output, self.ruleset, reading, found[0], format_)
        return self._say_what_is_missing(summary)

    def _say_what_is_missing(self, summary: RunSummary) -> ExitCode:
        advice = "give it as response_class or by --response-class"
        inferred = summary.inferred_class or summary.failed_inferences
        if self.ruleset.policy and not inferred:
            advice += ", or let a --model infer it"
        return say_what_is_missing(self.output, summary, self.ruleset, advice)

    async def _run(
        self,
        judge: Judge,
        reading: Reading,
        transcripts: Iterable[Transcript],
        destination: Destination,
        take: Callable[[Result], None],
    ) -> tuple[RunSummary, BudgetSpentError | None]:
        stream = iter(transcripts)
        first = list(itertools.islice(stream, LAYOUT_SAMPLE))
        try:
            opened = await self.open_grader(first, False)
        except BudgetSpentError as error:
            return RunSummary(), error
        grader = opened.grader
        try:
            check_calibration(reading, grader.identity)
            ask = self.ask or (Ask.ALL if grader.asks_together else Ask.NEEDED)
            one = TranscriptGrader(judge, grader, ask, reading, opened.classifier)
            with closing(self._open_store(destination, grader)) as store:
                run = GradingRun(one, store, grader.concurrency)
                self.output.resume_hint = _resume_hint(destination, opened)
                try:
                    await run.run(itertools.chain(first, stream), take)
                except BudgetSpentError as error:
                    return run.summary, error
                self._say_what_is_left(destination, store.count, run.summary.total)
                return run.summary, None
        finally:
            await grader.close()
            for note in grader.notes:
                self.output.talk(note)

    def _say_what_is_left(self, destination: Destination, stored: int, graded: int) -> None:
        if stored > graded:
            left = counted(stored - graded, "result")
            self.output.talk(
                f"{left} in {destination.path} of other transcripts than these {graded:,}: kept, "
                "and counted by 'score'; --overwrite leaves them out"
            )

    def _open_store(self, destination: Destination, grader: Grader) -> ResultsStore:
        if destination.path is None:
            return NoStore()
        store = open_results(
            destination.path,
            RuleSetIdentity.of(self.ruleset),
            grader.identity,
            current_for(grader),
            # What is torn or stale in an earlier run's file is mended, not left out.
            lambda problem: None,
            overwrite=destination.overwrite,
        )
        dropped = store.dropped
        if dropped.total:
            lines = "line is" if dropped.total == 1 else "lines are"
            self.output.talk(
                f"{destination.path}: {dropped.total:,} {lines} asked again ({dropped.torn} "
                f"torn, {dropped.failed} failed, {dropped.stale} stale)"
            )
        return store


def _resume_hint(destination: Destination, opened: OpenedGrader) -> str | None:
    if destination.path is not None:
        return "run the same command again: it goes on where this one stopped"
    if opened.keeps_answers:
        return "run the same command again: the answers so far are in the cache"
    return None


def say_what_is_missing(
    output: Output,
    summary: RunSummary,
    ruleset: RuleSet,
    advice: str = "give it as response_class",
) -> ExitCode:
    """Say once of each kind what keeps a run from being complete; ``advice`` is on classes."""
    if summary.without_class:
        output.warn(
            f"{counted(summary.without_class, 'transcript')} without a response class: answered, "
            f"not judged; {advice}"
        )
    if summary.failed_inferences:
        output.warn(
            f"{counted(summary.failed_inferences, 'transcript')} whose class could not be inferred;"
            f" the first: {summary.first_failed_inference}"
        )
    for spelling, count in summary.unknown_classes.most_common(SHOWN_NAMES):
        hint = hint_for(spelling, ruleset.response_classes)
        output.warn(
            f"{counted(count, 'transcript')} of response class '{spelling}', which the rules do"
            f" not have: answered, not judged; {hint}"
        )
    for name, count in summary.unknown_labels.most_common(SHOWN_NAMES):
        guess = did_you_mean(name, ruleset.propositions)
        output.talk(
            f"labels for '{name}', which is no proposition of the rules, on "
            f"{counted(count, 'transcript')}" + (f"; {guess}" if guess else "")
        )
    for name, count in summary.unknown_rank_labels.most_common(SHOWN_NAMES):
        output.talk(f"the rank label '{name}', which is no rank, on {counted(count, 'transcript')}")
    if summary.unanswerable:
        output.warn(
            f"the grader knows nothing of {', '.join(summary.unanswerable)}: left unknown; give "
            "them cues, or train or name another grader"
        )
    if summary.failed_answers:
        failed = sum(summary.failed_answers.values())
        output.warn(f"{counted(failed, 'answer')} failed; the first: {summary.first_failure}")
    return ExitCode.YES if summary.complete else ExitCode.INCOMPLETE
