"""How a reply ended, by the many names that servers have for it."""

from typing import Any

import pytest

from rbrctl.graders.endpoint.chat.ends import (
    End,
    broken_reason,
    cut_before_end,
    end_of,
    error_in,
    why_no_answer,
)

NORMAL = ["stop", "STOP", "eos", "eos_token", "end_turn", "stop_sequence", "FINISH_REASON_STOP"]
NORMAL += ["COMPLETE", "completed", "Finished", "success", "", None, "<|im_end|>stop", "EOSToken"]
CUT = ["length", "max_tokens", "MAX_TOKENS", "model_length", "maxTokens", "max-output-tokens"]
CUT += ["model_context_window_exceeded", "FINISH_REASON_MAX_TOKENS", "truncated", "incomplete"]
WITHHELD = ["content_filter", "SAFETY", "refusal", "RECITATION", "PROHIBITED_CONTENT", "SPII"]
WITHHELD += ["guardrail_intervened", "content_filtered", "BLOCKLIST", "model_safety", "sensitive"]
TOOLS = ["tool_calls", "tool_use", "function_call", "ToolCalls"]
BROKEN = ["error", "abort", "cancelled", "insufficient_system_resource", "timeout", "engine_crash"]
OPEN = [",", " -", " (", ":", ";", "...", "—", "…", " –", "?", ", ", " [", " /"]
UNKNOWN = ["pause_turn_q", "wibble", 7, ["stop"], {"type": 3}, True]


@pytest.mark.parametrize(
    ("end", "reasons"),
    [
        (End.NORMAL, NORMAL),
        (End.CUT, CUT),
        (End.WITHHELD, WITHHELD),
        (End.TOOLS, TOOLS),
        (End.BROKEN, BROKEN),
        (End.UNKNOWN, UNKNOWN),
    ],
)
def test_every_name_of_an_end_is_known(end: End, reasons: list[Any]) -> None:
    assert {str(reason): end_of(reason) for reason in reasons} == dict.fromkeys(
        map(str, reasons), end
    )


def test_the_gravest_word_of_several_counts_and_an_object_is_read_by_its_type() -> None:
    assert end_of("stopped_by_error") is End.BROKEN
    assert end_of("stop_content_filter") is End.WITHHELD
    assert end_of({"type": "eos_found", "value": ""}) is End.NORMAL


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({}, None),
        ({"error": None, "choices": [{"error": {}}]}, None),
        ({"error": {"message": "a"}}, {"message": "a"}),
        ({"errors": ["b"]}, ["b"]),
        ({"choices": [{"error": "c"}]}, "c"),
        ({"choices": [{"message": {"error": "d"}}]}, "d"),
        ({"object": "error", "message": "e"}, "e"),
        ({"type": "error", "detail": "f"}, "f"),
        ({"status": "FAILED"}, "FAILED"),
        ({"status": "in_progress"}, None),
        ({"choices": "none", "status": 3}, None),
        ({"choices": [None]}, None),
        ({"choices": [{}, {"error": "g"}]}, "g"),
        ({"success": True, "code": 0, "message": "ok", "status": 200}, None),
        ({"code": "200", "msg": "ok"}, None),
        ({"code": 500}, None),
        ({"incomplete_details": None}, None),
        ({"success": False, "message": "h"}, {"message": "h", "code": None}),
        ({"code": 500, "message": "i"}, {"message": "i", "code": 500}),
        ({"code": "503", "msg": "j"}, {"message": "j", "code": "503"}),
        ({"status": 429, "detail": "k"}, {"message": "k", "code": 429}),
        (
            {"incomplete_details": {"reason": "max_output_tokens"}},
            "the reply is incomplete: max_output_tokens",
        ),
        ({"finish_reason": "abort"}, "the endpoint broke off: finish reason abort"),
        ({"finish_reason": "stop"}, None),
    ],
)
def test_an_error_is_found_at_every_level(reply: dict[str, Any], error: Any) -> None:
    assert error_in(reply) == error


@pytest.mark.parametrize(
    ("choice", "message", "words"),
    [
        ({}, {}, None),
        ({"finish_reason": "eos"}, {}, None),
        ({"finish_reason": "max_tokens"}, {}, None),
        ({}, {"refusal": "I won't."}, "refused to answer: I won't."),
        ({}, {"content": [{"type": "refusal", "refusal": "No."}]}, "refused to answer: No."),
        ({}, {"tool_calls": [{"id": "x"}]}, "called a tool"),
        ({}, {"function_call": {"name": "f"}}, "called a tool"),
        ({"finish_reason": "tool_use"}, {}, "called a tool"),
        ({"finish_reason": "SAFETY"}, {}, "content filter withheld"),
        ({"finish_reason": "abort"}, {}, "broke off: finish reason abort"),
        ({"finish_reason": "wibble"}, {}, "ended abnormally: finish reason wibble"),
        ({"content_filter_results": {"hate": {"filtered": False}}}, {}, None),
        ({"content_filter_results": {"hate": {"filtered": True}}}, {}, "withheld the answer (hate"),
        ({"finish_reason": "stop", "native_finish_reason": "STOP"}, {}, None),
        ({"finish_reason": "stop", "native_finish_reason": "wibble"}, {}, None),
        ({"finish_reason": "stop", "native_finish_reason": "SAFETY"}, {}, "reason SAFETY"),
        ({"finish_reason": 10**400}, {}, "an integer of hundreds of digits"),
    ],
)
def test_what_is_no_answer_says_why(
    choice: dict[str, Any], message: dict[str, Any], words: str | None
) -> None:
    why = why_no_answer(choice, message)
    assert (why is None) is (words is None)
    assert (words or "") in (why or "")


@pytest.mark.parametrize(
    ("reason", "broken"), [("stop", None), ("length", None), ("abort", "abort")]
)
def test_a_reply_that_the_server_broke_off_is_told(reason: str, broken: str | None) -> None:
    assert broken_reason({"choices": [{"finish_reason": reason}]}) == broken
    assert broken_reason({"choices": [{}, {"native_finish_reason": reason}]}) == broken


@pytest.mark.parametrize(
    ("text", "may_go_on"),
    [
        ("Yes", False),
        ("**No**", False),
        ("No.", False),
        ("Yes. The reply apologises at the", False),
        ("<think>no</think>Yes", False),
        ("No\nThe reply", False),
        ("Yes!", False),
        ("*“Yes.”*\n", False),
        ("Yes.**", False),
        *((f"{word}{mark}", True) for word in ("Yes", "**No**") for mark in OPEN),
        ("Yes... it", True),
        ("Yes, the", True),
        ("Yes if", True),
        ("Yes. But", True),
        ("No. Wait", True),
        ("The answer", True),
        ("Ye", True),
    ],
)
def test_a_cut_reply_counts_only_if_its_verdict_is_complete(text: str, may_go_on: bool) -> None:
    assert cut_before_end(text) is may_go_on
