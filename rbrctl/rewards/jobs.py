"""Jobs: completions made ready to be scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rbrctl.errors import RecordError, UsageError
from rbrctl.records.messages import read_messages
from rbrctl.records.models import Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.function import RewardFunction

Conversation = str | Sequence[Mapping[str, Any]]
"""A text, or a list of messages with ``role`` and ``content``."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """A transcript to score under a response class that has been resolved."""

    transcript: Transcript
    response_class: str
    rm_score: float = 0.0

    @property
    def key(self) -> Key:
        """What decides the rules' part of its reward."""
        return self.transcript.content_digest, self.response_class


class JobMaker:
    """Turns what trainers and requests bring into jobs."""

    def __init__(self, function: RewardFunction, response_class: str | None = None) -> None:
        """
        Take the reward function, and the class of completions that come without one.

        Raises UsageError for a class that the weights do not cover.
        """
        self._function = function
        self.response_class = function.resolve(response_class) if response_class else None

    def __call__(
        self,
        prompt: Conversation,
        completion: Conversation,
        response_class: str | None = None,
        rm_score: float = 0.0,
    ) -> Job:
        """
        Make a job.

        Raises UsageError for an unknown response class or none, and RecordError for a prompt or
        completion that is no conversation.
        """
        if response_class:
            resolved = self._function.resolve(response_class)
        elif self.response_class:
            resolved = self.response_class
        else:
            raise UsageError(
                "a completion came without a response class: give each its own, as response_class "
                "in a request or a column of the data, or one for all"
            )
        messages = read_messages(_plain(completion), "completion", "assistant")
        if not messages:
            raise RecordError("completion has no message")
        transcript = make_transcript(
            read_messages(_plain(prompt), "prompt", "user"), messages, resolved
        )
        return Job(transcript, resolved, rm_score)


def _plain(value: Conversation) -> object:
    """Take tuples of messages as well as lists; what is neither is refused further on."""
    return list(value) if isinstance(value, tuple) else value
