"""
Have a model write completions of each rank: the whole job, which a later call can continue.

Example::

    writer = EndpointSettings("http://127.0.0.1:8000/v1", "my-model")
    written = write_completions("prompts.jsonl", "completions.jsonl", writer, "rules/")
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from rbrctl.errors import BudgetSpentError, NothingMatchedError
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.endpoint.usage import Prices, Usage
from rbrctl.graders.registry import DEFAULT_KIND, GraderChoice, opener_of
from rbrctl.grading.engine import current_for
from rbrctl.grading.loop_thread import LoopThread
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.models import Result, RuleSetIdentity, Transcript
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.results_store import ResultsStore, open_results
from rbrctl.rewards.progress import StartCounting, count_nothing
from rbrctl.rewards.synthesis.assignment import Assignment, assignments
from rbrctl.rewards.synthesis.checker import Checker
from rbrctl.rewards.synthesis.cost import Estimator, Forecast
from rbrctl.rewards.synthesis.models import OpenModels, SynthesisModels
from rbrctl.rewards.synthesis.prompts import read_prompts
from rbrctl.rewards.synthesis.run import Failed, Summary, SynthesisRun
from rbrctl.rewards.synthesis.store import CompletionStore
from rbrctl.rewards.synthesis.targets import Targets
from rbrctl.rewards.synthesis.writer import DEFAULT_TOKENS
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

DEFAULT_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Written:
    """The completions of a job."""

    completions: Sequence[Transcript]
    """Those of earlier calls included."""
    summary: Summary


def write_completions(
    prompts: DataSource,
    out: str | PathLike[str],
    writer: EndpointSettings,
    rules: str | PathLike[str] | RuleSet = "builtin:safety",
    grader: "GraderChoice | None" = None,
    *,
    attempts: int = DEFAULT_ATTEMPTS,
    seed: int = 0,
    problems: ProblemLog | None = None,
) -> Written:
    """
    Have a model write completions of each rank for prompts, as ``rbrctl reward synth`` does.

    Args:
        prompts: A file of prompts with their response classes or categories.
        out: The file that keeps the completions; every attempt is kept in a file beside it, so
            that a later call continues and pays for nothing twice.
        writer: The endpoint that writes, with the budget for the calls of both models.
        rules: A rule set, a folder of one, or ``builtin:NAME``.
        grader: Checks the completions; see ``rbrctl.grade``. The embedded one by default.
        attempts: The most attempts at each completion, over all calls.
        seed: Seed of the rules that are drawn to be broken.
        problems: Collects the lines that cannot be read; without it, such a line is an error.

    Raises UsageError, FileError, RecordError, GraderError, and NothingMatchedError if there is
    nothing to write. It also works where an event loop is running already, as in a notebook.

    Example::

        written = write_completions("prompts.jsonl", "out.jsonl", writer, "rules/")
        print(len(written.completions), written.summary.failed)

    """
    if not isinstance(rules, RuleSet):
        rules = load(Path(rules) if isinstance(rules, PathLike) else rules)
    judge = Judge(rules)
    rows = read_prompts(prompts, rules, raise_problem if problems is None else problems)
    targets = Targets(judge)
    plan = targets.complete_plan({}, {}, dict.fromkeys(row.response_class or "" for row in rows))
    drawn = assignments(rows, targets, plan, seed)
    if not drawn:
        raise NothingMatchedError(f"{source_name(prompts)}: no prompts in it")
    # With a seed, every attempt would write the same text.
    models = SynthesisModels(
        rules,
        replace(writer, seed=None),
        None,
        False,
        lambda: AnswerCache(None),
        opener_of(grader or DEFAULT_KIND, rules),
    )
    thread = LoopThread("rbrctl-synthesis", "call")
    try:
        with CompletionStore(str(Path(out)), rules) as store:
            store.check(drawn)
            job = SynthesisJob(judge, models, store, drawn, attempts)
            summary = thread.run(job.run({}))
            return Written(
                [store.kept[each.id] for each in drawn if each.id in store.kept], summary
            )
    finally:
        thread.close()


class SynthesisJob:
    """The assignments of a job, and what of them earlier runs have done."""

    def __init__(
        self,
        judge: Judge,
        models: SynthesisModels,
        store: CompletionStore,
        drawn: Sequence[Assignment],
        attempts: int = DEFAULT_ATTEMPTS,
        retry_failed: bool = False,
    ) -> None:
        """Sort the assignments into finished, abandoned and still to be written."""
        self._judge = judge
        self._models = models
        self._store = store
        self._drawn = drawn
        self._attempts = attempts
        self._retry_failed = retry_failed
        self._to_write: list[Assignment] = []
        self._abandoned: list[Assignment] = []
        for each in drawn:
            if each.id not in store.kept:
                abandoned = self._has_used_all(each) and not retry_failed
                (self._abandoned if abandoned else self._to_write).append(each)

    async def forecast(self) -> Forecast:
        """Return what the run may take, without a call. Raise GraderError or FileError."""
        models = self._models
        grader = await models.offline_grader()
        try:
            most = models.writer.max_tokens or DEFAULT_TOKENS
            estimator = Estimator(self._judge, most, grader)
            left = {each.id: self._left(each) for each in self._to_write}
            # A text that an earlier run has left ungraded is only graded.
            waiting = {id: len(self._store.attempts.of(id).waiting) for id in left}
            next_ = {id: int(not waiting[id]) for id in left}
            return Forecast(
                completions=len(self._to_write),
                kept=len(self._drawn) - len(self._to_write) - len(self._abandoned),
                attempts=self._attempts,
                one_try=estimator.total(self._to_write, next_, dict.fromkeys(left, 1)),
                all_tries=estimator.total(
                    self._to_write, left, {id: left[id] + waiting[id] for id in left}
                ),
                writer=models.writer.prices,
                grader=models.endpoint.prices if models.endpoint else Prices(),
            )
        finally:
            if grader is not None:
                await grader.close()

    async def run(
        self,
        usages: dict[str, Usage],
        results: str | None = None,
        overwrite: bool = False,
        start_counting: StartCounting = count_nothing,
    ) -> Summary:
        """
        Write what is still to be written, and return what was done.

        ``usages`` receives what each model uses. ``results`` is a results file for the graded
        completions, which is continued unless ``overwrite`` is true. A budget that is spent ends
        the run, and the summary says so. Raises UsageError, FileError and GraderError.
        """
        summary = Summary()
        if self._to_write or results is not None:
            try:
                async with self._models.opened(usages) as opened:
                    summary = await self._work(opened, results, overwrite, start_counting)
            except BudgetSpentError as error:
                summary.stopped = str(error)
        summary.wanted = len(self._drawn)
        for each in self._abandoned:
            state = self._store.attempts.of(each.id)
            reason = f"{state.reason} (in an earlier run; --retry-failed starts again)"
            summary.failed.append(Failed(each.id, each.target.rank, state.used, reason))
        return summary

    def _has_used_all(self, assignment: Assignment) -> bool:
        """Return whether all attempts are used up, and no text waits to be graded."""
        state = self._store.attempts.of(assignment.id)
        return state.used >= self._attempts and not state.waiting

    def _left(self, assignment: Assignment) -> int:
        """Return how many attempts an assignment has left."""
        if self._has_used_all(assignment):
            return self._attempts
        return max(0, self._attempts - self._store.attempts.of(assignment.id).used)

    async def _work(
        self,
        models: OpenModels,
        results: str | None,
        overwrite: bool,
        start_counting: StartCounting,
    ) -> Summary:
        checker = Checker(self._judge, models.grader)
        for name in dict.fromkeys(each.response_class for each in self._drawn):
            checker.require(name)
        if self._retry_failed:
            for each in self._to_write:
                if self._has_used_all(each):
                    self._store.attempts.reset(each.id)
        with self._open_results(results, models, overwrite) or nullcontext() as store:
            if store is not None:
                await checker.grade_into(self._without_result(store), store)
            with start_counting("written", len(self._to_write)) as counter:
                run = SynthesisRun(
                    self._judge.ruleset,
                    models.writer,
                    checker,
                    self._store,
                    self._attempts,
                    self._models.writer.concurrency,
                )
                return await run.run(self._to_write, _appender(store, counter.advance))

    def _open_results(
        self, path: str | None, models: OpenModels, overwrite: bool
    ) -> ResultsStore | None:
        if path is None:
            return None
        grader, ruleset = models.grader, RuleSetIdentity.of(self._judge.ruleset)
        # A torn or stale line of an earlier run is graded again, so it is no problem to report.
        return open_results(
            path, ruleset, grader.identity, current_for(grader), lambda problem: None, overwrite
        )

    def _without_result(self, store: ResultsStore) -> list[Transcript]:
        """Return the completions of earlier runs whose results are not in the store."""
        return [
            transcript
            for each in self._drawn
            if (transcript := self._store.kept.get(each.id)) is not None
            and store.kept(transcript.id, transcript.content_digest) is None
        ]


def _appender(
    store: ResultsStore | None, advance: Callable[[], None]
) -> Callable[[Transcript, Result], None]:
    """Return what is called with each accepted completion."""

    def accepted(transcript: Transcript, result: Result) -> None:
        if store is not None:
            store.append(result)
        advance()

    return accepted
