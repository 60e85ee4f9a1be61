"""What ``grade`` says of a run: progress, tables, and everything that is incomplete."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass

from rbrctl.cli.cases import report_case
from rbrctl.cli.exit_codes import ExitCode, gravest
from rbrctl.cli.inputs import report_problems
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.scores import ScoreRequest, first_problem, report_score, say_what_is_odd
from rbrctl.errors import BudgetSpentError, NothingMatchedError, UsageError
from rbrctl.grading.plan import Ask
from rbrctl.grading.run import Destination, Run, RunSettings, open_run
from rbrctl.grading.summary import RunSummary
from rbrctl.records.models import LAZY_REFUSED, Result, Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.ruleset.model import RuleSet
from rbrctl.scoring.repeats import FlipTally
from rbrctl.wording import counted, did_you_mean, hint_for

SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class GradeReporter:
    """Grades as the settings say, and reports what came of it."""

    settings: RunSettings
    output: Output

    @property
    def ruleset(self) -> RuleSet:
        """The rules that judge."""
        return self.settings.judge.ruleset

    def grade(
        self,
        transcripts: Iterable[Transcript],
        request: ScoreRequest,
        problems: ProblemLog,
        source: str,
    ) -> ExitCode:
        """
        Grade a stream of transcripts, report the tables, and say what is missing.

        ``source`` names where the transcripts come from. Raises NothingMatchedError if there are
        none.
        """
        lazily = self.settings.options.ask is Ask.LAZY
        if lazily and request.gates.any:
            raise UsageError(f"gates and --ask lazy: {LAZY_REFUSED}")
        tally = request.tally(self.settings.judge, self.settings.options.decoder)
        repeated = FlipTally()
        with Progress(self.output, "graded") as progress:

            def take(result: Result) -> None:
                tally.add(result)
                repeated.add(result)
                progress.advance()

            summary, spent = asyncio.run(self._run(transcripts, take))
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
        if lazily:
            self.output.talk("asked lazily: figures for propositions and rules are biased")
        codes.append(report_score(self.output, score, request, repeated.rates()))
        if summary.by_category:
            classes = counted(summary.by_category, "response class", "response classes")
            self.output.talk(f"{classes} told by category, as the policy of the rules has it")
        return gravest(*codes)

    def grade_one(self, transcript: Transcript, format_: str) -> ExitCode:
        """Grade and report a single case."""
        found: list[Result] = []
        summary, spent = asyncio.run(self._run([transcript], found.append))
        if spent is not None:
            return self._say_spent(spent, summary)
        report_case(self.output, self.ruleset, self.settings.options.decoder, found[0], format_)
        return self._say_what_is_missing(summary)

    async def _run(
        self, transcripts: Iterable[Transcript], take: Callable[[Result], None]
    ) -> tuple[RunSummary, BudgetSpentError | None]:
        """Run the engine; return what was done, and the error of a budget that ended the run."""
        summary = RunSummary()
        notes: tuple[str, ...] = ()
        try:
            async with open_run(self.settings, transcripts) as run:
                summary = run.summary
                try:
                    self._say_what_is_asked_again(run)
                    self.output.resume_hint = _resume_hint(self.settings.destination, run)
                    async with aclosing(run.results()) as results:
                        async for result in results:
                            take(result)
                    self._say_what_is_left(run)
                finally:
                    notes = tuple(run.opened.grader.notes)
        except BudgetSpentError as error:
            return summary, error
        finally:
            for note in notes:
                self.output.talk(note)
        return summary, None

    def _say_spent(self, spent: BudgetSpentError, summary: RunSummary) -> ExitCode:
        """Say that a budget ended the run, and whether the next run can continue it."""
        kept = self.output.resume_hint is not None
        what = "goes on from here" if kept else "begins anew, as there is no cache and no -o"
        self.output.warn(f"{spent}: that {what}")
        if not summary.total:
            self.output.warn("no transcript was finished")
        return ExitCode.INCOMPLETE

    def _say_what_is_missing(self, summary: RunSummary) -> ExitCode:
        advice = "give it as response_class or by --response-class"
        inferred = summary.inferred_class or summary.failed_inferences
        if self.ruleset.policy and not inferred:
            advice += ", or let a --model infer it"
        return say_what_is_missing(self.output, summary, self.ruleset, advice)

    def _say_what_is_asked_again(self, run: Run) -> None:
        dropped = run.store.dropped
        if dropped.total:
            lines = "line is" if dropped.total == 1 else "lines are"
            self.output.talk(
                f"{self.settings.destination.path}: {dropped.total:,} {lines} asked again "
                f"({dropped.torn} torn, {dropped.failed} failed, {dropped.stale} stale)"
            )

    def _say_what_is_left(self, run: Run) -> None:
        stored, graded = run.store.count, run.summary.total
        if stored > graded:
            left = counted(stored - graded, "result")
            self.output.talk(
                f"{left} in {self.settings.destination.path} of other transcripts than these "
                f"{graded:,}: kept, and counted by 'score'; --overwrite leaves them out"
            )


def _resume_hint(destination: Destination, run: Run) -> str | None:
    if destination.path is not None:
        return "run the same command again: it goes on where this one stopped"
    if run.opened.keeps_answers:
        return "run the same command again: the answers so far are in the cache"
    return None


def say_what_is_missing(
    output: Output,
    summary: RunSummary,
    ruleset: RuleSet,
    advice: str = "give it as response_class",
) -> ExitCode:
    """Say once of each kind what makes a run incomplete; ``advice`` says how to give classes."""
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
        kinds = summary.failure_kinds.most_common(SHOWN_NAMES)
        listed = "; ".join(f"{count:,} times '{kind}'" for kind, count in kinds)
        output.warn(
            f"{counted(failed, 'answer')} failed; the first: {summary.first_failure}"
            + (f"; in all {listed}" if failed > 1 else "")
        )
    if summary.low_mass:
        output.warn(
            f"{counted(summary.low_mass, 'answer')} with a low mass: yes and no together had less "
            "than half of the probability, so the model may not have answered the question"
        )
    return ExitCode.YES if summary.complete else ExitCode.INCOMPLETE
