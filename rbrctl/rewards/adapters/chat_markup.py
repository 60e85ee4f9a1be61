"""Conversations out of text that was decoded with a chat template's special tokens."""

import re

from rbrctl.records.models import Message

_CHATML = re.compile(r"<\|im_start\|>(\w{1,20})\n(.*?)(?:<\|im_end\|>\s?|\Z)", re.DOTALL)
_LLAMA = re.compile(
    r"<\|start_header_id\|>(\w{1,20})<\|end_header_id\|>\n\n(.*?)(?:<\|eot_id\|>|\Z)", re.DOTALL
)
_SPECIAL = r"<\|[a-z0-9_ ]{1,40}\|>|</?s>|<(?:bos|eos|pad|unk|end_of_turn)>|\[/?INST\]"
_TRAILING = re.compile(rf"(?:\s*(?:{_SPECIAL}))+\s*\Z")
_LEADING = re.compile(rf"\A(?:(?:{_SPECIAL})\s*)+")


def prompt_messages(text: str) -> list[dict[str, str]]:
    """
    Read a prompt in ChatML or Llama 3's markup; other text is one message of the user.

    A last message of the assistant that is empty, which invites the reply, is dropped.
    """
    for pattern in (_CHATML, _LLAMA):
        found = [Message(role, content.strip()) for role, content in pattern.findall(text)]
        if found:
            if found[-1].role == "assistant" and not found[-1].content:
                found.pop()
            return [{"role": each.role, "content": each.content} for each in found]
    return [{"role": "user", "content": without_specials(text)}]


def without_specials(text: str) -> str:
    """Take special tokens off both ends of a text."""
    return _TRAILING.sub("", _LEADING.sub("", text))


def response_of(query: str, prompt: str) -> str | None:
    """
    Take the response out of a query that is prompt and response together.

    None where the query does not start with the prompt.
    """
    if query.startswith(prompt):
        return without_specials(query[len(prompt) :])
    bare = _LEADING.sub("", query)
    start = _LEADING.sub("", prompt)
    return without_specials(bare[len(start) :]) if bare.startswith(start) else None
