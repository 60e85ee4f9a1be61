"""What ``grade`` reports about a run: progress, tables, and everything that is missing."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.files import first_problem, report_problems, require_some
from rbrctl.cli.formats import write_report
from rbrctl.cli.graders import tell_note
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.scores import ScoreRequest, report_score, warn_about_anomalies
from rbrctl.errors import BudgetSpentError, NothingMatchedError, UsageError
from rbrctl.grading.judging import AnswerDecoder
from rbrctl.grading.plan import Ask
from rbrctl.grading.run import Destination, Run, RunSettings, estimate_run, open_run
from rbrctl.grading.summary import RunSummary
from rbrctl.records.models import LAZY_REFUSED, Result, Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.ruleset.model import RuleSet
from rbrctl.scoring.repeats import FlipTally
from rbrctl.wording import counted


@dataclass(frozen=True, slots=True)
class GradeReporter:
    """Grades transcripts with some settings, and reports the results."""

    settings: RunSettings
    output: Output

    @property
    def ruleset(self) -> RuleSet:
        """The rule set that judges."""
        return self.settings.judge.ruleset

    def grade(
        self,
        transcripts: Iterable[Transcript],
        request: ScoreRequest,
        problems: ProblemLog,
        source: str,
    ) -> ExitCode:
        """
        Grade a stream of transcripts, and report the tables and what is missing.

        ``source`` names the file of the transcripts in messages. Raises NothingMatchedError if it
        has none.
        """
        lazily = self.settings.options.ask is Ask.LAZY
        if lazily and request.gates.any:
            raise UsageError(f"gates cannot be used with --ask lazy: {LAZY_REFUSED}")
        tally = request.tally(self.settings.judge, self.settings.options.decoder)
        repeated = FlipTally()
        with Progress(self.output, "graded") as progress:

            def take(result: Result) -> None:
                tally.add(result)
                repeated.add(result)
                progress.advance()

            summary, spent = asyncio.run(self._run(transcripts, take))
        codes = [report_problems(self.output, problems, "run")]
        codes.append(self._report_gaps(summary))
        if spent is not None:
            codes.append(self._report_spent_budget(spent, summary))
        elif not summary.total:
            raise NothingMatchedError(f"{source}: no transcripts{first_problem(problems)}")
        if not summary.total:
            return worst_exit_code(*codes)
        if summary.kept:
            self.output.info(f"{counted(summary.kept, 'result')} of an earlier run kept")
        score = tally.score()
        warn_about_anomalies(self.output, score)
        if lazily:
            self.output.info(
                "the grader was asked lazily: the figures of propositions and rules are biased"
            )
        codes.append(report_score(self.output, score, request, repeated.rates()))
        if summary.by_category:
            classes = counted(summary.by_category, "response class was", "response classes were")
            self.output.info(f"{classes} taken from the category, by the policy of the rules")
        return worst_exit_code(*codes)

    def grade_one(self, transcript: Transcript, format_: str) -> ExitCode:
        """Grade and report a single transcript."""
        found: list[Result] = []
        summary, spent = asyncio.run(self._run([transcript], found.append))
        if spent is not None:
            return self._report_spent_budget(spent, summary)
        report_case(self.output, self.ruleset, self.settings.options.decoder, found[0], format_)
        return self._report_gaps(summary)

    async def _run(
        self, transcripts: Iterable[Transcript], take: Callable[[Result], None]
    ) -> tuple[RunSummary, BudgetSpentError | None]:
        """Run the engine; return what was done, and the error if the budget ended the run."""
        summary = RunSummary()
        settings = replace(self.settings, on_note=partial(tell_note, self.output))
        try:
            async with open_run(settings, transcripts) as run:
                summary = run.summary
                self._report_dropped_lines(run)
                self.output.resume_hint = _resume_hint(self.settings.destination, run)
                async with aclosing(run.results()) as results:
                    async for result in results:
                        take(result)
                self._report_other_results(run)
        except BudgetSpentError as error:
            return summary, error
        return summary, None

    def _report_spent_budget(self, spent: BudgetSpentError, summary: RunSummary) -> ExitCode:
        """Warn that the budget ended the run, and tell whether a later run can continue it."""
        kept = self.output.resume_hint is not None
        what = "continues here" if kept else "starts again, because there is no cache and no -o"
        self.output.warn(f"{spent}: that {what}")
        if not summary.total:
            self.output.warn("no transcript was finished")
        return ExitCode.INCOMPLETE

    def _report_gaps(self, summary: RunSummary) -> ExitCode:
        advice = "give the class as response_class or with --response-class"
        inferred = summary.inferred_class or summary.failed_inferences
        if self.ruleset.policy and not inferred:
            advice += ", or let a model (--model) infer it"
        return report_gaps(self.output, summary, self.ruleset, advice)

    def _report_dropped_lines(self, run: Run) -> None:
        dropped = run.store.dropped
        if dropped.total:
            results = counted(dropped.total, "result is", "results are")
            self.output.info(
                f"{self.settings.destination.path}: {results} graded again ({dropped.torn} "
                f"incomplete, {dropped.failed} failed, {dropped.stale} out of date)"
            )

    def _report_other_results(self, run: Run) -> None:
        stored, graded = run.store.count, run.summary.total
        if stored > graded:
            others = counted(stored - graded, "result", "results")
            self.output.info(
                f"{self.settings.destination.path} also has {others} of other transcripts than "
                f"these {graded:,}; 'score' counts them, and --overwrite removes them"
            )


def _resume_hint(destination: Destination, run: Run) -> str | None:
    if destination.path is not None:
        return "run the same command again: it continues where this run stopped"
    if run.opened.keeps_answers:
        return "run the same command again: the answers so far are in the cache"
    return None


def report_gaps(
    output: Output,
    summary: RunSummary,
    ruleset: RuleSet,
    advice: str = "give each one a response_class",
) -> ExitCode:
    """Report what is missing in a run; the exit code is INCOMPLETE if anything is."""
    from rbrctl.reports.run_gaps import run_gaps

    gaps = run_gaps(summary, ruleset, advice)
    for warning in gaps.warnings:
        output.warn(warning)
    for note in gaps.notes:
        output.info(note)
    return ExitCode.YES if summary.complete else ExitCode.INCOMPLETE


def report_estimate(
    output: Output,
    settings: RunSettings,
    transcripts: Iterable[Transcript],
    problems: ProblemLog,
    source: str,
    format_: str,
) -> ExitCode:
    """Report what a run would ask and cost, without asking anything."""
    from rbrctl.reports.graders import estimate_report

    estimate, cost = asyncio.run(estimate_run(settings, transcripts))
    require_some(estimate.transcripts, problems, "transcripts", source)
    lazy = settings.options.ask is Ask.LAZY
    write_report(output, estimate_report(estimate, cost, lazy=lazy), format_)
    return report_problems(output, problems, "estimate")


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
