"""How decisions and System One write questions and answers on the wire."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rbrctl.graders.prompt.forms import encode


class QuestionShape(Protocol):
    """One way to write many questions in a request, and to find their answers in the reply."""

    source: str
    path: str
    input_key: str
    limit: int
    brackets: tuple[bytes, bytes]

    def question(self, name: str, instructions: str) -> bytes:
        """Encode one yes/no question."""
        ...

    def values(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Give each question's probability, or why it has none; absent ones were not answered."""
        ...

    def masses(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Return the probability mass of each question's labels, where the server tells it."""
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
        answers = reply.get("answers")
        if not isinstance(answers, list):
            return dict.fromkeys(group, "the reply has no list of answers")
        entries = [answer if isinstance(answer, dict) else {} for answer in answers]
        named = {entry["name"]: entry for entry in entries if isinstance(entry.get("name"), str)}
        if not named:
            if len(entries) != len(group):
                count = f"{len(entries)} answers without names to {len(group)} questions"
                return dict.fromkeys(group, f"the reply has {count}")
            named = dict(zip(group, entries, strict=True))
        return {name: _predicate(named[name]) for name in group if name in named}

    def masses(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Return those that the reply's diagnostics or an answer's own tell."""
        answers = reply.get("answers")
        entries = answers if isinstance(answers, list) else []
        named = {e["name"]: e for e in entries if isinstance(e, dict) and "name" in e}
        return _label_masses(reply, named, group)


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
        return {name: _noul(answers[name]) for name in group if name in answers}

    def masses(self, reply: Mapping[str, Any], group: Sequence[str]) -> Mapping[str, float | str]:
        """Return those that the reply's diagnostics or an answer's own tell."""
        answers = reply.get("answers")
        return _label_masses(reply, answers if isinstance(answers, dict) else {}, group)


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


def _predicate(answer: Mapping[str, Any]) -> float | str:
    if answer.get("type") == "refusal":
        return "the grader's model refused this question"
    return _probability(answer.get("probability"))


def _noul(answer: Any) -> float | str:
    if isinstance(answer, dict) and answer.get("type") == "refusal":
        return "the grader's model refused this question"
    return _probability(answer.get("noul") if isinstance(answer, dict) else answer)


def _probability(value: Any, what: str = "probability") -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"the answer has no {what} but {str(value)[:40]!r}"
    if not math.isfinite(value) or not 0.0 <= value <= 1.0:
        return f"the answer's {what} is {value!r}, which is not from 0 to 1"
    return float(value)
