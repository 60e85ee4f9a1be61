"""Asks several propositions in one chat completion, which answers with a JSON object."""

from collections.abc import Mapping, Sequence

from rbrctl.digests import digest_of
from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat.asker import CHAT_PATH, SCHEMA_CAP, answer_schema
from rbrctl.graders.endpoint.chat.reply import UnreadableError, failed_answer, read_schema
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.failures import CallError
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.prompt.forms import Fragments, encode, form_of, tokens_of
from rbrctl.graders.prompt.messages import decision_input, decision_instructions
from rbrctl.graders.prompt.templates import question_of
from rbrctl.records.models import Answer
from rbrctl.ruleset.model import RuleSet

_ANSWER = "Answer every question by its name in a JSON object, each with yes or no."


class PackedAsker:
    """Asks up to ``settings.pack`` propositions per call; the conversation comes first."""

    asks_together = False
    source = "schema"

    def __init__(
        self,
        ruleset: RuleSet,
        settings: EndpointSettings,
        capabilities: Capabilities,
        client: Client,
    ) -> None:
        """Write the instructions of every proposition once."""
        self._client = client
        self._pack = settings.pack
        self._model = settings.model
        self._sampling = capabilities.sampling(settings, SCHEMA_CAP * settings.pack, 0.0)
        self._input = form_of(decision_input(ruleset.grader))
        self._texts = {
            name: f"Question {name}: {decision_instructions(proposition)}"
            for name, proposition in ruleset.propositions.items()
            if question_of(proposition) is not None
        }
        shared = ["packed", self._input.digest, self._model, self._sampling, _ANSWER]
        self.digests: Mapping[str, str] = {
            name: digest_of([*shared, text]) for name, text in self._texts.items()
        }

    def groups(self, names: Sequence[str]) -> Sequence[Sequence[str]]:
        """Split into groups of almost equal size."""
        count = -(-len(names) // self._pack)
        return [names[start::count] for start in range(count)]

    def request_size(self, fragments: Fragments, group: Sequence[str]) -> int:
        """Return the size of the group's request in bytes."""
        questions = sum(len(self._texts[name]) for name in group)
        return self._input.size + fragments.size + questions + 120 * len(group)

    def output_tokens(self, group: Sequence[str]) -> int:
        """Return an estimate: a name and a word for each proposition."""
        return 8 * len(group) + 2

    def calls(self, group: Sequence[str]) -> int:
        """Return 1."""
        return 1

    async def ask(self, fragments: Fragments, group: Sequence[str]) -> Mapping[str, Answer]:
        """Ask a group; a proposition that the reply leaves out fails alone."""
        tokens = tokens_of(self.request_size(fragments, group))
        try:
            reply = await self._client.call(
                CHAT_PATH, lambda: self._body(fragments, group), tokens=tokens
            )
            answers = read_schema(reply)
        except CallError as error:
            return {name: failed_answer(str(error), self.digests[name]) for name in group}
        except UnreadableError as error:
            return {
                name: failed_answer(str(error), self.digests[name], error.raw) for name in group
            }
        missing = "the reply's JSON has no yes or no under this name"
        return {
            name: Answer(float(answers[name]), self.source, self.digests[name])
            if name in answers
            else failed_answer(missing, self.digests[name])
            for name in group
        }

    def _body(self, fragments: Fragments, group: Sequence[str]) -> bytes:
        tail = encode("\n\n".join(["", *(self._texts[name] for name in group), _ANSWER]))
        content = self._input.fill(fragments)[:-1] + tail[1:]
        head = {"model": self._model, "response_format": answer_schema(group), **self._sampling}
        message = b'"messages":[{"role":"user","content":%b}]' % content
        return encode(head)[:-1] + b"," + message + b"}"
