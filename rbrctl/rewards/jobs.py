"""Jobs: completions that are ready to be scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from rbrctl.errors import RecordError, UsageError
from rbrctl.grading.classes import CategoryClassResolver
from rbrctl.records.messages import read_messages
from rbrctl.records.models import Message, Transcript
from rbrctl.records.problems import quoted, shown
from rbrctl.records.thinking import opens_thinking, without_thinking
from rbrctl.records.transcripts import ASSISTANT, make_transcript
from rbrctl.rewards.function import RewardFunction

Conversation = str | Sequence[Mapping[str, Any]]
"""A text, or a list of messages with ``role`` and ``content``."""

Key = tuple[str, str]


class Reasoning(StrEnum):
    """The treatment of thinking (see ``records.thinking``): dropped, or judged as well."""

    DROP = "drop"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Job:
    """A transcript to score under a response class that has been resolved."""

    transcript: Transcript
    response_class: str
    rm_score: float = 0.0
    unfinished: bool = False
    """True if it ends inside its thinking: there is no reply, so it cannot be graded."""

    @property
    def key(self) -> Key:
        """Everything that the rules' part of its reward depends on."""
        return self.transcript.content_digest, self.response_class


class JobMaker:
    """Makes jobs from the prompts and completions of trainers and requests."""

    def __init__(
        self,
        function: RewardFunction,
        response_class: str | None = None,
        reasoning: str = Reasoning.DROP,
    ) -> None:
        """
        Take the reward function, and the class of completions that come without one.

        ``reasoning`` says whether a leading block of thinking (see ``records.thinking``) is
        dropped, or judged with the rest. Raises UsageError for a class that the weights do not
        cover, and for another word than ``drop`` or ``keep``.
        """
        if reasoning not in tuple(Reasoning):
            raise UsageError(f"reasoning must be drop or keep, not {quoted(reasoning)}")
        self._function = function
        self._reasoning = reasoning
        self._resolver = CategoryClassResolver(function.judge.ruleset)
        self.response_class = function.resolve(response_class) if response_class else None

    def __call__(
        self,
        prompt: Conversation,
        completion: Conversation,
        response_class: str | None = None,
        rm_score: float = 0.0,
        category: str | None = None,
    ) -> Job:
        """
        Return a job.

        Without a response class, the one that the policy gives the category is used, otherwise the
        one for all.

        Raises UsageError for an unknown response class or none, and RecordError for a prompt or
        completion that is no conversation, and for a completion in which the assistant says
        nothing.
        """
        resolved = self._class(response_class, category)
        messages = read_messages(_plain(completion), "completion", ASSISTANT)
        _check_roles(messages)
        opened = isinstance(prompt, str) and opens_thinking(prompt)
        replies = messages if self._reasoning == Reasoning.KEEP else _replies(messages, opened)
        transcript = make_transcript(
            read_messages(_plain(prompt), "prompt", "user"), replies or messages, resolved
        )
        return Job(transcript, resolved, rm_score, unfinished=replies is None)

    def class_or_category(self, text: str | None) -> tuple[str | None, str | None]:
        """Return a text as a response class or as a category, whichever the rules have."""
        if text is None or self._function.judge.ruleset.resolve_response_class(text):
            return text, None
        return (None, text) if self._resolver.class_of(text) else (text, None)

    def _class(self, response_class: str | None, category: str | None) -> str:
        found = response_class or self._resolver.class_of(category)
        if found:
            return self._function.resolve(found)
        if self.response_class:
            return self.response_class
        raise UsageError(
            "a completion came without a response class: give each its own, as response_class "
            "(or a category of the policy) in a request or a column of the data, or one for all"
        )


def _check_roles(messages: Sequence[Message]) -> None:
    """Raise RecordError where no message is the assistant's: an empty text is no completion."""
    if not messages:
        raise RecordError("completion has no message")
    if all(message.role != ASSISTANT for message in messages):
        roles = dict.fromkeys(shown(message.role) for message in messages)
        raise RecordError(
            f"completion has no message of the {ASSISTANT}; its roles are {', '.join(roles)}"
        )


def _replies(messages: tuple[Message, ...], opened: bool) -> tuple[Message, ...] | None:
    """Drop the assistant's thinking; None where one of its messages ends inside it."""
    kept: list[Message] = []
    for message in messages:
        if message.role == ASSISTANT:
            reply = without_thinking(message.content, opened)
            if reply is None:
                return None
            message = replace(message, content=reply)
            opened = False
        kept.append(message)
    return tuple(kept)


def _plain(value: Conversation) -> object:
    """Return tuples of messages as lists; other types are refused later."""
    return list(value) if isinstance(value, tuple) else value
