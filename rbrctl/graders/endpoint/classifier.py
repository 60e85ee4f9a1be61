"""Inferring the response class of a request from the content policy, over an endpoint."""

import hashlib
from dataclasses import replace
from typing import Any

from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.graders.endpoint.capabilities import PARSER_VERSION, QUESTION_KEY_BYTES, Capabilities
from rbrctl.graders.endpoint.category_choice import (
    CLASSIFY_INSTRUCTIONS,
    CLASSIFY_TASK,
    Category,
    categories_of,
    choice_question,
    read_choice,
)
from rbrctl.graders.endpoint.chat.alternatives import AlternativesLimit
from rbrctl.graders.endpoint.chat.asker import CHAT_PATH, LOGPROB_CAP, SCHEMA_CAP, TEXT_CAP
from rbrctl.graders.endpoint.chat.reply import UnreadableError
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.decisions.shapes import DecisionsShape, SystemOneShape
from rbrctl.graders.endpoint.failures import CallError
from rbrctl.graders.endpoint.http.json_body import number_of
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.interface import ClassGuess
from rbrctl.graders.modes import Mode
from rbrctl.graders.prompt.forms import SLOT_TEXTS, Form, Fragments, form_of, tokens_of
from rbrctl.records.models import Answer, Transcript
from rbrctl.ruleset.model import RuleSet

_NAME = "category"


class EndpointClassifier:
    """Asks one question a request, in the grader's own mode; a Classifier."""

    def __init__(
        self,
        ruleset: RuleSet,
        settings: EndpointSettings,
        capabilities: Capabilities,
        client: Client,
        cache: AnswerCache,
        origin: Origin,
        limit: AlternativesLimit | None = None,
    ) -> None:
        """
        Encode the question once; without a policy every guess is an error.

        ``limit`` is shared with the grader that asks the propositions.
        """
        self._categories = categories_of(ruleset)
        self._classes = {item.name: item.response_class for item in self._categories}
        self._mode = capabilities.mode
        self._client = client
        self._cache = cache
        self._origin = origin
        self._limit = limit or AlternativesLimit(capabilities.asked_top_logprobs)

        def form(top_logprobs: int) -> Form:
            known = replace(capabilities, top_logprobs=top_logprobs)
            return form_of(_request(settings, known, self._categories))

        self._make_form = form
        self._form = form(capabilities.top_logprobs)
        self._form_limit = capabilities.top_logprobs
        self._path = _path(self._mode)
        # As for propositions, the key stays that of the limit that the probe found.
        question = f"class {PARSER_VERSION} {origin} {self._form.digest}"
        self._question_key = hashlib.blake2b(
            question.encode(), digest_size=QUESTION_KEY_BYTES
        ).digest()

    async def classify(self, transcript: Transcript) -> ClassGuess:
        """Return the response class with the most probable categories; see Classifier."""
        if not self._categories:
            return ClassGuess(error="the rule set has no policy to infer a response class by")
        request = Transcript(transcript.id, transcript.prompt, ())
        fragments = Fragments(request)
        key = fragments.digest + self._question_key
        cached = self._cache.get([key]).get(key)
        known = None if cached is None else self._known(cached.details.get("categories"))
        if known:
            self._client.usage.cache_hits += 1
            return self._guess(known)
        try:
            reply = await self._ask(fragments)
            chances = read_choice(self._mode, reply, self._categories)
        except (CallError, UnreadableError) as error:
            return ClassGuess(error=str(error))
        answer = Answer(max(chances.values()), self._mode.value, details={"categories": chances})
        await self._cache.put({key: answer}, self._origin)
        return self._guess(chances)

    async def _ask(self, fragments: Fragments) -> dict[str, Any]:
        """Ask, and once more if the server allows fewer alternatives. Raises CallError."""
        if self._form_limit != self._limit.current:
            self._form = self._make_form(self._limit.current)
            self._form_limit = self._limit.current
        form, asked = self._form, self._form_limit
        tokens = tokens_of(form.size + fragments.size)
        try:
            return await self._client.call(self._path, lambda: form.fill(fragments), tokens=tokens)
        except CallError as error:
            if self._mode is Mode.LOGPROBS and self._limit.lower_after(str(error), asked):
                return await self._ask(fragments)
            raise

    def _known(self, chances: Any) -> dict[str, float]:
        """Return stored probabilities of categories; none of them if any cannot be one."""
        if not isinstance(chances, dict) or not set(chances) <= set(self._classes):
            return {}
        numbers = {name: number_of(value) for name, value in chances.items()}
        whole = all(number is not None and 0.0 <= number <= 1.0 for number in numbers.values())
        return {name: number or 0.0 for name, number in numbers.items()} if whole else {}

    def _guess(self, chances: dict[str, float]) -> ClassGuess:
        by_class: dict[str, float] = {}
        for name, chance in chances.items():
            response_class = self._classes[name]
            by_class[response_class] = by_class.get(response_class, 0.0) + chance
        best = max(by_class, key=lambda name: by_class[name])
        gives_chances = self._mode in {Mode.DECISIONS, Mode.SYSTEMONE, Mode.LOGPROBS}
        return ClassGuess(
            response_class=best,
            probability=min(by_class[best], 1.0) if gives_chances else None,
            category=max(chances, key=lambda name: chances[name]),
            source=self._mode.value,
        )


def _path(mode: Mode) -> str:
    if mode is Mode.DECISIONS:
        return DecisionsShape.path
    return SystemOneShape.path if mode is Mode.SYSTEMONE else CHAT_PATH


def _request(
    settings: EndpointSettings, capabilities: Capabilities, categories: tuple[Category, ...]
) -> dict[str, Any]:
    """Return the body of a request, with a slot for the conversation."""
    mode = capabilities.mode
    shown = f"The conversation:\n{SLOT_TEXTS['conversation']}"
    if mode is Mode.DECISIONS:
        choices = [{"value": item.name, "description": item.description} for item in categories]
        question = {"type": "choice", "name": _NAME, "instructions": CLASSIFY_INSTRUCTIONS}
        body = {
            "input": f"{CLASSIFY_TASK}\n\n{shown}",
            "questions": [question | {"choices": choices}],
        }
        return {"model": settings.model, **body}
    if mode is Mode.SYSTEMONE:
        criteria = {item.name: item.description for item in categories}
        named = {"type": "choice", "instructions": CLASSIFY_INSTRUCTIONS, "criteria": criteria}
        state = f"{CLASSIFY_TASK}\n\n{shown}"
        return {"model": settings.model, "state": state, "questions": {_NAME: named}}
    asked = f"{shown}\n\n{choice_question(categories)}"
    messages = [
        {"role": "system", "content": CLASSIFY_TASK},
        {"role": "user", "content": asked},
    ]
    if not capabilities.system_role:
        messages = [{"role": "user", "content": f"{CLASSIFY_TASK}\n\n{asked}"}]
    chat: dict[str, Any] = {"model": settings.model, "messages": messages}
    cap = TEXT_CAP
    if mode is Mode.LOGPROBS:
        chat |= {"logprobs": True, "top_logprobs": capabilities.top_logprobs}
        cap = LOGPROB_CAP
    if mode is Mode.SCHEMA:
        chat["response_format"] = _schema(categories)
        cap = SCHEMA_CAP
    return chat | capabilities.sampling(settings, cap, 0.0)


def _schema(categories: tuple[Category, ...]) -> dict[str, Any]:
    letters = [item.letter for item in categories]
    schema = {
        "type": "object",
        "properties": {"category": {"type": "string", "enum": letters}},
        "required": ["category"],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "category", "strict": True, "schema": schema},
    }
