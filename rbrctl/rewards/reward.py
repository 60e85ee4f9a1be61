"""The reward that a trainer calls: rules, weights and a grader behind one class."""

import asyncio
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader
from rbrctl.rewards.function import Reward, RewardFunction, total_of
from rbrctl.rewards.jobs import Conversation, Job, JobMaker
from rbrctl.rewards.loop_thread import LoopThread
from rbrctl.rewards.scorer import CACHE_SIZE, Scorer
from rbrctl.rewards.weights import Weights
from rbrctl.rewards.weights_file import read_weights
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


class RuleReward:
    """
    Scores completions: call it, or await ``score``; both may be used from any thread or loop.

    ``None`` stands for what could not be graded. The grader runs in a thread of its own; ``close``
    it, or use it in a ``with`` block.
    """

    def __init__(
        self,
        ruleset: RuleSet,
        weights: Weights,
        grader: Grader,
        *,
        response_class: str | None = None,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        """
        Bind rules, weights and a grader.

        ``response_class`` is that of completions that come without one. Raises UsageError where
        the weights are of other rules, or do not cover ``response_class``.
        """
        self.function = RewardFunction(Judge(ruleset), weights)
        self.job = JobMaker(self.function, response_class)
        """Makes ready what ``rewards`` scores, out of a prompt and a completion."""
        self._scorer = Scorer(self.function, grader, cache_size)
        self._thread = LoopThread("rbrctl-reward")

    @classmethod
    def load(
        cls,
        rules: str | Path = "builtin:safety",
        *,
        weights: str | Path | Weights,
        grader: str | Grader = "embedded",
        response_class: str | None = None,
        cache_size: int = CACHE_SIZE,
    ) -> "RuleReward":
        """
        Read rules and weights, and open the grader.

        ``grader`` is ``embedded``, ``embedded:MODEL`` or a grader that was made for these rules.
        Raises RuleSetError, FileError or UsageError.
        """
        ruleset = load(rules)
        if not isinstance(weights, Weights):
            weights = read_weights(weights)
        if isinstance(grader, str):
            grader = open_embedded(grader, ruleset)
        return cls(ruleset, weights, grader, response_class=response_class, cache_size=cache_size)

    async def rewards(self, jobs: Sequence[Job]) -> list[Reward | None]:
        """Score jobs with what each reward is made of. Raises GraderError."""
        return await asyncio.wrap_future(self._thread.submit(self._scorer.score(jobs)))

    async def score(
        self,
        prompts: Sequence[Conversation],
        completions: Sequence[Conversation],
        response_classes: Sequence[str | None] | str | None = None,
    ) -> list[float | None]:
        """Score completions of prompts, in order. Raises as ``JobMaker`` and ``rewards`` do."""
        jobs = self._jobs(prompts, completions, response_classes)
        return [total_of(reward) for reward in await self.rewards(jobs)]

    def __call__(
        self,
        prompts: Sequence[Conversation],
        completions: Sequence[Conversation],
        response_classes: Sequence[str | None] | str | None = None,
    ) -> list[float | None]:
        """Score completions of prompts, in order, and wait for the outcome."""
        jobs = self._jobs(prompts, completions, response_classes)
        return [total_of(reward) for reward in self.rewards_now(jobs)]

    def rewards_now(self, jobs: Sequence[Job]) -> list[Reward | None]:
        """Score jobs and wait for the outcome; not to be called inside the grader's own thread."""
        return self._thread.run(self._scorer.score(jobs))

    def close(self) -> None:
        """Close the grader and end the thread."""
        self._thread.run(self._scorer.close())
        self._thread.close()

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
    ) -> list[Job]:
        if response_classes is None or isinstance(response_classes, str):
            response_classes = [response_classes] * len(completions)
        if not len(prompts) == len(completions) == len(response_classes):
            raise UsageError(
                f"{len(prompts)} prompts, {len(completions)} completions and "
                f"{len(response_classes)} response classes do not belong together"
            )
        rows = zip(prompts, completions, response_classes, strict=True)
        return [self.job(*row) for row in rows]


def open_embedded(spec: str, ruleset: RuleSet) -> Grader:
    """Open the offline grader from ``embedded`` or ``embedded:MODEL``. Raises UsageError."""
    kind, _, model = spec.partition(":")
    if kind != "embedded":
        raise UsageError(
            f"'{spec}' is no grader that can be opened by name: give embedded, embedded:MODEL, or "
            "a grader object"
        )
    embedded = import_module("rbrctl.graders.embedded")
    opened: Grader = embedded.EmbeddedGrader(ruleset, embedded.load_model(model or None))
    return opened
