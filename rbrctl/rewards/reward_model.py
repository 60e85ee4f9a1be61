"""A reward model behind a server: the other part of R = R_rm + rules, asked for each completion."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rbrctl.errors import GraderError
from rbrctl.graders.endpoint.address import parse_address
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.failures import HOPELESS_KINDS, Failure, FailureKind
from rbrctl.graders.endpoint.limiter import AdaptiveLimiter
from rbrctl.graders.endpoint.opening import open_transport
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.endpoint.usage import Prices, Usage
from rbrctl.records.models import Message, Transcript
from rbrctl.rewards.candidates import RM_SCORE
from rbrctl.rewards.together import together

POOLING = "/pooling"
FAILURES_IN_A_ROW = 20
LARGEST = 1e9


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why a completion got no score."""

    reason: str


class RewardModel:
    """
    Asks for one completion a request, several at once.

    An address that ends in ``/pooling`` is asked as vLLM's server of pooling models is, with the
    conversation as ``messages``, and the last number of the reply's ``data`` is the score. Any
    other is asked as OpenRLHF asks a remote reward: ``{"query", "prompts", "labels"}``, where the
    query is the prompt's text followed by the response's (ChatML where the prompt is more than one
    message of the user), the label is the response class, and the reply holds ``rewards``.
    """

    def __init__(self, settings: EndpointSettings) -> None:
        """Take where the server is (``base_url`` is the whole address) and its model's name."""
        address = parse_address(settings.base_url)
        self._where = f"the reward model at {address}"
        self._pooling = address.path.endswith(POOLING)
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
        Give the score of a transcript's completion, or why there is none.

        Raises GraderError where going on is pointless: nothing was ever answered and the server is
        not there or refuses the key or the path, or twenty requests have failed in a row.
        """
        body = self._pooling_body(transcript) if self._pooling else _remote_body(transcript)
        encoded = json.dumps(body, ensure_ascii=False).encode()
        outcome = await self._client.attempt(self._path, lambda: encoded)
        if isinstance(outcome, Failure):
            return self._failed(outcome.message, outcome.kind)
        found = _pooled(outcome) if self._pooling else _rewarded(outcome)
        if found is None or not abs(found) <= LARGEST:
            return self._failed("the reply holds no such number as a score", FailureKind.REQUEST)
        self._answered = True
        self._failures_in_a_row = 0
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _pooling_body(self, transcript: Transcript) -> dict[str, Any]:
        messages = [*transcript.prompt, *transcript.completion]
        return {"model": self._model, "messages": [_plain(message) for message in messages]}

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

    found = await together(work(each) for each in transcripts)
    return [transcript for transcript in found if transcript is not None]


def _remote_body(transcript: Transcript) -> dict[str, Any]:
    prompt = _prompt_text(transcript.prompt)
    return {
        "query": [prompt + transcript.completion_text],
        "prompts": [prompt],
        "labels": [transcript.response_class or ""],
    }


def _prompt_text(messages: Sequence[Message]) -> str:
    if len(messages) == 1 and messages[0].role == "user":
        return messages[0].content
    turns = [f"<|im_start|>{each.role}\n{each.content}<|im_end|>\n" for each in messages]
    return "".join(turns) + "<|im_start|>assistant\n"


def _plain(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.content}


def _rewarded(reply: dict[str, Any]) -> float | None:
    rewards = reply.get("rewards")
    return _number(rewards[0]) if isinstance(rewards, list) and len(rewards) == 1 else None


def _pooled(reply: dict[str, Any]) -> float | None:
    """Read the number of a pooled reply, the last where there is one for each token."""
    data = reply.get("data")
    first = data[0] if isinstance(data, list) and len(data) == 1 else None
    value = first.get("data") if isinstance(first, dict) else None
    while isinstance(value, list) and value:
        value = value[-1]
    return _number(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
