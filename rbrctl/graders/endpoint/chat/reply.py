"""Reads the answer of a chat completion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rbrctl.graders.endpoint.chat.ends import (
    cut_before_end,
    error_in,
    was_cut,
    why_no_answer,
)
from rbrctl.graders.endpoint.chat.token_evidence import (
    Evidence,
    EvidenceError,
    mass_details,
    read_evidence,
)
from rbrctl.graders.endpoint.chat.verdict_text import read_verdict
from rbrctl.graders.endpoint.http.error_text import words_of
from rbrctl.graders.endpoint.http.json_body import decode_object, printable, shown
from rbrctl.records.models import Answer
from rbrctl.records.thinking import is_thinking_part, judge_reply_start

RAW_LIMIT = 2000
_TEXT_TYPES = (None, "text", "output_text")
"""The types of the parts that hold the answer; an error or an echoed input has a text as well."""
UNSEEN_LIMIT = 0.05
"""If the word that is not listed could have a larger probability, the answer says so."""


class UnreadableError(ValueError):
    """
    A reply holds no answer; ``raw`` is the text that was looked at.

    ``unsupported`` is True if the server gives no usable token probabilities, so that no other
    reply in this mode could hold an answer either.
    """

    def __init__(self, message: str, raw: str = "", *, unsupported: bool = False) -> None:
        """Keep the reason, the text and what it says about the mode."""
        super().__init__(message)
        self.raw = raw
        self.unsupported = unsupported


@dataclass(frozen=True, slots=True)
class ChatChoice:
    """The first choice of a chat completion."""

    text: str
    reasoning: str
    finish_reason: str | None
    logprobs: Any


def choice_of(reply: Mapping[str, Any]) -> ChatChoice:
    """Return the first choice of a reply. Raises UnreadableError if it is no answer."""
    choices = reply.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise UnreadableError(_without_choices(reply), shown(dict(reply), RAW_LIMIT))
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise UnreadableError("the reply has no message", shown(choice, RAW_LIMIT))
    text = _text(message.get("content"))
    if len(choices) > 1:
        _check_alike(choices, text)
    finish = _normal_end(reply, choice, message, text)
    logprobs = choice.get("logprobs")
    return ChatChoice(
        text=text,
        reasoning=_text(message.get("reasoning_content")) or _text(message.get("reasoning")),
        finish_reason=finish,
        logprobs=logprobs.get("content") if isinstance(logprobs, dict) else None,
    )


def _check_alike(choices: Sequence[Any], text: str) -> None:
    """Raise UnreadableError if choices differ: one was asked for, and none is the right one."""
    messages = [each.get("message") if isinstance(each, dict) else None for each in choices]
    texts = [_text(each.get("content")) if isinstance(each, dict) else None for each in messages]
    if any(each != text for each in texts):
        raise UnreadableError(
            f"the reply has {len(choices)} choices that differ", shown(texts, RAW_LIMIT)
        )
    for choice, message in zip(choices[1:], messages[1:], strict=True):
        why = why_no_answer(choice, message or {})
        if why is not None:
            raise UnreadableError(f"one of {len(choices)} choices is no answer: {why}", text)


def _without_choices(reply: Mapping[str, Any]) -> str:
    words = words_of(reply)
    return "the reply has no choices" + (f": {words}" if words else "")


def _normal_end(
    reply: Mapping[str, Any], choice: Mapping[str, Any], message: Mapping[str, Any], text: str
) -> str | None:
    """
    Return the finish reason of a choice; a cut at the token cap is always named ``length``.

    Raises UnreadableError if the reply ended in another way, whatever text it holds.
    """
    error = error_in(reply)
    if error is not None:
        raise UnreadableError(f"an error came in the reply: {words_of(error) or error!r}", text)
    why = why_no_answer(choice, message)
    if why is not None:
        raise UnreadableError(why, text)
    finish = choice.get("finish_reason")
    if any(isinstance(each, dict) and was_cut(each) for each in reply["choices"]):
        return "length"
    return finish if finish is None or finish == "stop" else shown(finish, 60)


def check_whole(choice: ChatChoice) -> None:
    """Raise UnreadableError if the token cap cut off what might have said otherwise."""
    if choice.finish_reason == "length" and choice.text.strip() and cut_before_end(choice.text):
        raise UnreadableError(
            "the token limit cut the reply off in the middle of a sentence; raise --max-tokens",
            choice.text,
        )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [
            part.get("text")
            for part in content
            if isinstance(part, dict)
            and part.get("type") in _TEXT_TYPES
            and not is_thinking_part(part)
        ]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def check_complete(choice: ChatChoice) -> None:
    """Raise UnreadableError if the reply was cut off before its answer, or is empty."""
    cut = choice.finish_reason == "length"
    if judge_reply_start(choice.text) is None or (not choice.text.strip() and choice.reasoning):
        raise UnreadableError(
            "the reply ends inside its reasoning; raise --max-tokens", choice.text
        )
    if not choice.text.strip():
        why = "the token limit cut it off; raise --max-tokens" if cut else "the reply is empty"
        raise UnreadableError(f"no answer: {why}", choice.text)


def read_text(reply: Mapping[str, Any]) -> bool:
    """Return a plain yes or no. Raises UnreadableError."""
    choice = choice_of(reply)
    check_complete(choice)
    check_whole(choice)
    verdict = read_verdict(choice.text)
    if verdict is None:
        raise UnreadableError("the reply is neither yes nor no", choice.text)
    return verdict.value


def read_schema(reply: Mapping[str, Any]) -> dict[str, bool]:
    """
    Return the yes and no answers of a JSON object by name. Raises UnreadableError.

    Code fences around the object are removed, since some servers add them.
    """
    choice = choice_of(reply)
    check_complete(choice)
    end = judge_reply_start(choice.text) or 0
    text = choice.text[end:].strip()
    if text.startswith("```"):
        text = text.strip("`").removeprefix("json").strip()
    try:
        value = decode_object(text.encode("utf-8", "replace"))
    except ValueError as error:
        raise UnreadableError(f"the reply is not what the schema asks: {error}", text) from None
    return {name: answer for name, word in value.items() if (answer := _yes_no(word)) is not None}


def _yes_no(word: Any) -> bool | None:
    if isinstance(word, bool):
        return word
    return {"yes": True, "no": False}.get(word.strip().lower()) if isinstance(word, str) else None


def read_logprobs(reply: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
    """Return P(yes) from token probabilities, and what it rests on. Raises UnreadableError."""
    evidence = evidence_of(reply)
    details = mass_details(evidence.mass)
    if evidence.unseen > UNSEEN_LIMIT:
        details["unseen"] = round(evidence.unseen, 6)
    return evidence.probability, details


def evidence_of(reply: Mapping[str, Any]) -> Evidence:
    """Return what the token probabilities of a reply say. Raises UnreadableError."""
    choice = choice_of(reply)
    if choice.logprobs is None:
        raise UnreadableError(
            "the reply has no token probabilities though they were asked for"
            " (this endpoint needs --mode schema or text)",
            choice.text,
            unsupported=True,
        )
    check_whole(choice)
    try:
        return read_evidence(choice.logprobs, choice.text)
    except EvidenceError as error:
        raise UnreadableError(str(error), choice.text, unsupported=error.unsupported) from None


def failed_answer(message: str, digest: str, raw: str = "") -> Answer:
    """Return an answer that is an error and keeps the raw text."""
    details = {"raw": printable(raw[:RAW_LIMIT])} if raw else {}
    return Answer(error=printable(message), digest=digest, details=details)
