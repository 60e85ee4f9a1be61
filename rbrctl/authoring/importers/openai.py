"""
OpenAI graders as rules: each grader one proposition and one rule that requires it.

A hosted grader's verdict becomes a yes/no question that any grader here can be asked. What is a
number (a score, a formula over several graders) has no counterpart in rules and is said to be lost.
Source of the shapes: types of the ``openai`` Python package.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rbrctl.authoring.importers.interface import Imported, Names, unknown_keys
from rbrctl.errors import RuleSetError

TYPES = ("label_model", "score_model", "string_check", "multi")
RESPONSE_CLASS = "answer"
_OPERATIONS = {
    "eq": "Is the assistant's last message exactly the following text?",
    "ne": "Is the assistant's last message anything but exactly the following text?",
    "like": "Does the assistant's last message contain the following text?",
    "ilike": "Does the assistant's last message contain the following text, in any mix of cases?",
}
_COMPLETION = re.compile(r"\{\{ *sample\.output_text *\}\}")
_LAST_MESSAGE = "the assistant's last message"


def recognises(content: Mapping[str, Any]) -> bool:
    """Return whether a file is a grader, or a list of ``testing_criteria`` or ``graders``."""
    return content.get("type") in TYPES or any(
        isinstance(content.get(key), list | Mapping) for key in ("testing_criteria", "graders")
    )


def carry_over(content: Mapping[str, Any]) -> Imported:
    """Carry graders over. Raises RuleSetError where one is not of the published shape."""
    importing = _Importing()
    importing.take(content, "grader")
    if not importing.rules:
        raise RuleSetError("no grader in this file can become a rule")
    return Imported(
        "OpenAI graders",
        {
            "rbrctl": 1,
            "name": "imported",
            "version": "1.0.0",
            "ranks": ["passes", "fails"],
            "response_classes": {RESPONSE_CLASS: {"description": "What the graders looked at."}},
            "propositions": importing.propositions,
            "rules": importing.rules,
        },
        (*importing.lost, "no proposition has examples: add some, they are the few shots"),
    )


class _Importing:
    def __init__(self) -> None:
        self.names = Names()
        self.ids = Names("-")
        self.propositions: dict[str, Any] = {}
        self.rules: dict[str, Any] = {}
        self.lost: list[str] = []

    def take(self, grader: Mapping[str, Any], fallback: str) -> None:
        name = str(grader.get("name") or fallback)
        match grader.get("type"):
            case "label_model":
                self._label_model(grader, name)
            case "score_model":
                self._score_model(grader, name)
            case "string_check":
                self._string_check(grader, name)
            case "multi" | None:
                self._several(grader, name)
            case other:
                self.lost.append(f"{name}: a grader of type '{other}' has no counterpart")

    def _several(self, grader: Mapping[str, Any], name: str) -> None:
        found = grader.get("graders", grader.get("testing_criteria"))
        if isinstance(found, Mapping):
            members = list(found.items()) if "type" not in found else [(name, found)]
        elif isinstance(found, list):
            members = [(f"{name} {number}", each) for number, each in enumerate(found, start=1)]
        else:
            raise RuleSetError(f"{name}: no 'graders' and no 'testing_criteria'")
        formula = grader.get("calculate_output")
        if formula is not None:
            self.lost.append(
                f"{name}: the formula '{formula}' is lost; each grader is a rule of its own"
            )
        for key, each in members:
            if not isinstance(each, Mapping):
                raise RuleSetError(f"{key}: a grader must be a mapping")
            self.take(each, str(key))

    def _label_model(self, grader: Mapping[str, Any], name: str) -> None:
        passing, labels = _texts(grader, "passing_labels", name), _texts(grader, "labels", name)
        one_of = " or ".join(f'"{label}"' for label in passing)
        question = (
            f"{self._instructions(grader, name)}\n\nOf the labels "
            f"{', '.join(labels)}: is the right one {one_of}?"
        )
        self._add(name, question, f"The right label is {one_of}.")
        known = ("type", "name", "model", "input", "labels", "passing_labels")
        self.lost += unknown_keys(name, grader, known)
        if len(labels) > 2:
            self.lost.append(f"{name}: {len(labels)} labels become one yes or no: passing or not")
        self._lose_model(grader, name)

    def _score_model(self, grader: Mapping[str, Any], name: str) -> None:
        low, high = _range(grader, name)
        threshold = grader.get("pass_threshold", (low + high) / 2)
        question = (
            f"{self._instructions(grader, name)}\n\nOn the scale from {low} to {high}: is the "
            f"right score at least {threshold}?"
        )
        self._add(name, question, f"The right score is at least {threshold}.")
        known = ("type", "name", "model", "input", "range", "pass_threshold", "sampling_params")
        self.lost += unknown_keys(name, grader, known)
        self.lost.append(
            f"{name}: the score itself is lost; what is asked is whether it reaches {threshold}"
        )
        if grader.get("sampling_params"):
            self.lost.append(f"{name}: sampling_params belong to the grader, not to rules")
        self._lose_model(grader, name)

    def _string_check(self, grader: Mapping[str, Any], name: str) -> None:
        operation, reference = grader.get("operation"), grader.get("reference")
        question = _OPERATIONS.get(operation) if isinstance(operation, str) else None
        if question is None or not isinstance(reference, str):
            raise RuleSetError(
                f"{name}: 'operation' must be one of {', '.join(_OPERATIONS)}, 'reference' a text"
            )
        self._add(name, f"{question}\n\n{reference}", f"The text check holds: {name}.")
        literal = "{{" not in reference and reference == " ".join(reference.split()) != ""
        if operation in ("like", "ilike") and literal and not set(reference) & set("*."):
            self.propositions[self.names(name)]["cues"] = [reference]
        self.lost += unknown_keys(name, grader, ("type", "name", "input", "operation", "reference"))
        self.lost.append(f"{name}: an exact comparison becomes a question, which may err")
        self._lose_templates(reference, name)
        given = grader.get("input")
        if given is not None and not _COMPLETION.fullmatch(str(given).strip()):
            self.lost.append(f"{name}: it compared '{given}', not the completion")

    def _instructions(self, grader: Mapping[str, Any], name: str) -> str:
        messages = grader.get("input")
        if not isinstance(messages, list) or not messages:
            raise RuleSetError(f"{name}: 'input' must be a list of messages")
        parts = []
        for message in messages:
            content = message.get("content") if isinstance(message, Mapping) else None
            text = content if isinstance(content, str) else _text_of(content)
            if text is None:
                self.lost.append(f"{name}: a message that is not text is lost")
                continue
            if _COMPLETION.fullmatch(text.strip()):
                self.lost.append(
                    f"{name}: the message '{text.strip()}' is left out; the completion is given "
                    "with every question"
                )
                continue
            parts.append(text.strip())
        question = "\n\n".join(parts)
        if (template := _COMPLETION.search(question)) is not None:
            question = _COMPLETION.sub(_LAST_MESSAGE, question)
            self.lost.append(
                f"{name}: '{template[0]}' is now \"{_LAST_MESSAGE}\"; read whether the question "
                "says what is meant"
            )
        self._lose_templates(question, name)
        return question

    def _lose_templates(self, text: str, name: str) -> None:
        if "{{" in text:
            templates = ", ".join(dict.fromkeys(re.findall(r"\{\{[^{}]{1,60}\}\}", text)))
            self.lost.append(
                f"{name}: templates are not filled here{templates and f' ({templates})'}; the "
                "conversation is given with every question, so take them out"
            )

    def _lose_model(self, grader: Mapping[str, Any], name: str) -> None:
        if grader.get("model"):
            self.lost.append(f"{name}: the model '{grader['model']}' is chosen by --model")

    def _add(self, name: str, question: str, statement: str) -> None:
        proposition = self.names(name)
        self.propositions[proposition] = {"statement": statement, "question": question.strip()}
        self.rules[self.ids(name)] = {
            "text": statement,
            "response_classes": [RESPONSE_CLASS],
            "require": proposition,
            "otherwise": "fails",
        }


def _texts(grader: Mapping[str, Any], key: str, name: str) -> list[str]:
    value = grader.get(key)
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise RuleSetError(f"{name}: '{key}' must be a list of texts")
    return [str(each) for each in value]


def _range(grader: Mapping[str, Any], name: str) -> tuple[float, float]:
    value = grader.get("range") or [0, 1]
    numbers = isinstance(value, list) and all(type(each) in (int, float) for each in value)
    if not numbers or len(value) != 2:
        raise RuleSetError(f"{name}: 'range' must be two numbers")
    return value[0], value[1]


def _text_of(content: Any) -> str | None:
    """Return the text of content that is given in parts; None if it is not all text."""
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    found = [text for text in texts if isinstance(text, str)]
    return "\n".join(found) if found and len(found) == len(parts) else None
