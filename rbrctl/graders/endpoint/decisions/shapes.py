"""How decisions and System One write questions and answers on the wire."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rbrctl.graders.endpoint.chat.ends import FAILED_STATUSES, End, end_of
from rbrctl.graders.endpoint.decisions.places import placed_answers
from rbrctl.graders.endpoint.http.error_text import words_of
from rbrctl.graders.endpoint.http.json_body import number_of, shown
from rbrctl.graders.prompt.forms import encode


class QuestionShape(Protocol):
    """A way to write many questions into a request, and to find their answers in the reply."""

    source: str
    path: str
    input_key: str
    limit: int
    brackets: tuple[bytes, bytes]

    def question(self, name: str, instructions: str) -> bytes:
        """Encode one yes/no question."""
        ...

    def values(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Return each question's probability, or why it has none; others were not answered."""
        ...

    def masses(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Return the probability mass of each question's labels, if the server reports it."""
        ...


class DecisionsShape:
    """
    ``POST /decisions``, as in the types of the ``openai`` package 3.51 and newer.

    Answers come in the order of the questions and repeat the names that were given; where names
    are there they are trusted over the order, so that a gateway may shuffle.
    """

    source = "decisions"
    path = "/decisions"
    input_key = "input"
    limit = 400
    brackets = (b"[", b"]")

    def question(self, name: str, instructions: str) -> bytes:
        """Encode a predicate."""
        return encode({"type": "predicate", "name": name, "instructions": instructions})

    def values(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Read predicates by name, or by place where no answer has a name."""
        placed = placed_answers(reply.get("answers"), group)
        if isinstance(placed, str):
            return dict.fromkeys(group, placed)
        found: dict[str, float | str] = {}
        for name, entry in placed:
            value = _value_of(entry, "predicate", "probability")
            if found.get(name, value) != value:
                value = "the reply answers this question twice, and not alike"
            found[name] = value
        return found

    def masses(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Return those that the diagnostics of the reply or of an answer report."""
        placed = placed_answers(reply.get("answers"), group)
        return _label_masses(reply, {} if isinstance(placed, str) else dict(placed), group)


class SystemOneShape:
    """``POST /systemone``: questions and answers by name, the type ``noul`` for yes or no."""

    source = "systemone"
    path = "/systemone"
    input_key = "state"
    limit = 64
    brackets = (b"{", b"}")

    def question(self, name: str, instructions: str) -> bytes:
        """Encode a noul under its name."""
        return b"%b:%b" % (encode(name), encode({"type": "noul", "instructions": instructions}))

    def values(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Read nouls by name."""
        answers = reply.get("answers")
        if not isinstance(answers, dict):
            return dict.fromkeys(group, "the reply has no object of answers")
        asked = frozenset(group)
        return {name: _noul_of(name, answers[name], asked) for name in group if name in answers}

    def masses(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Return those that the reply's diagnostics or an answer's own tell."""
        answers = reply.get("answers")
        return _label_masses(reply, answers if isinstance(answers, dict) else {}, group)


def _noul_of(name: str, answer: Any, asked: frozenset[str]) -> float | str:
    """Read one noul; its own name must not be that of another question."""
    own = answer.get("name") if isinstance(answer, dict) else None
    if isinstance(own, str) and own != name and own in asked:
        return f"the answer to this question is named {shown(own, 60)}, as another question is"
    return _value_of(answer, "noul", "noul")


def _label_masses(
    reply: Mapping[str, Any], answers: Mapping[Any, Any], group: Sequence[str]
) -> dict[str, float | str]:
    """
    Read ``diagnostics.label_mass`` of each answer, or of the reply.

    The reply's may be one number for all questions or an object by their names. A text says why
    what stands there is no mass.
    """
    shared = _label_mass(reply)
    found: dict[str, float | str] = {}
    for name in group:
        value = _label_mass(answers.get(name))
        if value is None:
            value = shared.get(name) if isinstance(shared, dict) else shared
        if value is not None:
            found[name] = _probability(value, "label mass")
    return found


def _label_mass(holder: Any) -> Any:
    diagnostics = holder.get("diagnostics") if isinstance(holder, dict) else None
    return diagnostics.get("label_mass") if isinstance(diagnostics, dict) else None


def _value_of(answer: Any, type_: str, key: str) -> float | str:
    """Read one answer's probability, or say why it has none; a bare number is one."""
    if not isinstance(answer, Mapping):
        return _probability(answer)
    why = why_failed(answer)
    if why is not None:
        return why
    said = answer.get("type")
    if said is not None and said != type_:
        return f"the answer is of the type {shown(said, 40)!r} where {type_!r} was asked for"
    return _probability(answer.get(key))


def why_failed(answer: Mapping[str, Any]) -> str | None:
    """Return why an answer is none although it may hold a probability; None if it can be one."""
    if answer.get("type") == "refusal" or answer.get("refusal") or answer.get("refused") is True:
        return "the grader's model refused this question"
    error = answer.get("error") or answer.get("errors")
    if error:
        return f"the server could not answer this question: {words_of(error) or shown(error, 80)}"
    status = answer.get("status")
    failed = isinstance(status, str) and status.lower() in FAILED_STATUSES
    if failed or answer.get("success") is False:
        said = {name: value for name, value in answer.items() if name != "type"}
        words = words_of(said) or "it says that it is no success"
        return f"the server could not answer this question: {words}"
    reason = answer.get("finish_reason")
    if reason is not None and end_of(reason) is not End.NORMAL:
        return f"the answer to this question ended abnormally: finish reason {shown(reason, 60)}"
    return None


def _probability(value: Any, what: str = "probability") -> float | str:
    number = number_of(value)
    if number is None:
        return f"the answer has no {what} but {shown(value, 40)!r}"
    if not 0.0 <= number <= 1.0:
        return f"the answer's {what} is {shown(value, 40)}, which is not from 0 to 1"
    return number + 0.0  # Never the negative zero.
