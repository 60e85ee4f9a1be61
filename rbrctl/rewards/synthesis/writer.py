"""The model that writes completions."""

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat_asker import CHAT_PATH
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.failures import CallError
from rbrctl.graders.endpoint.settings import EndpointSettings

DEFAULT_TOKENS = 1024
TEMPERATURE = 1.0


class WritingError(Exception):
    """One completion could not be written."""


class Writer(Protocol):
    """Writes a completion to a request."""

    async def write(self, messages: Sequence[Mapping[str, str]]) -> str:
        """
        Write one completion.

        Raises WritingError where this one failed, and GraderError where going on is pointless.
        """
        ...


class EndpointWriter:
    """Has a chat endpoint write."""

    def __init__(
        self, client: Client, settings: EndpointSettings, capabilities: Capabilities
    ) -> None:
        """Take an open client, and what is known of the endpoint."""
        self._client = client
        self._settings = settings
        self._capabilities = capabilities

    async def write(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Ask for one sample. Raises WritingError, GraderError."""
        body = {"model": self._settings.model, "messages": list(messages)}
        body |= self._capabilities.sampling(self._settings, DEFAULT_TOKENS, TEMPERATURE)
        sent = json.dumps(body, ensure_ascii=False).encode()
        try:
            reply = await self._client.call(CHAT_PATH, lambda: sent, tokens=len(sent) // 4)
        except CallError as error:
            raise WritingError(str(error)) from error
        return _text_of(reply)


def _text_of(reply: Mapping[str, object]) -> str:
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise WritingError("the reply has no message")
    if choice.get("finish_reason") == "length":
        raise WritingError(
            "the reply was cut off: give it more room with --max-tokens (--writer-tokens where "
            "--writer names the model)"
        )
    content = choice["message"].get("content")
    if not isinstance(content, str) or not content.strip():
        raise WritingError("the reply has no text")
    return content.strip()
