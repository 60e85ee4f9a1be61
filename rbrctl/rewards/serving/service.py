"""Answer the requests of the reward server, independent of the HTTP layer."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from rbrctl.errors import GraderError, RecordError, UsageError
from rbrctl.rewards.adapters.openrlhf import reply_to
from rbrctl.rewards.function import Reward
from rbrctl.rewards.jobs import Job, JobMaker
from rbrctl.rewards.scorer import Scorer
from rbrctl.rewards.serving.access import RefusalError
from rbrctl.rewards.serving.batching import Batcher, OverloadedError
from rbrctl.rewards.serving.metrics import Metrics, metrics_text
from rbrctl.rewards.serving.requests import read_remote_request, read_reward_request
from rbrctl.rewards.serving.settings import Limits

REMEMBERED = 1024
"""Number of parsed requests that are remembered: retries and cached samples come again."""
REMEMBERED_BYTES = 16 * 1024
"""Size of the largest body that is remembered."""

Read = TypeVar("Read")


class Service:
    """Reads the bodies of requests, has their completions scored, and reports metrics."""

    def __init__(
        self,
        scorer: Scorer,
        make_job: JobMaker,
        limits: Limits,
        token: str | None = None,
        *,
        on_ungraded: float | None = None,
        has_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Take the scorer, and what makes jobs of requests.

        Every request except for health must have the ``token``. ``on_ungraded`` is the number that
        OpenRLHF's contract returns for completions that could not be graded. ``has_stopped``
        returns whether the grader has stopped.
        """
        self.limits = limits
        self.token = token
        self.metrics = Metrics()
        self.batcher = Batcher(scorer, limits.waiting, limits.grading_seconds)
        self.has_stopped = has_stopped
        self._scorer = scorer
        self._on_ungraded = on_ungraded
        self._read_reward = _remembering(
            lambda body: read_reward_request(body, make_job, limits.completions)
        )
        self._read_remote = _remembering(
            lambda body: read_remote_request(body, make_job, limits.completions)
        )

    async def reward(self, body: bytes) -> dict[str, Any]:
        """Answer ``/reward``. Raises RefusalError."""
        request = self._read_reward(body)
        rewards = await self._score(request.jobs)
        totals = [None if each is None else each.total for each in rewards]
        reply: dict[str, Any] = {"reward": totals[0]} if request.single else {"rewards": totals}
        if request.details:
            parts = [_details(each) for each in rewards]
            reply["details"] = parts[0] if request.single else parts
        return reply

    async def remote(self, body: bytes) -> dict[str, Any]:
        """Answer OpenRLHF's contract, where every completion has a reward. Raise RefusalError."""
        jobs = self._read_remote(body)
        rewards = await self._score(jobs)
        if self._on_ungraded is None and None in rewards:
            reason = _why_ungraded(jobs[rewards.index(None)])
            raise RefusalError(
                503,
                f"{reason}, and this contract has a number for each: ask again, or have the server "
                "started with --on-ungraded NUMBER",
            )
        return reply_to(rewards, self._on_ungraded)

    async def _score(self, jobs: Sequence[Job]) -> list[Reward | None]:
        """Return the rewards of jobs. Raise RefusalError if the grader fails."""
        try:
            return await self.batcher.score(jobs)
        except OverloadedError:
            raise RefusalError(503, "too many completions are waiting: come again") from None
        except GraderError as error:
            raise RefusalError(503, str(error)) from error
        except TimeoutError:
            raise RefusalError(504, "the grader took too long") from None

    def metrics_page(self) -> str:
        """Return the text of ``/metrics``."""
        counts, waiting = self._scorer.counts, self.batcher.waiting
        asked = ("counter", "Completions that were asked for.", counts.scored)
        cached = ("counter", "Completions whose reward was remembered.", counts.cached)
        ungraded = ("counter", "Completions that could not be graded.", counts.ungraded)
        stopped = ("gauge", "1 while the grader does not answer.", int(self.has_stopped()))
        return metrics_text(
            self.metrics,
            {
                "rbrctl_reward_completions_total": asked,
                "rbrctl_reward_cached_total": cached,
                "rbrctl_reward_ungraded_total": ungraded,
                "rbrctl_reward_waiting": ("gauge", "Completions that wait to be graded.", waiting),
                "rbrctl_reward_grader_stopped": stopped,
            },
        )

    async def close(self) -> None:
        """Cancel what is running, and close the grader."""
        await self.batcher.close()


def _remembering(read: Callable[[bytes], Read]) -> Callable[[bytes], Read]:
    """Return a reader that remembers small bodies and turns mistakes into RefusalError."""
    remembered = lru_cache(REMEMBERED)(read)

    def read_body(body: bytes) -> Read:
        try:
            return remembered(body) if len(body) <= REMEMBERED_BYTES else read(body)
        except RecordError as error:
            raise RefusalError(400, str(error)) from error
        except UsageError as error:
            raise RefusalError(422, str(error)) from error

    return read_body


def _why_ungraded(job: Job) -> str:
    if job.unfinished:
        return "a completion ends inside its thinking, so there is nothing to grade"
    return "a completion could not be graded"


def _details(reward: Reward | None) -> dict[str, Any] | None:
    if reward is None:
        return None
    return {
        "rules": reward.rules,
        "rm_score": reward.rm_score,
        "rank": reward.rank,
        "features": dict(reward.features),
    }
