"""Asks all propositions of a transcript in one call: the modes decisions and systemone."""

from collections.abc import Mapping, Sequence
from typing import Any

from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat.reply import failed_answer
from rbrctl.graders.endpoint.chat.token_evidence import EvidenceError, check_mass, mass_details
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.decisions.shapes import QuestionShape
from rbrctl.graders.endpoint.failures import CallError, FailureKind
from rbrctl.graders.endpoint.http.json_body import shown
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.prompt.forms import Fragments, encode, form_of, tokens_of
from rbrctl.graders.prompt.messages import decision_input, decision_instructions
from rbrctl.graders.prompt.templates import question_of
from rbrctl.records.models import Answer
from rbrctl.ruleset.model import RuleSet

_SPLITTABLE_STATUSES = frozenset({400, 413, 422})


class DecisionsAsker:
    """Asks up to the server's limit of questions per call; each is answered, or fails, alone."""

    asks_together = True

    def __init__(
        self,
        ruleset: RuleSet,
        settings: EndpointSettings,
        capabilities: Capabilities,
        shape: QuestionShape,
        client: Client,
    ) -> None:
        """Encode the input and every question once."""
        self._client = client
        self._shape = shape
        self._limit = capabilities.max_questions or shape.limit
        self.source = shape.source
        form = form_of(decision_input(ruleset.grader))
        self._input = form
        self._head = b'{"model":%b,"%b":' % (encode(settings.model), shape.input_key.encode())
        self._questions: dict[str, bytes] = {}
        digests: dict[str, str] = {}
        for name, proposition in ruleset.propositions.items():
            if question_of(proposition) is None:
                continue
            question = shape.question(name, decision_instructions(proposition))
            self._questions[name] = question
            digests[name] = form_of(
                [settings.model, decision_input(ruleset.grader), question.decode()]
            ).digest
        self.digests: Mapping[str, str] = digests

    def groups(self, names: Sequence[str]) -> Sequence[Sequence[str]]:
        """Split into groups of almost equal size, none larger than the server's limit."""
        count = -(-len(names) // self._limit)
        size = -(-len(names) // max(count, 1))
        return [names[start : start + size] for start in range(0, len(names), max(size, 1))]

    def request_size(self, fragments: Fragments, group: Sequence[str]) -> int:
        """Return the size of the group's request in bytes."""
        questions = sum(len(self._questions[name]) for name in group)
        return self._input.size + fragments.size + questions

    def output_tokens(self, group: Sequence[str]) -> int:
        """Return 0: answers are numbers and no generated text."""
        return 0

    def calls(self, group: Sequence[str]) -> int:
        """Return 1."""
        return 1

    async def ask(self, fragments: Fragments, group: Sequence[str]) -> Mapping[str, Answer]:
        """Ask a group; if the server says that it has too many questions, ask each half."""
        tokens = tokens_of(self.request_size(fragments, group))
        try:
            reply = await self._client.call(
                self._shape.path, lambda: self._body(fragments, group), tokens=tokens
            )
        except CallError as error:
            if len(group) > 1 and _asks_too_much(error):
                middle = len(group) // 2
                self._limit = min(self._limit, max(middle, len(group) - middle))
                first = await self.ask(fragments, group[:middle])
                return {**first, **await self.ask(fragments, group[middle:])}
            return {name: failed_answer(str(error), self.digests[name]) for name in group}
        return self._answers(reply, group)

    def _body(self, fragments: Fragments, group: Sequence[str]) -> bytes:
        opening, closing = self._shape.brackets
        questions = b",".join([self._questions[name] for name in group])
        return b'%b%b,"questions":%b%b%b}' % (
            self._head,
            self._input.fill(fragments),
            opening,
            questions,
            closing,
        )

    def _answers(self, reply: Mapping[str, Any], group: Sequence[str]) -> dict[str, Answer]:
        values = self._shape.values(reply, group)
        masses = self._shape.masses(reply, group)
        answers: dict[str, Answer] = {}
        for name in group:
            value = values.get(name, "the reply has no answer to this question")
            digest = self.digests[name]
            details: dict[str, Any] = {}
            if isinstance(value, float) and name in masses:
                value, details = _with_mass(value, masses[name])
            if isinstance(value, float):
                answers[name] = Answer(value, self.source, digest, details=details)
            else:
                raw = shown(reply.get("answers"), 500)
                answers[name] = failed_answer(value, digest, raw)
        return answers


def _with_mass(value: float, mass: float | str) -> tuple[float | str, dict[str, Any]]:
    """Check the mass that a probability rests on, as in log-probability mode."""
    if isinstance(mass, str):
        return mass, {}
    try:
        check_mass(mass)
    except EvidenceError as error:
        return str(error), {}
    return value, mass_details(mass)


def _asks_too_much(error: CallError) -> bool:
    failure = error.failure
    if failure.kind is not FailureKind.REQUEST or failure.status not in _SPLITTABLE_STATUSES:
        return False
    words = failure.message.lower()
    return failure.status == 413 or (
        "question" in words
        and any(hint in words for hint in ("most", "many", "limit", "max", "exceed", "less than"))
    )
