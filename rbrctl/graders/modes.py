"""The ways to ask an endpoint, apart from what they need, so that help pages start fast."""

from enum import StrEnum


class Mode(StrEnum):
    """How an endpoint is asked; each but ``auto`` is also the source of its answers."""

    AUTO = "auto"
    DECISIONS = "decisions"
    SYSTEMONE = "systemone"
    LOGPROBS = "logprobs"
    SCHEMA = "schema"
    VOTES = "votes"
    TEXT = "text"
