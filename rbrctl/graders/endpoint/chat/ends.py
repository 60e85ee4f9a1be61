"""How a reply ended: normally, broken off, withheld, or cut off at the token cap."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from rbrctl.graders.endpoint.http.error_text import words_of
from rbrctl.graders.endpoint.http.json_body import shown
from rbrctl.records.thinking import judge_reply_start


class End(StrEnum):
    """What a finish reason means."""

    NORMAL = "normal"
    CUT = "cut"
    """Cut off at the token cap, or because the context is full."""
    TOOLS = "tools"
    WITHHELD = "withheld"
    BROKEN = "broken"
    """The server failed while it wrote; another try could help."""
    UNKNOWN = "unknown"


_BY_WORD = {
    End.BROKEN: "error errored abort aborted cancel cancelled canceled timeout timeouted failed"
    " failure fail interrupted interrupt overloaded disconnect disconnected preempted evicted"
    " insufficient unavailable exception crash crashed killed shutdown",
    End.WITHHELD: "filter filtered filters safety refusal refused refuse blocklist blocked block"
    " prohibited recitation sensitive moderation moderated guardrail guardrails intervened flagged"
    " spii toxic toxicity violation policy censored restricted",
    End.TOOLS: "tool tools function functions",
    End.CUT: "length limit max len cut truncated truncate incomplete exceeded window budget"
    " partial not unfinished",
    End.NORMAL: "stop stopped stopping eos eot eom eog end ended endoftext endofturn complete"
    " completed completion done finish finished success succeeded successful ok normal natural"
    " null none word s",
}
_END_OF = {word: end for end, words in _BY_WORD.items() for word in words.split()}
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_BARE = re.compile(r"[\W_]*(?:yes|no)[\W_]*", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[\W_]*?(?:yes|no)[*_`\"'”’)\]]*(?:[.!]+[*_`\"'”’)\]]*\s|\s*\n)", re.IGNORECASE
)
_TURN = re.compile(
    r"\b(?:wait|actually|but|however|hmm+|hm|no|yes|sorry|correction|unless|except|although|though"
    r"|let me|let's|on second|rather|scratch|or)\b",
    re.IGNORECASE,
)
_FAILED_STATUSES = frozenset({"failed", "error", "cancelled", "canceled", "incomplete", "expired"})


def end_of(reason: Any) -> End:
    """
    Return what a finish reason means; servers have dozens of words for a few things.

    None and an empty reason are normal. Capitals, hyphens, underscores and words that are joined
    together make no difference. If a reason has several words, the worst of them counts.
    """
    if isinstance(reason, dict):
        reason = reason.get("type")
    if reason is None or reason == "":
        return End.NORMAL
    if not isinstance(reason, str):
        return End.UNKNOWN
    words = {part.lower() for part in _PARTS.findall(reason[:200])} - {"finish", "reason"}
    if not words and "finish" in reason.lower():
        return End.NORMAL
    found = {_END_OF[word] for word in words if word in _END_OF}
    return next((end for end in _BY_WORD if end in found), End.UNKNOWN)


def error_in(reply: Mapping[str, Any]) -> Any:
    """
    Return the error that a reply holds beside or in place of its answer; None if it has none.

    It may stand at the top, in the first choice or in its message.
    """
    choice = _first_choice(reply)
    message = choice.get("message")
    for level in (reply, choice, message if isinstance(message, dict) else {}):
        for name in ("error", "errors"):
            if level.get(name):
                return level[name]
    kind, status = reply.get("object"), reply.get("status")
    failed = isinstance(status, str) and status.lower() in _FAILED_STATUSES
    if kind == "error" or reply.get("type") == "error" or failed:
        return words_of(reply) or f"the reply's status is {shown(status, 40)}"
    return None


def broken_reason(reply: Mapping[str, Any]) -> str | None:
    """Return the finish reason of a reply that the server broke off; None if it did not."""
    reason = _first_choice(reply).get("finish_reason")
    broken = reason not in (None, "stop", "length") and end_of(reason) is End.BROKEN
    return shown(reason, 60) if broken else None


def why_no_answer(choice: Mapping[str, Any], message: Mapping[str, Any]) -> str | None:
    """
    Return why a choice is no answer although it may hold a text; None if it can be one.

    A cut at the token cap is not judged here but by ``cut_before_end``, which looks at the text.
    """
    refusal = _refusal_in(message)
    if refusal:
        return f"the grader's model refused to answer: {shown(refusal, 200)}"
    called = message.get("tool_calls") or message.get("function_call")
    if called:
        return f"the grader's model called a tool and did not answer: {shown(called, 120)}"
    reason = choice.get("finish_reason")
    if reason in (None, "stop", "length"):
        return None
    end, name = end_of(reason), shown(reason, 60)
    if end is End.WITHHELD:
        return f"the endpoint's content filter withheld the answer (finish reason {name})"
    if end is End.TOOLS:
        return "the grader's model called a tool and did not answer"
    if end is End.BROKEN:
        return f"the endpoint broke off: finish reason {name}"
    if end is End.UNKNOWN:
        return f"the reply ended abnormally: finish reason {name}"
    return None


def cut_before_end(text: str) -> bool:
    """
    Return whether a reply that was cut off at the token cap could have gone on to say otherwise.

    A bare yes or no is complete. So is one that ended its sentence, unless what follows begins to
    take it back.
    """
    said = text[judge_reply_start(text) or 0 :]
    if _BARE.fullmatch(said):
        return False
    clause = _CLAUSE.match(said)
    return clause is None or _TURN.search(said, clause.end()) is not None


def _first_choice(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = reply.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _refusal_in(message: Mapping[str, Any]) -> Any:
    refusal = message.get("refusal")
    content = message.get("content")
    if refusal or not isinstance(content, list):
        return refusal
    parts = [part for part in content if isinstance(part, dict)]
    return next((p.get("refusal") or p for p in parts if p.get("type") == "refusal"), None)
