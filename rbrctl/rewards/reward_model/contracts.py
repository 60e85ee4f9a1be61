"""The request to a reward model's server for one completion, and the score in its reply."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rbrctl.graders.endpoint.http.json_body import number_of, shown
from rbrctl.graders.prompt.quoting import role_name
from rbrctl.records.control_tokens import broken_up
from rbrctl.records.messages import messages_to_json
from rbrctl.records.models import Message, Transcript

SERVERS = "OpenRLHF's contract, or vLLM's where the address ends in /pooling or /classify"
LARGEST = 1e9
"""A larger number is not a reward but a fault."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why a completion got no score."""

    reason: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What is sent for one completion, and where its score stands in the reply."""

    body: Callable[[Transcript, str], dict[str, Any]]
    """From the transcript and the name of the model."""
    values: Callable[[Mapping[str, Any]], object]
    """What stands where the score should: a number, or a list of just one."""
    shape: str
    """What a reply looks like, for messages."""
    needs_model: bool = False

    @property
    def advice(self) -> str:
        """The advice about a reply of another shape."""
        return f"from such an address it is to be {self.shape} ({SERVERS})"

    def score(self, reply: Mapping[str, Any]) -> float | Unscored:
        """Read the score; a reply that holds another number of numbers than one has none."""
        found = self.values(reply)
        if isinstance(found, list) and len(found) != 1:
            return Unscored(f"the reply holds {len(found)} numbers where a reward is one")
        value = found[0] if isinstance(found, list) else found
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Unscored(f"the reply holds no number as a score; {self.advice}")
        number = number_of(value)
        if number is None or abs(number) > LARGEST:
            said = shown(value, 40) if number is None else f"{number:g}"
            return Unscored(f"the reply's score is {said}, which is no reward")
        return number


def contract_of(path: str) -> Contract:
    """
    Return the contract of a server, which the path of its address tells.

    One that ends in ``/pooling`` or ``/classify`` is vLLM's server of pooling models, which is sent
    the conversation as ``messages``, and asked for the number as it is, not for the probability
    that a model with one label gives by default (``use_activation``; the request classes of vLLM
    0.33). Any other is OpenRLHF's remote reward (its ``remote_rm_url``): ``{"query", "prompts",
    "labels"}``, where the query is the prompt's text followed by the response's (ChatML where the
    prompt is more than one message of the user) and the label is the response class, and the reply
    holds ``rewards``. Control tokens inside the texts are broken up, as in a grader's prompt: no
    text can end its own turn.
    """
    return next((each for end, each in _BY_PATH.items() if path.endswith(end)), _REMOTE)


def _remote_body(transcript: Transcript, model: str) -> dict[str, Any]:
    prompt = _prompt_text(transcript.prompt)
    return {
        "query": [prompt + broken_up(transcript.completion_text)],
        "prompts": [prompt],
        "labels": [transcript.response_class or ""],
    }


def _prompt_text(messages: Sequence[Message]) -> str:
    if len(messages) == 1 and messages[0].role == "user":
        return broken_up(messages[0].content)
    turns = [
        f"<|im_start|>{role_name(each)}\n{broken_up(each.content)}<|im_end|>\n" for each in messages
    ]
    return "".join(turns) + "<|im_start|>assistant\n"


def _messages_body(transcript: Transcript, model: str) -> dict[str, Any]:
    messages = [
        replace(each, content=broken_up(each.content))
        for each in (*transcript.prompt, *transcript.completion)
    ]
    return {
        "model": model,
        "messages": messages_to_json(messages),
        "use_activation": False,
    }


def _pooled(reply: Mapping[str, Any]) -> object:
    """Return the numbers of a sequence, or of its last token if each token has some."""
    value = _only(reply).get("data")
    if isinstance(value, list) and value and isinstance(value[-1], list):
        return value[-1]
    return value


def _only(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    data = reply.get("data")
    first = data[0] if isinstance(data, list) and len(data) == 1 else None
    return first if isinstance(first, dict) else {}


_REMOTE = Contract(_remote_body, lambda reply: reply.get("rewards"), '{"rewards": [NUMBER]}')
_BY_PATH = {
    "/pooling": Contract(
        _messages_body, _pooled, '{"data": [{"data": [NUMBER]}]}', needs_model=True
    ),
    "/classify": Contract(
        _messages_body,
        lambda reply: _only(reply).get("probs"),
        '{"data": [{"probs": [NUMBER]}]}',
        needs_model=True,
    ),
}
