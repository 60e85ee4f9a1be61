"""Finds out what a chat endpoint accepts: token caps, temperature, logprobs, schema."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat.alternatives import LEAST_ALTERNATIVES, fewer_alternatives
from rbrctl.graders.endpoint.chat.asker import CHAT_PATH, chat_body
from rbrctl.graders.endpoint.chat.reply import (
    UnreadableError,
    choice_of,
    evidence_of,
    read_schema,
    read_text,
)
from rbrctl.graders.endpoint.circuit_breaker import raise_if_fatal
from rbrctl.graders.endpoint.client import Body, Client
from rbrctl.graders.endpoint.failures import Failure
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode
from rbrctl.graders.prompt.forms import Fragments, form_of
from rbrctl.graders.prompt.messages import JSON_ANSWER, ONE_WORD, chat_messages
from rbrctl.graders.prompt.templates import Layout
from rbrctl.records.models import Message, Transcript
from rbrctl.records.thinking import judge_reply_start
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import GraderPrompt, Proposition

BOTH_CAPS = ("max_completion_tokens", "max_tokens")
PROBE_RETRIES = 2
"""A probe gives up sooner than a run, since a user is waiting for its result."""
MOST_TRIES = 8
"""Tries in one mode; each leaves out a field that the server refused."""
_PLACE = Place("probe", 1, 1, 1, 1)
TRANSCRIPT = Transcript(
    id="probe",
    prompt=(Message("user", "Which is the capital of France?"),),
    completion=(Message("assistant", "The capital of France is Paris."),),
)
QUESTIONS: Mapping[str, Proposition] = {
    "names_a_city": Proposition(
        "names_a_city", _PLACE, question="Does the reply contain the name of a city?"
    ),
    "apologises": Proposition("apologises", _PLACE, question="Does the reply contain an apology?"),
}
"""Two easy questions that every probe asks: the right answers are yes and no."""


class ChatProbe:
    """
    Tries chat modes, and drops the fields that a server refuses until it accepts the request.

    Both token caps are sent at first: a server that ignores ``max_completion_tokens`` without an
    error would otherwise write on to the end of its context.
    """

    def __init__(self, settings: EndpointSettings, client: Client) -> None:
        """Probe the mode that the settings name, or all of them, the best first."""
        self._settings = settings
        self._client = client
        self._where = f"{settings.where}, model {settings.model}"
        self.steps: list[tuple[Mode, bool, str]] = []

    async def run(self) -> Capabilities | None:
        """
        Return what works; None if nothing does. Raises GraderError.

        If a server accepts a mode and the model answers neither yes nor no, that mode is returned
        as unsure, unless another one is better.
        """
        named = self._settings.mode
        modes = [Mode.LOGPROBS, Mode.SCHEMA, Mode.TEXT] if named is Mode.AUTO else [named]
        known = Capabilities(token_fields=BOTH_CAPS)
        unsure: Capabilities | None = None
        for mode in modes:
            found = await self._try_mode(replace(known, mode=mode))
            if found is not None and not found.unsure:
                return found
            unsure = unsure or found
        return unsure

    async def _try_mode(self, capabilities: Capabilities) -> Capabilities | None:
        mode = capabilities.mode
        for _ in range(MOST_TRIES):
            body = self._body(capabilities, "names_a_city")
            outcome = await self._client.attempt(CHAT_PATH, body, retries=PROBE_RETRIES)
            if isinstance(outcome, Failure):
                raise_if_fatal(self._where, outcome)
                fewer = without_refused(capabilities, outcome.message)
                if fewer is None:
                    self.steps.append((mode, False, outcome.message))
                    # Who names a mode that the server takes gets it, and hears of each failure.
                    named = outcome.taken and mode is self._settings.mode
                    return replace(capabilities, unsure=True) if named else None
                capabilities = fewer
            elif reasons(outcome) and not capabilities.reasoning:
                capabilities = replace(capabilities, reasoning=True)
            else:
                return await self._judge(capabilities, outcome)
        self.steps.append((mode, False, "the server takes no form of the request"))
        return None

    def _body(self, capabilities: Capabilities, name: str) -> Body:
        style = JSON_ANSWER if capabilities.mode is Mode.SCHEMA else ONE_WORD
        messages = chat_messages(GraderPrompt(), QUESTIONS[name], Layout.QUESTION_FIRST, style)
        body = chat_body(self._settings, capabilities, capabilities.mode, messages)
        filled = form_of(body).fill(Fragments(TRANSCRIPT))
        return lambda: filled

    async def _judge(
        self, capabilities: Capabilities, reply: Mapping[str, Any]
    ) -> Capabilities | None:
        mode = capabilities.mode
        try:
            works, seen = _read(mode, reply)
        except UnreadableError as error:
            works, seen = await self._second_chance(capabilities, str(error))
            taken = mode in {self._settings.mode, Mode.TEXT, Mode.LOGPROBS}
            capabilities = replace(capabilities, unsure=taken and not works)
        notes = [seen]
        if capabilities.reasoning:
            notes.append("the model reasons before it answers: its output is not capped")
        if not capabilities.temperature:
            notes.append("it takes no temperature")
        if not capabilities.system_role:
            notes.append("it has no system turn")
        self.steps.append((mode, works, "; ".join(notes)))
        return capabilities if works or capabilities.unsure else None

    async def _second_chance(self, capabilities: Capabilities, seen: str) -> tuple[bool, str]:
        """Ask the other question: one unreadable answer may be bad luck, two are not."""
        body = self._body(capabilities, "apologises")
        outcome = await self._client.attempt(CHAT_PATH, body, retries=PROBE_RETRIES)
        if isinstance(outcome, Failure):
            return False, f"{seen}; asked otherwise, {outcome.message}"
        try:
            works, again = _read(capabilities.mode, outcome)
        except UnreadableError as error:
            return False, f"of two easy questions neither was answered: {seen}; {error}"
        return works, f"{seen}; asked otherwise, {again}"


def _read(mode: Mode, reply: Mapping[str, Any]) -> tuple[bool, str]:
    """Return whether a reply has what its mode needs, and what was seen. Raises UnreadableError."""
    if mode is Mode.LOGPROBS:
        return _read_logprobs(reply)
    if mode is Mode.SCHEMA:
        answers = read_schema(reply)
        return "answer" in answers, f"a JSON answer: {answers}"
    return True, f"a plain answer: {'yes' if read_text(reply) else 'no'}"


def _read_logprobs(reply: Mapping[str, Any]) -> tuple[bool, str]:
    """
    Return whether a reply has usable token probabilities, and what was seen.

    What counts is the token of the verdict, as for every later answer: a model that thinks first
    may be certain of its first token, and list no alternative to it. Raises UnreadableError if
    the probabilities are usable and the model says neither yes nor no.
    """
    most = _most_alternatives(choice_of(reply).logprobs)
    if most is None:
        return False, "the reply has no token probabilities though they were asked for"
    if most < LEAST_ALTERNATIVES:
        return False, f"token probabilities with {most} alternatives, too few to compare"
    try:
        evidence = evidence_of(reply)
    except UnreadableError as error:
        if error.unsupported:
            return False, f"{most} alternatives a token, but {error}"
        raise
    count = evidence.alternatives
    if count < LEAST_ALTERNATIVES:
        return False, f"the verdict's token has {count} alternatives, too few to compare"
    says = f"yes has {evidence.probability:.2f} of a mass of {evidence.mass:.2f}"
    return True, f"{count} alternatives a token; {says}"


def _most_alternatives(content: Any) -> int | None:
    """Return the length of the longest list of alternatives; None without any token."""
    if not isinstance(content, list) or not any(isinstance(entry, dict) for entry in content):
        return None
    lists = (entry.get("top_logprobs") for entry in content if isinstance(entry, dict))
    return max((len(each) for each in lists if isinstance(each, list)), default=0)


def reasons(reply: Mapping[str, Any]) -> bool:
    """Return whether the model thought before it answered, or was cut off while it did."""
    usage = reply.get("usage")
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    if isinstance(details, dict) and details.get("reasoning_tokens"):
        return True
    try:
        choice = choice_of(reply)
    except UnreadableError:
        return False
    cut_off = not choice.text.strip() and choice.finish_reason == "length"
    return bool(choice.reasoning) or cut_off or judge_reply_start(choice.text) != 0


def without_refused(capabilities: Capabilities, message: str) -> Capabilities | None:
    """
    Return capabilities without what an error message names; None if it names nothing.

    OpenAI's messages put the field in quotes; others name it somewhere in a list of places.
    """
    words = message.lower()
    if "max_tokens" in words or "max_completion_tokens" in words:
        rest = _fewer_caps(capabilities.token_fields, words)
        if rest is not None:
            return replace(capabilities, token_fields=rest)
    if "system" in words and "role" in words and capabilities.system_role:
        return replace(capabilities, system_role=False)
    if "temperature" in words and capabilities.temperature:
        return replace(capabilities, temperature=False)
    if "seed" in words and capabilities.seed:
        return replace(capabilities, seed=False)
    allowed = fewer_alternatives(message, capabilities.top_logprobs)
    return None if allowed is None else replace(capabilities, top_logprobs=allowed)


def _fewer_caps(fields: tuple[str, ...], words: str) -> tuple[str, ...] | None:
    if len(fields) == 2:
        takes_old = "max_completion_tokens" in words and "max_tokens" not in words.replace(
            "max_completion_tokens", ""
        )
        return BOTH_CAPS[1:] if takes_old else BOTH_CAPS[:1]
    return () if fields else None
