"""Conversations out of text that was decoded with a chat template's special tokens."""

import re

from rbrctl.records.models import Message

_CHATML = re.compile(r"<\|im_start\|>(\w{1,20})\n(.*?)(?:<\|im_end\|>\s?|\Z)", re.DOTALL)
_LLAMA = re.compile(
    r"<\|start_header_id\|>(\w{1,20})<\|end_header_id\|>\n\n(.*?)(?:<\|eot_id\|>|\Z)", re.DOTALL
)
_SPECIAL = r"<\|[a-z0-9_ ]{1,40}\|>|</?s>|<(?:bos|eos|pad|unk|end_of_turn)>|\[/?INST\]"
_REPLY_HEADERS = (
    "<|im_start|>assistant\n",
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
)
LEAST_KEPT = 16
"""Characters that a prompt cut at its beginning must share with the query."""
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

    The prompt may have lost its beginning, as trainers cut long ones; or the query has chat markup
    that tells where the reply begins. None where neither helps.
    """
    if query.startswith(prompt):
        return without_specials(query[len(prompt) :])
    bare = _LEADING.sub("", query)
    start = _LEADING.sub("", prompt)
    if bare.startswith(start):
        return without_specials(bare[len(start) :])
    kept = _kept_end(prompt, query)
    if kept >= min(LEAST_KEPT, len(prompt)):
        return without_specials(query[kept:])
    for header in _REPLY_HEADERS:
        if header in query:
            return without_specials(query.rpartition(header)[2])
    return None


def _kept_end(prompt: str, query: str) -> int:
    """
    Give the length of the longest end of the prompt that the query begins with.

    By the failure function of Knuth, Morris and Pratt, in time linear in both.
    """
    pattern = query[: len(prompt)]
    failure = [0] * len(pattern)
    matched = 0
    for index in range(1, len(pattern)):
        while matched and pattern[index] != pattern[matched]:
            matched = failure[matched - 1]
        matched += pattern[index] == pattern[matched]
        failure[index] = matched
    matched = 0
    for character in prompt:
        while matched and (matched == len(pattern) or character != pattern[matched]):
            matched = failure[matched - 1]
        matched += bool(pattern) and character == pattern[matched]
    return matched
