"""
Conversations out of text that was decoded with a chat template's special tokens.

Read are ChatML (Qwen and many others), Llama 3's markup, Gemma's, DeepSeek's, Phi-4's and gpt-oss's
with its channels (``markups.MARKUPS``); text in any other is one message of the user, without the
special tokens at its ends.
"""

import re
from dataclasses import dataclass

from rbrctl.records.thinking import reply_start

ASSISTANT = "assistant"
_ROLES = {"model": ASSISTANT, "Assistant": ASSISTANT, "User": "user"}
"""Names that templates have for roles, where they are not ours."""
# These are listed, while records.control_tokens tells tokens by their shape: a completion is judged
# as it is, and must not lose an ordinary "[NAME]" at its end.
SPECIAL = (
    r"<\|[a-z0-9_ ]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>|</?s>"
    r"|<(?:bos|eos|pad|unk|start_of_turn|end_of_turn)>|\[/?INST\]"
)


@dataclass(frozen=True, slots=True)
class Markup:
    """One template's way to write a conversation."""

    turn: re.Pattern[str]
    """A turn, with its role and its content."""
    header: str
    """The text before a reply."""
    bare_system: bool = False
    """True if the text before the first turn is the system's message."""


def _turns(start: str, end: str, role: str = r"\w{1,20}") -> re.Pattern[str]:
    return re.compile(rf"{start.format(role=role)}(.*?)(?:{end}|\Z)", re.DOTALL)


MARKUPS = {
    "ChatML": Markup(
        _turns(r"<\|im_start\|>({role})\n", r"<\|im_end\|>\s?"), "<|im_start|>assistant\n"
    ),
    "Phi-4": Markup(
        _turns(r"<\|im_start\|>({role})<\|im_sep\|>", r"<\|im_end\|>"),
        "<|im_start|>assistant<|im_sep|>",
    ),
    "Llama 3": Markup(
        _turns(r"<\|start_header_id\|>({role})<\|end_header_id\|>\n\n", r"<\|eot_id\|>"),
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "Gemma": Markup(
        _turns(r"<start_of_turn>({role})\n", r"<end_of_turn>\s?"), "<start_of_turn>model\n"
    ),
    "DeepSeek": Markup(
        _turns(
            r"<｜({role})｜>",
            r"<｜end▁of▁sentence｜>|(?=<｜(?:User|Assistant)｜>)",
            "User|Assistant",
        ),
        "<｜Assistant｜>",
        bare_system=True,
    ),
    "gpt-oss": Markup(
        _turns(
            r"<\|start\|>({role})(?:<\|channel\|>[^<]{{1,80}})?<\|message\|>",
            r"<\|(?:end|return|call)\|>",
        ),
        "<|start|>assistant",
    ),
}
"""By the family that has it; ChatML is Qwen's and many others'."""

LEAST_KEPT = 16
"""Characters that a prompt cut at its beginning must share with the query."""
_LONGEST = 48
"""Characters of the longest special token."""
_LAST = re.compile(rf"(?:{SPECIAL})\Z")
_LEADING = re.compile(rf"\A(?:(?:{SPECIAL})\s*)+")
_EMPTY_THINKING = re.compile(r"\s*(?:<think>)?\s*(?:</think>)?\s*")
"""What templates begin a reply with, to have the model think or not."""


def prompt_messages(text: str) -> list[dict[str, str]]:
    """
    Read a prompt in a markup that is known; other text is one message of the user.

    A last message of the assistant that is empty, or holds nothing but the tags of thinking, which
    invites the reply, is dropped.
    """
    markup = markup_of(text)
    if markup is None:
        return [{"role": "user", "content": without_specials(text)}]
    turns = list(markup.turn.finditer(text))
    said = [(role_of(turn[1]), turn[2].strip()) for turn in turns]
    if said[-1][0] == ASSISTANT and _EMPTY_THINKING.fullmatch(said[-1][1]):
        said.pop()
    if markup.bare_system and (before := without_specials(text[: turns[0].start()]).strip()):
        said.insert(0, ("system", before))
    return [{"role": role, "content": content} for role, content in said]


def without_specials(text: str) -> str:
    """Return a text without special tokens at its ends, in linear time."""
    text = _LEADING.sub("", text)
    end = len(text)
    while match := _LAST.search(text, max(0, (last := _without_space(text, end)) - _LONGEST), last):
        end = _without_space(text, match.start())
    return text[:end]


def _without_space(text: str, end: int) -> int:
    """Return where the text before an offset ends if space is cut off."""
    while end and text[end - 1].isspace():
        end -= 1
    return end


def response_of(query: str, prompt: str) -> str | None:
    """
    Take the response out of a query that is prompt and response together.

    The prompt may have lost its beginning, as trainers cut long ones; or the query has chat markup
    that tells where the reply begins: at the first of its own headers behind the prompt's words, or
    at the very first, since what follows is the policy's, which may write headers of its own to
    hide what stands before them. None where neither helps.
    """
    if query.startswith(prompt):
        return _reply(query[len(prompt) :])
    bare = _LEADING.sub("", query)
    start = _LEADING.sub("", prompt)
    if bare.startswith(start):
        return _reply(bare[len(start) :])
    kept = kept_end(prompt, query)
    if kept >= min(LEAST_KEPT, len(prompt)):
        return _reply(query[kept:])
    markup = markup_of(query)
    if markup is None:
        return None
    words = without_specials(prompt).strip()
    behind = query.find(words) + len(words) if words and words in query else 0
    first = query.find(markup.header, behind)
    return None if first < 0 else _reply(query[first:])


def _reply(text: str) -> str:
    """Return a reply without its chat template's header and special tokens."""
    for markup in MARKUPS.values():
        if text.startswith(markup.header):
            text = text.removeprefix(markup.header)
            break
    # The marks of thinking stay for those who drop or keep it, special tokens or not.
    start = reply_start(text)
    return text.rstrip() if start is None else text[:start] + without_specials(text[start:])


def markup_of(text: str) -> Markup | None:
    """
    Return the markup that a text is written in: that of its first turn.

    Later markup of another kind was written into the conversation by someone.
    """
    found = [
        (match.start(), name)
        for name, markup in MARKUPS.items()
        if (match := markup.turn.search(text))
    ]
    return MARKUPS[min(found)[1]] if found else None


def role_of(name: str) -> str:
    """Return our name of a template's role."""
    return _ROLES.get(name, name)


def kept_end(prompt: str, query: str) -> int:
    """
    Return the length of the longest end of the prompt that the query begins with.

    It takes linear time, by the failure function of Knuth, Morris and Pratt.
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
