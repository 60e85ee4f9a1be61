"""The completion in a reply of the model that writes, and nothing that is not part of it."""

from collections.abc import Mapping

from rbrctl.graders.endpoint.chat.ends import End, end_of, error_in
from rbrctl.graders.endpoint.http.error_text import words_of
from rbrctl.graders.endpoint.http.json_body import printable, shown
from rbrctl.records.thinking import judge_reply_start

_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»"}


class WritingError(Exception):
    """A reply came that is no completion."""


def completion_of(reply: Mapping[str, object]) -> str:
    """
    Read the text that a chat reply holds, without reasoning and without quotation marks around it.

    Raises WritingError for a reply that was cut off, withheld or refused, or holds no text.
    """
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise WritingError("the reply has no message")
    error = error_in(reply)
    if error is not None:
        raise WritingError(f"an error came: {words_of(error) or shown(error, 120)}")
    refusal = message.get("refusal")
    if refusal:
        raise WritingError(f"the model refused to write it: {shown(refusal, 120)}")
    finish = choice.get("finish_reason")
    end = end_of(finish)
    if end is End.CUT:
        raise WritingError(
            "the reply was cut off: give it more room with --max-tokens (--writer-tokens where "
            "--writer names the model)"
        )
    if end is not End.NORMAL:
        raise WritingError(f"the reply ended for the reason {shown(finish, 60)!r}")
    if message.get("tool_calls") or message.get("function_call"):
        raise WritingError("the model called a tool and wrote nothing")
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    start = judge_reply_start(text)
    if start is None:
        raise WritingError("the reply ends inside its reasoning")
    text = _unquoted(text[start:].strip())
    if not text:
        raise WritingError("the reply has no text")
    if printable(text) != text:
        raise WritingError("the reply has characters that no text file holds")
    return text


def _unquoted(text: str) -> str:
    """Take away one pair of quotation marks where it encloses the whole text."""
    closing = _QUOTES.get(text[:1])
    inner = text[1:-1]
    if len(text) < 2 or text[-1] != closing or text[0] in inner or closing in inner:
        return text
    return inner.strip()
