"""Asks one proposition per chat completion: the modes logprobs, schema, votes and text."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat.alternatives import AlternativesLimit
from rbrctl.graders.endpoint.chat.reply import (
    UnreadableError,
    failed_answer,
    read_logprobs,
    read_schema,
    read_text,
)
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.failures import CallError
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode
from rbrctl.graders.prompt.forms import Form, Fragments, form_of, tokens_of
from rbrctl.graders.prompt.messages import JSON_ANSWER, ONE_WORD, chat_messages
from rbrctl.graders.prompt.templates import Layout, question_of
from rbrctl.records.models import Answer
from rbrctl.ruleset.model import RuleSet

CHAT_PATH = "/chat/completions"
LOGPROB_CAP = 4
"""The largest number of tokens of a one-word answer: a blank, markup, a word in two pieces."""
TEXT_CAP = 16
SCHEMA_CAP = 32


def chat_body(
    settings: EndpointSettings,
    capabilities: Capabilities,
    mode: Mode,
    messages: Sequence[Mapping[str, str]],
) -> dict[str, Any]:
    """Return the body of a chat request in a mode, with these messages."""
    turns = list(messages) if capabilities.system_role else without_system(messages)
    body: dict[str, Any] = {"model": settings.model, "messages": turns}
    if mode is Mode.LOGPROBS:
        body |= {"logprobs": True, "top_logprobs": capabilities.top_logprobs}
        return body | capabilities.sampling(settings, LOGPROB_CAP, 0.0)
    if mode is Mode.SCHEMA:
        body["response_format"] = answer_schema(["answer"])
        return body | capabilities.sampling(settings, SCHEMA_CAP, 0.0)
    return body | capabilities.sampling(settings, TEXT_CAP, 1.0 if mode is Mode.VOTES else 0.0)


def without_system(messages: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return messages without a system turn: its text opens the first user turn."""
    system, first, *rest = messages
    return [{"role": "user", "content": f"{system['content']}\n\n{first['content']}"}, *rest]


def answer_schema(names: Sequence[str]) -> dict[str, Any]:
    """Return a response format that answers every name with yes or no."""
    schema = {
        "type": "object",
        "properties": {name: {"type": "string", "enum": ["yes", "no"]} for name in names},
        "required": list(names),
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": schema},
    }


def read_reply(mode: Mode, reply: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
    """Return P(yes) of a reply about one proposition, and its details. Raises UnreadableError."""
    if mode is Mode.LOGPROBS:
        return read_logprobs(reply)
    if mode is Mode.SCHEMA:
        answers = read_schema(reply)
        if "answer" not in answers:
            raise UnreadableError("the reply's JSON has no yes or no under 'answer'")
        return float(answers["answer"]), {}
    return float(read_text(reply)), {}


class ChatAsker:
    """Asks one proposition per call; in votes mode it takes several samples."""

    asks_together = False

    def __init__(
        self,
        ruleset: RuleSet,
        settings: EndpointSettings,
        capabilities: Capabilities,
        mode: Mode,
        layout: Layout,
        client: Client,
        limit: AlternativesLimit | None = None,
    ) -> None:
        """
        Encode every proposition's request once. Raises RuleSetError for a broken template.

        ``limit`` may be shared with other askers of the same endpoint.
        """
        self._mode = mode
        self._client = client
        self._limit = limit or AlternativesLimit(capabilities.asked_top_logprobs)
        self._samples = settings.votes if mode is Mode.VOTES else 1
        style = JSON_ANSWER if mode is Mode.SCHEMA else ONE_WORD
        messages = {
            name: chat_messages(ruleset.grader, proposition, layout, style)
            for name, proposition in ruleset.propositions.items()
            if question_of(proposition) is not None
        }

        def forms(top_logprobs: int) -> dict[str, Form]:
            known = replace(capabilities, top_logprobs=top_logprobs)
            return {
                name: form_of(chat_body(settings, known, mode, each))
                for name, each in messages.items()
            }

        self._make_forms = forms
        self._forms = forms(capabilities.top_logprobs)
        self._forms_limit = capabilities.top_logprobs
        # The digests stay those of the probed limit whatever is asked for later, so that answers
        # in the cache stay valid when a server allows fewer alternatives than before.
        votes = f"/{self._samples}" if mode is Mode.VOTES else ""
        self.digests: Mapping[str, str] = {
            name: f"{form.digest}{votes}" for name, form in self._forms.items()
        }
        self.source = mode.value

    def groups(self, names: Sequence[str]) -> Sequence[Sequence[str]]:
        """Return one group for each proposition."""
        return [(name,) for name in names]

    def request_size(self, fragments: Fragments, group: Sequence[str]) -> int:
        """Return the size of the proposition's requests in bytes."""
        return (self._forms[group[0]].size + fragments.size) * self._samples

    def output_tokens(self, group: Sequence[str]) -> int:
        """Return an estimate: a word, or a small object, for each sample."""
        return (8 if self._mode is Mode.SCHEMA else 2) * self._samples

    def calls(self, group: Sequence[str]) -> int:
        """Return 1, or the number of votes."""
        return self._samples

    def body(self, fragments: Fragments, name: str) -> bytes:
        """Return the request for one proposition, for a batch."""
        return self._current_forms()[name].fill(fragments)

    async def ask(self, fragments: Fragments, group: Sequence[str]) -> Mapping[str, Answer]:
        """Ask the only proposition of the group."""
        (name,) = group
        digest = self.digests[name]
        if self._samples == 1:
            return {name: await self._answer(name, fragments)}
        asking = (self._answer(name, fragments) for _ in range(self._samples))
        return {name: _poll(await asyncio.gather(*asking), digest, self.source)}

    async def _answer(self, name: str, fragments: Fragments) -> Answer:
        form, digest = self._current_forms()[name], self.digests[name]
        asked = self._forms_limit
        tokens = tokens_of(form.size + fragments.size)
        try:
            reply = await self._client.call(CHAT_PATH, lambda: form.fill(fragments), tokens=tokens)
            probability, details = read_reply(self._mode, reply)
        except CallError as error:
            if self._mode is Mode.LOGPROBS and self._limit.lower_after(str(error), asked):
                return await self._answer(name, fragments)
            return failed_answer(str(error), digest)
        except UnreadableError as error:
            return failed_answer(str(error), digest, error.raw)
        return Answer(probability, self.source, digest, details=details)

    def _current_forms(self) -> Mapping[str, Form]:
        """Return the requests for the number of alternatives that the server allows by now."""
        if self._forms_limit != self._limit.current:
            self._forms = self._make_forms(self._limit.current)
            self._forms_limit = self._limit.current
        return self._forms


def _poll(votes: Sequence[Answer], digest: str, source: str) -> Answer:
    """Return the share of yes among the votes; the first error if any sample failed."""
    for vote in votes:
        if vote.probability is None:
            return Answer(error=vote.error, digest=digest, details=vote.details)
    values = [int(vote.probability or 0.0) for vote in votes]
    return Answer(sum(values) / len(values), source, digest, details={"votes": values})
