"""The chat templates whose special tokens are read: how a turn looks, and what invites a reply."""

import re
from dataclasses import dataclass

ASSISTANT = "assistant"
_ROLES = {"model": ASSISTANT, "Assistant": ASSISTANT, "User": "user"}
"""Names that templates have for roles, where they are not ours."""
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
    """What stands before a reply."""
    bare_system: bool = False
    """What stands before the first turn is the system's message."""


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


def markup_of(text: str) -> Markup | None:
    """
    Give the markup that a text is written in: that of its first turn.

    A later one of another kind is what somebody wrote into the conversation.
    """
    found = [
        (match.start(), name)
        for name, markup in MARKUPS.items()
        if (match := markup.turn.search(text))
    ]
    return MARKUPS[min(found)[1]] if found else None


def role_of(name: str) -> str:
    """Give our name of a template's role."""
    return _ROLES.get(name, name)
