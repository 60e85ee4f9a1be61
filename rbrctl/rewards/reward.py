"""The reward that a trainer calls: rules, weights and a grader behind one class."""

import asyncio
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader, OpenGrader
from rbrctl.graders.registry import GraderChoice, opener_of
from rbrctl.grading.loop_thread import LoopThread
from rbrctl.rewards.function import Reward, RewardFunction, total_of
from rbrctl.rewards.jobs import Conversation, Job, JobMaker, Reasoning
from rbrctl.rewards.scorer import CACHE_SIZE, Scorer, explained, unanswerable
from rbrctl.rewards.weights import Weights, read_weights
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


async def _opened(open_grader: OpenGrader) -> Grader:
    return (await open_grader((), False)).grader


class RuleReward:
    """
    Scores completions: call it, or await ``score``; both may be used from any thread or loop.

    ``None`` stands for what could not be graded. The grader runs in a thread of its own; ``close``
    it, or use it in a ``with`` block. A process that is forked off makes its own.
    """

    def __init__(
        self,
        ruleset: RuleSet,
        weights: Weights,
        grader: GraderChoice,
        *,
        response_class: str | None = None,
        cache_size: int = CACHE_SIZE,
        answers: str | Path | None = None,
        reasoning: str = Reasoning.DROP,
    ) -> None:
        """
        Bind rules, weights and a grader.

        ``response_class`` is that of completions that come without one, ``cache_size`` how many
        rewards are remembered, and ``answers`` a file that keeps an endpoint's answers for later
        runs. ``reasoning`` says whether a leading block of thinking is dropped, as a completion is
        what the user sees, or kept and judged with the rest; a completion that ends inside the
        block has no reply yet, and None for its reward. Warns of response classes that need what
        the grader cannot answer. Raises UsageError where that is all of them or ``response_class``,
        where the weights are of other rules or do not cover ``response_class``, and what
        opening the grader raises.
        """
        self.function = RewardFunction(Judge(ruleset), weights)
        self.job = JobMaker(self.function, response_class, reasoning)
        """Makes the jobs that ``rewards`` scores from prompts and completions."""
        self._thread = LoopThread("rbrctl-reward", "reward")
        try:
            opened = self._thread.run(_opened(opener_of(grader, ruleset, answers)))
        except BaseException:
            self._thread.close()
            raise
        self._scorer = Scorer(self.function, opened, cache_size)
        try:
            for name, unknown in unanswerable(
                self.function, opened, self.job.response_class
            ).items():
                warnings.warn(explained(name, unknown), stacklevel=2)
        except BaseException:
            self.close()
            raise

    @classmethod
    def load(
        cls,
        rules: str | Path = "builtin:safety",
        *,
        weights: str | Path | Weights,
        grader: GraderChoice = "embedded",
        response_class: str | None = None,
        cache_size: int = CACHE_SIZE,
        answers: str | Path | None = None,
        reasoning: str = Reasoning.DROP,
    ) -> "RuleReward":
        """
        Read rules and weights, and open the grader; the rest is as in the constructor.

        Raises RuleSetError, FileError, UsageError or GraderError.
        """
        if not isinstance(weights, Weights):
            weights = read_weights(weights)
        return cls(
            load(rules),
            weights,
            grader,
            response_class=response_class,
            cache_size=cache_size,
            answers=answers,
            reasoning=reasoning,
        )

    async def rewards(self, jobs: Sequence[Job]) -> list[Reward | None]:
        """Return the rewards of jobs with their parts. Raise GraderError."""
        return await asyncio.wrap_future(self._thread.submit(self._scorer.score(jobs)))

    async def score(
        self,
        prompts: Sequence[Conversation],
        completions: Sequence[Conversation],
        response_classes: Sequence[str | None] | str | None = None,
        categories: Sequence[str | None] | str | None = None,
    ) -> list[float | None]:
        """Score completions of prompts, in order. Raises as ``JobMaker`` and ``rewards`` do."""
        jobs = self._jobs(prompts, completions, response_classes, categories)
        return [total_of(reward) for reward in await self.rewards(jobs)]

    def __call__(
        self,
        prompts: Sequence[Conversation],
        completions: Sequence[Conversation],
        response_classes: Sequence[str | None] | str | None = None,
        categories: Sequence[str | None] | str | None = None,
    ) -> list[float | None]:
        """Return the scores of completions, in order; see ``score``."""
        jobs = self._jobs(prompts, completions, response_classes, categories)
        return [total_of(reward) for reward in self.rewards_now(jobs)]

    def rewards_now(self, jobs: Sequence[Job]) -> list[Reward | None]:
        """Score jobs and wait for the outcome; not to be called inside the grader's own thread."""
        return self._thread.run(self._scorer.score(jobs))

    def close(self) -> None:
        """Close the grader and end the thread; again does nothing."""
        if self._thread.alive:
            self._thread.run(self._scorer.close())
            self._thread.close()

    def __reduce__(self) -> NoReturn:
        """Raise TypeError: a reward has a thread, connections and perhaps a key."""
        raise TypeError(
            "a RuleReward cannot be pickled, as its grader runs in this process: have each process "
            "make its own with RuleReward.load(...)"
        )

    def __enter__(self) -> "RuleReward":
        """Enter a block at whose end it is closed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _jobs(
        self,
        prompts: Sequence[Conversation],
        completions: Sequence[Conversation],
        response_classes: Sequence[str | None] | str | None,
        categories: Sequence[str | None] | str | None,
    ) -> list[Job]:
        columns = {
            "prompts": prompts,
            "completions": completions,
            "response classes": _column(response_classes, len(completions)),
            "categories": _column(categories, len(completions)),
        }
        if len({len(column) for column in columns.values()}) > 1:
            counts = ", ".join(f"{len(column)} {name}" for name, column in columns.items())
            raise UsageError(f"the lists must be of one length, but there are {counts}")
        return [
            self.job(prompt, completion, response_class, category=category)
            for prompt, completion, response_class, category in zip(*columns.values(), strict=True)
        ]


def _column(value: Sequence[str | None] | str | None, count: int) -> Sequence[str | None]:
    """Return one value for each completion: those given, or the same for all."""
    return [value] * count if value is None or isinstance(value, str) else value
