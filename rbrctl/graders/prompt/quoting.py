"""
Quoting of untrusted text for a grader, so that nothing in it can end the quote.

Every quoted part stands between lines that carry a code. The code is the digest of all that is
quoted, so a text can contain its own code only if its author inverts SHA-256 on 64 bits; yet the
same conversation always gives the same request, which the cache needs. Control tokens of chat
formats (``<|im_end|>``, ``[/INST]``; see ``records.control_tokens``) are broken up by a space,
because a server that renders its chat template as text would take them for real turns.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from rbrctl.records.control_tokens import broken_up
from rbrctl.records.models import Message

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


@dataclass(frozen=True, slots=True)
class Quoted:
    """A transcript ready to stand inside a prompt, in the parts that a template may name."""

    code: str
    conversation: str
    """The prompt's messages."""
    completion: str
    whole: str
    """The prompt's messages with the completion as the last."""


def quote(prompt: Sequence[Message], completion: Sequence[Message]) -> Quoted:
    """Return a conversation and the completion to judge, quoted under one code."""
    code = quoting_code(prompt, completion)
    turns = "".join(_turn(code, message) for message in prompt)
    reply = "".join(_turn(code, message) for message in completion)
    return Quoted(
        code=code,
        conversation=_frame(code, "conversation", turns),
        completion=_frame(code, "reply", reply),
        whole=_frame(code, "conversation", turns + reply),
    )


def conversation_digest(
    prompt: Sequence[Message], completion: Sequence[Message], attempt: int = 0
) -> bytes:
    """Return the SHA-256 of all roles and texts, and of where the completion begins."""
    hasher = hashlib.sha256(b"rbrctl quote %d %d" % (len(prompt), attempt))
    for message in (*prompt, *completion):
        for text in (message.role, message.content):
            encoded = text.encode("utf-8", "surrogatepass")
            hasher.update(b"%d:" % len(encoded))
            hasher.update(encoded)
    return hasher.digest()


def quoting_code(prompt: Sequence[Message], completion: Sequence[Message]) -> str:
    """Return the code for some messages: 16 hexadecimal digits that occur in none of them."""
    texts = [message.content.lower() for message in (*prompt, *completion)]
    attempt = 0
    while True:
        code = conversation_digest(prompt, completion, attempt).hex()[:16]
        if not any(code in text for text in texts):
            return code
        attempt += 1


def neutralise(text: str) -> str:
    """Return a text with chat control tokens broken up and invalid Unicode replaced."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return broken_up(text)


def role_name(message: Message) -> str:
    """Return the role of a message; an unknown role, which could be any text, is ``other``."""
    return message.role if message.role in ROLES else "other"


def _turn(code: str, message: Message) -> str:
    return f"=== {code} {role_name(message)} ===\n{neutralise(message.content)}\n"


def _frame(code: str, what: str, body: str) -> str:
    return f"=== {code} {what} ===\n{body}=== {code} end of {what} ==="
