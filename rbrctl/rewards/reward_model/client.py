"""A reward model behind a server: the other part of R = R_rm + rules, asked for each completion."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from rbrctl.errors import GraderError
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.failures import HOPELESS_KINDS, Failure, FailureKind
from rbrctl.graders.endpoint.http.address import parse_address
from rbrctl.graders.endpoint.limiter import AdaptiveLimiter
from rbrctl.graders.endpoint.opening import open_transport
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.endpoint.usage import Prices, Usage
from rbrctl.records.models import Transcript
from rbrctl.rewards.pairs.candidates import RM_SCORE
from rbrctl.rewards.progress import StartCounting, count_nothing
from rbrctl.rewards.reward_model.contracts import Unscored, contract_of

T = TypeVar("T")
FAILURES_IN_A_ROW = 20


class RewardModel:
    """
    Asks for one completion a request, several at once.

    How, is told by the address: see ``contract_of``.
    """

    def __init__(self, settings: EndpointSettings) -> None:
        """Take the settings of the server; ``base_url`` is its whole address."""
        address = parse_address(settings.base_url)
        self._where = f"the reward model at {address}"
        self._contract = contract_of(address.path)
        self._path = "" if address.path else "/"
        self._model = settings.model
        self._client = Client(
            open_transport(settings, address),
            where=self._where,
            limiter=AdaptiveLimiter(settings.concurrency),
            usage=Usage(Prices()),
            policy=settings.retry,
            timeout=settings.timeout,
            secrets=settings.secrets,
        )
        self._answered = False
        self._failures_in_a_row = 0

    async def score(self, transcript: Transcript) -> float | Unscored:
        """
        Return the score of a transcript's completion, or why there is none.

        Raises GraderError where going on is pointless: nothing was ever answered and the server is
        not there or refuses the key or the path, or twenty requests have failed in a row.
        """
        body = self._contract.body(transcript, self._model)
        encoded = json.dumps(body, ensure_ascii=False).encode()
        outcome = await self._client.attempt(self._path, lambda: encoded)
        if isinstance(outcome, Failure):
            return self._failed(self._explained(outcome), outcome.kind)
        found = self._contract.score(outcome)
        if isinstance(found, Unscored):
            return self._failed(found.reason, FailureKind.REQUEST)
        self._answered = True
        self._failures_in_a_row = 0
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _explained(self, failure: Failure) -> str:
        """Return what went wrong, with the names of this server's options."""
        if failure.kind is FailureKind.REDIRECT:
            return failure.message.replace("--base-url", "--rm-url")
        if failure.status == 200 and not failure.retryable:
            return f"{failure.message}; {self._contract.advice}"
        return failure.message

    def _failed(self, message: str, kind: FailureKind) -> Unscored:
        self._failures_in_a_row += 1
        hopeless = kind in HOPELESS_KINDS or kind is FailureKind.UNREACHABLE
        if (hopeless and not self._answered) or self._failures_in_a_row >= FAILURES_IN_A_ROW:
            raise GraderError(f"{self._where} (--rm-url): {message}")
        return Unscored(message)


async def with_scores(
    transcripts: Sequence[Transcript],
    model: RewardModel,
    on_unscored: Callable[[Transcript, str], None],
    on_done: Callable[[], None] = lambda: None,
) -> list[Transcript]:
    """
    Put the score that each completion lacks into its ``rm_score``, in order.

    A score that the file holds stays. Completions that get none are left out, and told to
    ``on_unscored`` with the reason. Raises GraderError as ``RewardModel.score`` does.
    """

    async def work(transcript: Transcript) -> Transcript | None:
        found: float | Unscored | None = None
        if transcript.extra.get(RM_SCORE) is None:
            found = await model.score(transcript)
        on_done()
        if isinstance(found, Unscored):
            on_unscored(transcript, found.reason)
            return None
        if found is None:
            return transcript
        return replace(transcript, extra={**transcript.extra, RM_SCORE: found})

    found = await _together(work(each) for each in transcripts)
    return [transcript for transcript in found if transcript is not None]


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """
    Return the results of coroutines that run concurrently, in order.

    The first error cancels the others, which ``asyncio.gather`` alone would leave running.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def score_completions(
    transcripts: Sequence[Transcript],
    reward_model: EndpointSettings,
    unscored: list[str],
    start_counting: StartCounting = count_nothing,
) -> list[Transcript]:
    """
    Return the transcripts with the reward model's score in ``rm_score``, in order.

    A score that a row has already is kept. A transcript that gets no score is left out, and the
    reason is appended to ``unscored``. Raises GraderError if going on is pointless.
    """
    model = RewardModel(reward_model)
    try:
        with start_counting("scored by the reward model", len(transcripts)) as counter:
            return await with_scores(
                transcripts,
                model,
                lambda transcript, reason: unscored.append(reason),
                counter.advance,
            )
    finally:
        await model.close()
