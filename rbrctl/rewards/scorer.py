"""Scoring transcripts: a grader's answers turned into rewards, each transcript graded once."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader
from rbrctl.grading.engine import Engine, EngineOptions
from rbrctl.rewards.function import Reward, RewardFunction
from rbrctl.rewards.jobs import Job, Key

CACHE_SIZE = 100_000


@dataclass(slots=True)
class Counts:
    """Counts of what a scorer has done."""

    scored: int = 0
    cached: int = 0
    ungraded: int = 0


class Scorer:
    """
    Scores transcripts with one grader and one reward function.

    Rewards of what could be graded are remembered; the same transcript asked for twice at once is
    graded once. It lives in one event loop.
    """

    def __init__(
        self, function: RewardFunction, grader: Grader, cache_size: int = CACHE_SIZE
    ) -> None:
        """Take the reward function, an open grader, and how many rewards are remembered."""
        self.function = function
        self.grader = grader
        self.counts = Counts()
        self._cache: OrderedDict[Key, Reward] = OrderedDict()
        self._cache_size = cache_size
        self._running: dict[Key, asyncio.Task[Reward | None]] = {}
        needs = {name: function.propositions(name) for name in function.response_classes}
        self._engine = Engine(
            function.judge, grader, EngineOptions(needs=needs, shows_thinking=True)
        )

    def remembered(self, job: Job) -> Reward | None:
        """Return the reward of a job that was graded before, otherwise None."""
        reward = None if job.unfinished else self._cache.get(job.key)
        if reward is None:
            return None
        self._cache.move_to_end(job.key)
        self.counts.cached += 1
        self.counts.scored += 1
        return _with_score(reward, job.rm_score)

    async def score(self, jobs: Sequence[Job]) -> list[Reward | None]:
        """
        Return the rewards of jobs, in order; None for those that could not be graded.

        Raises GraderError if the grader cannot go on.
        """
        rewards: list[Reward | None] = [self.remembered(job) for job in jobs]
        waiting = [index for index, reward in enumerate(rewards) if reward is None]
        tasks = [self._task(jobs[index]) for index in waiting]
        for index, reward in zip(waiting, await _all(tasks), strict=True):
            self.counts.scored += 1
            self.counts.ungraded += reward is None
            rewards[index] = reward and _with_score(reward, jobs[index].rm_score)
        return rewards

    async def close(self) -> None:
        """End what is running and close the grader."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self.grader.close()

    def _task(self, job: Job) -> "asyncio.Task[Reward | None]":
        task = self._running.get(job.key)
        if task is None:
            task = asyncio.create_task(self._grade(job))
            self._running[job.key] = task
            task.add_done_callback(lambda _: self._running.pop(job.key, None))
        return task

    async def _grade(self, job: Job) -> Reward | None:
        if job.unfinished:
            return None
        needed = self.function.propositions(job.response_class)
        if not all(name in self.grader.question_digests for name in needed):
            return None
        result = await self._engine.answered(job.transcript)
        probabilities = {
            name: answer.probability
            for name, answer in result.answers.items()
            if answer.probability is not None
        }
        reward = self.function.reward(job.response_class, probabilities)
        if reward is not None:
            self._remember(job.key, reward)
        return reward

    def _remember(self, key: Key, reward: Reward) -> None:
        self._cache[key] = reward
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)


async def _all(tasks: Iterable["asyncio.Task[Reward | None]"]) -> list[Reward | None]:
    """Wait for tasks that others may be waiting for too: shielded from our own cancellation."""
    return list(await asyncio.gather(*(asyncio.shield(task) for task in tasks)))


def _with_score(reward: Reward, rm_score: float) -> Reward:
    if rm_score == reward.rm_score:
        return reward
    return replace(reward, total=rm_score + reward.rules, rm_score=rm_score)


def unanswerable(
    function: RewardFunction, grader: Grader, response_class: str | None = None
) -> dict[str, list[str]]:
    """
    Return the response classes that cannot be graded, with the propositions that are unknown.

    Raises UsageError if no class can be graded, or if ``response_class`` cannot, which is that of
    all completions.
    """
    known = grader.question_digests
    missing = {
        name: [each for each in function.propositions(name) if each not in known]
        for name in function.response_classes
    }
    found = {name: unknown for name, unknown in missing.items() if unknown}
    if response_class in found or (found and len(found) == len(missing)):
        name = response_class if response_class in found else next(iter(found))
        raise UsageError(f"{explained(name, found[name])}{_advice(grader)}")
    return found


def _advice(grader: Grader) -> str:
    if grader.identity.kind != "embedded":
        return ""
    return "; the embedded one answers those with cues, and those that its model was trained on"


def explained(response_class: str, unknown: list[str]) -> str:
    """Return a message that a class cannot be graded, and why."""
    shown = ", ".join(unknown[:10]) + (", ..." if len(unknown) > 10 else "")
    return f"no completion of {response_class} can be graded: the grader cannot answer {shown}"
