"""How a reply ended: normally, broken off, withheld, or cut off at the token cap."""

import re
from collections.abc import Iterator, Mapping
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
_CLOSING = r"[*_`\"'”’»)\]]*"
_BARE = re.compile(rf"[\W_]*(?:yes|no){_CLOSING}(?:[.。]|!*){_CLOSING}\s*", re.IGNORECASE)
"""A whole answer: behind a comma, a dash, a colon or three dots it would go on."""
_CLAUSE = re.compile(rf"[\W_]*?(?:yes|no){_CLOSING}(?:(?:\.|!+){_CLOSING}\s|\s*\n)", re.IGNORECASE)
_TURN = re.compile(
    r"\b(?:wait|actually|but|however|hmm+|hm|no|yes|sorry|correction|unless|except|although|though"
    r"|let me|let's|on second|rather|scratch|or)\b",
    re.IGNORECASE,
)
_REASONS = ("finish_reason", "native_finish_reason")
FAILED_STATUSES = frozenset({"failed", "error", "cancelled", "canceled", "incomplete", "expired"})


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

    It may stand at the top, in a choice or in its message.
    """
    for level in _levels(reply):
        for name in ("error", "errors"):
            if level.get(name):
                return level[name]
    kind, status = reply.get("object"), reply.get("status")
    failed = isinstance(status, str) and status.lower() in FAILED_STATUSES
    if kind == "error" or reply.get("type") == "error" or failed:
        return words_of(reply) or f"the reply's status is {shown(status, 40)}"
    return _failure_at_top(reply)


def _levels(reply: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a reply, its choices and their messages."""
    yield reply
    for choice in _choices(reply):
        yield choice
        message = choice.get("message")
        if isinstance(message, dict):
            yield message


def _failure_at_top(reply: Mapping[str, Any]) -> Any:
    """Return the failure that fields of a gateway tell, with the code that it has there."""
    if reply.get("success") is False:
        return _with_code(reply, "the reply says that it is no success")
    incomplete = reply.get("incomplete_details")
    if incomplete:
        return f"the reply is incomplete: {words_of(incomplete) or shown(incomplete, 80)}"
    for name in ("code", "status"):
        if _is_http_error(reply.get(name)) and words_of(reply):
            return _with_code(reply, "")
    reason = reply.get("finish_reason")
    if reason is not None and end_of(reason) is End.WITHHELD:
        why = f"the endpoint's content filter withheld the answer (finish reason {shown(reason)})"
        return {"message": why, "code": "content_filter"}
    if reason is not None and end_of(reason) is End.BROKEN:
        return f"the endpoint broke off: finish reason {shown(reason, 60)}"
    return None


def _with_code(reply: Mapping[str, Any], default: str) -> dict[str, Any]:
    code = reply.get("code", reply.get("status"))
    return {"message": words_of(reply) or default, "code": code}


def _is_http_error(code: Any) -> bool:
    if isinstance(code, str):
        return code.isascii() and code.isdigit() and len(code) == 3 and code[0] in "45"
    return isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600


def broken_reason(reply: Mapping[str, Any]) -> str | None:
    """Return the finish reason of a reply that the server broke off; None if it did not."""
    for choice in _choices(reply):
        for name in _REASONS:
            reason = choice.get(name)
            if reason not in (None, "stop", "length") and end_of(reason) is End.BROKEN:
                return shown(reason, 60)
    return None


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
    filtered = _filtered_in(choice.get("content_filter_results"))
    if filtered:
        return f"the endpoint's content filter withheld the answer ({filtered})"
    why = _why_by_reason(choice.get("finish_reason"))
    if why is not None:
        return why
    native = choice.get("native_finish_reason")
    # A provider's own words for a normal end are too many to know them all.
    return None if end_of(native) in {End.UNKNOWN, End.TOOLS} else _why_by_reason(native)


def _filtered_in(results: Any) -> str:
    """Return the names of the filters that took something out (Azure's field for each choice)."""
    if not isinstance(results, dict):
        return ""
    found = (
        name
        for name, result in results.items()
        if isinstance(result, dict) and result.get("filtered") is True
    )
    return shown(", ".join(found), 120)


def _why_by_reason(reason: Any) -> str | None:
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


def was_cut(choice: Mapping[str, Any]) -> bool:
    """Return whether a choice was cut off, by its finish reason or that of a gateway's provider."""
    reasons = (choice.get(name) for name in _REASONS)
    return any(each not in (None, "stop") and end_of(each) is End.CUT for each in reasons)


def _choices(reply: Mapping[str, Any]) -> list[dict[str, Any]]:
    choices = reply.get("choices")
    return [e for e in choices if isinstance(e, dict)] if isinstance(choices, list) else []


def _refusal_in(message: Mapping[str, Any]) -> Any:
    refusal = message.get("refusal")
    content = message.get("content")
    if refusal or not isinstance(content, list):
        return refusal
    parts = [part for part in content if isinstance(part, dict)]
    return next((p.get("refusal") or p for p in parts if p.get("type") == "refusal"), None)
