"""What is known about an endpoint with one model."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode

PARSER_VERSION = 1
"""Part of every cache key; raised if replies or quotes are read differently than before."""
TEXT_PARSER_VERSION = 2
"""
The same for answers that are read from plain text.

Version 1 took a conditional, quoted or corrected yes for a yes. The cache keeps no raw texts, so
those answers have to be asked again; what other modes have answered stays valid.
"""
_READ_FROM_TEXT = frozenset({Mode.TEXT.value, Mode.VOTES.value})
MOST_TOP_LOGPROBS = 20
TOKEN_FIELDS = frozenset({"max_completion_tokens", "max_tokens"})
QUESTION_KEY_BYTES = 8
"""The bytes of a cache key that tell apart the questions about one transcript."""


def parser_version(source: str) -> int:
    """Return the version of the parser that reads the answers of a mode, named by its value."""
    return TEXT_PARSER_VERSION if source in _READ_FROM_TEXT else PARSER_VERSION


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What requests may contain so that this endpoint accepts them.

    The defaults are right for OpenAI's current chat models.
    """

    mode: Mode = Mode.LOGPROBS
    token_fields: tuple[str, ...] = ("max_completion_tokens",)
    """The fields that cap the output: both if a server may ignore one, none if it refuses both."""
    top_logprobs: int = MOST_TOP_LOGPROBS
    """How many alternatives the probe found to be accepted; part of every question's digest."""
    allowed_top_logprobs: int = 0
    """
    How many a server turned out to accept in the middle of a run; 0 if it did not object.

    It is kept apart from ``top_logprobs``, since the digests of answers that are paid for and lie
    in the cache hold that number.
    """
    temperature: bool = True
    seed: bool = True
    system_role: bool = True
    """False if the chat format has no system turn: its text then opens the first user turn."""
    reasoning: bool = False
    """True if the model thinks first, so that a cap of a few tokens would cut off its answer."""
    unsure: bool = False
    """True if it answered neither of two easy questions with yes or no, whatever the mode."""
    max_questions: int = 0
    """Questions per call in the modes decisions and systemone; 0 for the mode's own limit."""

    @property
    def asked_top_logprobs(self) -> int:
        """The number of alternatives to ask for."""
        return self.allowed_top_logprobs or self.top_logprobs

    def sampling(self, settings: EndpointSettings, cap: int, default: float) -> dict[str, Any]:
        """
        Return the sampling fields of a chat request.

        ``cap`` is the largest number of tokens that an answer needs; ``default`` is the
        temperature if the user has set none.
        """
        fields: dict[str, Any] = {}
        most = settings.max_tokens or (None if self.reasoning else cap)
        if most is not None:
            fields.update(dict.fromkeys(self.token_fields, most))
        if self.temperature:
            wanted = settings.temperature
            fields["temperature"] = default if wanted is None else wanted
        if self.seed and settings.seed is not None:
            fields["seed"] = settings.seed
        return fields | dict(settings.extra_body)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that ``from_json`` reads."""
        return asdict(self) | {"mode": self.mode.value, "token_fields": list(self.token_fields)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Capabilities":
        """Read what ``to_json`` wrote. Raises KeyError, TypeError or ValueError for other data."""
        known = cls(**data)
        for each in fields(cls):
            value, default = getattr(known, each.name), each.default
            wanted = (
                list
                if isinstance(default, tuple)
                else str
                if default is Mode.LOGPROBS
                else type(default)
            )
            if type(value) is not wanted:
                raise TypeError(f"{each.name} is a {type(value).__name__}")
        limits = (known.top_logprobs, known.allowed_top_logprobs or 1)
        if not all(1 <= limit <= MOST_TOP_LOGPROBS for limit in limits):
            raise ValueError("a number of alternatives that no server has")
        if not 0 <= known.max_questions <= 4096:
            raise ValueError("a number of questions that is no limit")
        if not set(known.token_fields) <= TOKEN_FIELDS:
            raise ValueError("a field that caps no output")
        return replace(known, mode=Mode(known.mode), token_fields=tuple(known.token_fields))
