"""The model that writes completions."""

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat.asker import CHAT_PATH, without_system
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.failures import CallError
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.rewards.synthesis.reply_text import completion_of

DEFAULT_TOKENS = 1024
TEMPERATURE = 1.0


class NoReplyError(Exception):
    """No reply came to one request: nothing was written, and asking at once again is no use."""


class Writer(Protocol):
    """Writes a completion to a request."""

    async def write(self, messages: Sequence[Mapping[str, str]]) -> str:
        """
        Write one completion.

        Raises WritingError where a reply came that is none, NoReplyError where none came, and
        GraderError where going on is pointless.
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
        """Ask for one sample. Raises WritingError, NoReplyError, GraderError."""
        turns = list(messages) if self._capabilities.system_role else without_system(messages)
        body = {"model": self._settings.model, "messages": turns}
        body |= self._capabilities.sampling(self._settings, DEFAULT_TOKENS, TEMPERATURE)
        sent = json.dumps(body, ensure_ascii=False).encode()
        try:
            reply = await self._client.call(CHAT_PATH, lambda: sent, tokens=len(sent) // 4)
        except CallError as error:
            raise NoReplyError(str(error)) from error
        return completion_of(reply)
