"""One run of ``reward synth``: what is left to do, what it takes, and doing it."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.errors import BudgetSpentError
from rbrctl.reports.reward_synth import Forecast
from rbrctl.rewards.synthesis.models import OpenModels, SynthesisModels

if TYPE_CHECKING:
    from rbrctl.records.models import Result, Transcript
    from rbrctl.records.results_store import ResultsStore
    from rbrctl.rewards.synthesis.assignment import Assignment
    from rbrctl.rewards.synthesis.checker import Checker
    from rbrctl.rewards.synthesis.run import Summary
    from rbrctl.rewards.synthesis.store import CompletionStore
    from rbrctl.ruleset.verdict import Judge


class SynthesisWork:
    """What is left of the assignments, with what an earlier run has kept."""

    def __init__(
        self,
        judge: "Judge",
        models: SynthesisModels,
        store: "CompletionStore",
        drawn: "Sequence[Assignment]",
        attempts: int,
        retry_failed: bool,
    ) -> None:
        """Part them into those that are there, those that were given up and those to write."""
        self._judge = judge
        self._models = models
        self._store = store
        self._drawn = drawn
        self._attempts = attempts
        self._retry_failed = retry_failed
        self._to_write: list[Assignment] = []
        self._given_up: list[Assignment] = []
        for each in drawn:
            tried = store.tries.of(each.id)
            if each.id not in store.kept:
                over = tried.used >= attempts and not tried.waiting
                given_up = over and not retry_failed
                (self._given_up if given_up else self._to_write).append(each)

    async def forecast(self) -> Forecast:
        """Tell what it takes; nobody is asked. Raises GraderError, FileError."""
        from rbrctl.graders.endpoint.usage import Prices
        from rbrctl.rewards.synthesis.cost import Estimator
        from rbrctl.rewards.synthesis.writer import DEFAULT_TOKENS

        models = self._models
        grader = await models.offline_grader()
        try:
            most = models.writer.max_tokens or DEFAULT_TOKENS
            estimator = Estimator(self._judge, most, grader)
            left = {each.id: self._left(each) for each in self._to_write}
            # A text that an earlier run has left is only graded.
            waiting = {id: len(self._store.tries.of(id).waiting) for id in left}
            next_ = {id: int(not waiting[id]) for id in left}
            return Forecast(
                completions=len(self._to_write),
                kept=len(self._drawn) - len(self._to_write) - len(self._given_up),
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

    def _left(self, assignment: "Assignment") -> int:
        """How many tries an assignment has left."""
        tried = self._store.tries.of(assignment.id)
        if tried.used >= self._attempts:
            return 0 if tried.waiting else self._attempts
        return self._attempts - tried.used

    async def run(
        self, output: Output, results: str | None, overwrite: bool
    ) -> "tuple[Summary, dict[str, Any]]":
        """Do it; gives what was done, and what each model has used. Raises GraderError."""
        from rbrctl.graders.endpoint.usage import Usage
        from rbrctl.rewards.synthesis.run import Failed, Summary

        summary, usages = Summary(), dict[str, Usage]()
        if self._to_write or results is not None:
            try:
                async with self._models.opened(output, usages) as opened:
                    summary = await self._work(output, opened, results, overwrite)
            except BudgetSpentError as error:
                summary.stopped = str(error)
        summary.wanted = len(self._drawn)
        for each in self._given_up:
            tried = self._store.tries.of(each.id)
            reason = f"{tried.reason} (in an earlier run; --retry-failed begins anew)"
            summary.failed.append(Failed(each.id, each.target.rank, tried.used, reason))
        return summary, {of: usage.summary() for of, usage in usages.items()}

    async def _work(
        self, output: Output, models: OpenModels, results: str | None, overwrite: bool
    ) -> "Summary":
        from rbrctl.rewards.synthesis.checker import Checker
        from rbrctl.rewards.synthesis.run import SynthesisRun

        checker = Checker(self._judge, models.grader)
        for name in dict.fromkeys(each.response_class for each in self._drawn):
            checker.require(name)
        if self._retry_failed:
            self._begin_anew()
        with self._results(results, models, overwrite) or nullcontext() as store:
            if store is not None:
                await self._catch_up(checker, store)
            with Progress(output, "written", len(self._to_write)) as progress:

                def accepted(transcript: "Transcript", result: "Result") -> None:
                    if store is not None:
                        store.append(result)
                    progress.advance()

                run = SynthesisRun(
                    self._judge.ruleset,
                    models.writer,
                    checker,
                    self._store,
                    self._attempts,
                    self._models.writer.concurrency,
                )
                return await run.run(self._to_write, accepted)

    def _begin_anew(self) -> None:
        for each in self._to_write:
            tried = self._store.tries.of(each.id)
            if tried.used >= self._attempts and not tried.waiting:
                self._store.tries.begin_anew(each.id)

    def _results(
        self, path: str | None, models: OpenModels, overwrite: bool
    ) -> "ResultsStore | None":
        from rbrctl.grading.engine import current_for
        from rbrctl.records.models import RuleSetIdentity
        from rbrctl.records.results_store import open_results

        if path is None:
            return None
        grader, ruleset = models.grader, RuleSetIdentity.of(self._judge.ruleset)
        # What is torn or stale in an earlier run's file is made again.
        return open_results(
            path, ruleset, grader.identity, current_for(grader), lambda problem: None, overwrite
        )

    async def _catch_up(self, checker: "Checker", store: "ResultsStore") -> None:
        """Have the results of completions that an earlier run has kept, where they lack."""
        from rbrctl.rewards.together import together

        lacking = [
            transcript
            for each in self._drawn
            if (transcript := self._store.kept.get(each.id)) is not None
            and store.kept(transcript.id, transcript.content_digest) is None
        ]

        async def grade(transcript: "Transcript") -> None:
            store.append(await checker.grade(transcript))

        await together(grade(each) for each in lacking)
