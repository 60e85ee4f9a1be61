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
    that tells where the reply begins: at the first of its headers behind the prompt's words, or at
    the very first, since what follows is the policy's, which may write headers of its own to hide
    what stands before them. None where neither helps.
    """
    if query.startswith(prompt):
        return _reply(query[len(prompt) :])
    bare = _LEADING.sub("", query)
    start = _LEADING.sub("", prompt)
    if bare.startswith(start):
        return _reply(bare[len(start) :])
    kept = _kept_end(prompt, query)
    if kept >= min(LEAST_KEPT, len(prompt)):
        return _reply(query[kept:])
    words = without_specials(prompt).strip()
    behind = query.find(words) + len(words) if words and words in query else 0
    headers = (query.find(header, behind) for header in _REPLY_HEADERS)
    first = min((place for place in headers if place >= 0), default=None)
    return None if first is None else _reply(query[first:])


def _reply(text: str) -> str:
    """Take off the header that a chat template puts before a reply, and special tokens."""
    for header in _REPLY_HEADERS:
        text = text.removeprefix(header)
    return without_specials(text)


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
