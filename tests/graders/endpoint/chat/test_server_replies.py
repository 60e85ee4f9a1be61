"""Replies in the shapes of many servers, each with the probability that it must be read as."""

import json
import math
from typing import Any

import pytest
from servers.fault_endpoint import chat, token

from rbrctl.graders.endpoint.chat.asker import read_reply
from rbrctl.graders.endpoint.chat.reply import UnreadableError
from rbrctl.graders.endpoint.failures import Failure, of_response
from rbrctl.graders.endpoint.http.parser import Response
from rbrctl.graders.modes import Mode

YES = token("Yes", 0.9, {"Yes": 0.9, "No": 0.1})
NO = token("No", 0.9, {"No": 0.9, "Yes": 0.1})
ERROR = None


def certain(*texts: str) -> list[Any]:
    return [token(text, 1.0, {text: 1.0}) for text in texts]


def choice(reply: Any, **values: Any) -> Any:
    reply["choices"][0] |= values
    return reply


HARMONY = ("<|channel|>", "analysis", "<|message|>", "No", "<|end|>", "<|start|>", "assistant")
HARMONY += ("<|channel|>", "final", "<|message|>")
SCORED: dict[str, tuple[Any, float | None]] = {
    "vllm: thinking in a field of its own": (
        chat("Yes", [*certain("<think>", " no", "</think>", "\n\n"), YES], reasoning="no"),
        0.9,
    ),
    "vllm: no alternatives": (chat("Yes", [token("Yes", 0.9, {})]), ERROR),
    "vllm: tokens by their numbers": (
        chat("Yes", [token("token_id:98", 0.9, {"token_id:98": 0.9, "token_id:2": 0.1})]),
        ERROR,
    ),
    "llama.cpp: tokens with an id": (chat("No", [NO | {"id": 2822}]), 0.1),
    "llama.cpp: probabilities after sampling": (
        chat("Yes", [{"token": "Yes", "prob": 1.0, "top_probs": []}]),
        ERROR,
    ),
    "tgi: no token probabilities": (chat("Yes"), ERROR),
    "tgi: alternatives without a text": (
        chat("Yes", [{"token": "Yes", "logprob": -0.1, "top_logprobs": [{}]}]),
        ERROR,
    ),
    "litellm: the older format": (
        choice(chat("Yes"), logprobs={"tokens": ["Yes"], "token_logprobs": [-0.1]}),
        ERROR,
    ),
    "azure: a refusal with its tokens": (
        choice(
            chat(None, refusal="I'm sorry"),
            logprobs={"content": None, "refusal": [token("I", 0.9, {})]},
        ),
        ERROR,
    ),
    "deepseek: reasoning_content": (chat("No", [NO], reasoning_content="yes"), 0.1),
    "gpt-oss: tokens of all channels": (
        chat("Yes", [*certain(*HARMONY), YES, *certain("<|return|>")]),
        0.9,
    ),
    "qwen: an empty thought in the text": (
        chat("<think>\n\n</think>\n\nNo", [*certain("<think>", "\n\n", "</think>", "\n\n"), NO]),
        0.1,
    ),
    "a zero-width space": (chat("Yes\u200b", [YES, *certain("\u200b")]), 0.9),
    "a word in two tokens": (
        chat("Yes", [token("Y", 0.9, {"Y": 0.9, "N": 0.1}), *certain("es")]),
        0.9,
    ),
    "the chosen word is the less probable one": (
        chat("No", [token("No", 0.1, {"Yes": 0.9, "No": 0.1})]),
        0.9,
    ),
    "more than 1 in all": (chat("Yes", [token("Yes", 0.9, {"Yes": 0.9, "No": 0.9})]), ERROR),
    "a log probability of 400 digits": (chat("Yes", [YES | {"logprob": -(10**400)}]), ERROR),
    "a log probability as a text": (chat("Yes", [YES | {"logprob": "-0.1"}]), ERROR),
    "a log probability that is NaN": (chat("Yes", [YES | {"logprob": math.nan}]), ERROR),
}
PLAIN: dict[str, tuple[Any, float | None]] = {
    "vllm: an aborted request": (chat("Yes", finish="abort"), ERROR),
    "vllm: the number of the stop token": (choice(chat("No"), stop_reason=151645), 0.0),
    "llama.cpp: an error with status 200": ({"error": {"code": 500, "message": "shift"}}, ERROR),
    "ollama: the model was only loaded": (chat("", finish="load"), ERROR),
    "ollama: thinking": (chat("No", thinking="yes yes"), 0.0),
    "ollama: cut off in its thinking": (chat("", finish="length", reasoning="Let me"), ERROR),
    "tgi: eos_token": (chat("Yes", finish="eos_token"), 1.0),
    "tgi: overloaded": ({"error": "Model is overloaded", "error_type": "overloaded"}, ERROR),
    "litellm: an error in the choice": (choice(chat("Yes"), error={"message": "boom"}), ERROR),
    "litellm: nothing filtered": (
        choice(chat("Yes"), content_filter_results={"hate": {"filtered": False}}),
        1.0,
    ),
    "litellm: no calls": (chat("No", function_call=None, tool_calls=[]), 0.0),
    "openrouter: cut off": (
        choice(chat("Yes, the", finish="length"), native_finish_reason="MAX_TOKENS"),
        ERROR,
    ),
    "openrouter: finish reason error": (chat("Yes", finish="error"), ERROR),
    "openrouter: an empty refusal": (chat("No", refusal="", reasoning=None), 0.0),
    "azure: filtered in the middle": (chat("Yes", finish="content_filter"), ERROR),
    "anthropic: its own shape": (
        {"type": "message", "content": [{"type": "text", "text": "Yes"}]},
        ERROR,
    ),
    "anthropic: end_turn": (chat("Yes", finish="end_turn"), 1.0),
    "anthropic: a thinking part": (
        choice(
            chat(None),
            message={
                "content": [{"type": "thinking", "thinking": "no"}, {"type": "text", "text": "Yes"}]
            },
        ),
        1.0,
    ),
    "anthropic: a refusal": (chat("No", finish="refusal"), ERROR),
    "anthropic: overloaded": ({"type": "error", "error": {"type": "overloaded_error"}}, ERROR),
    "anthropic: pause_turn": (chat("Yes", finish="pause_turn"), ERROR),
    "gemini: safety": (chat("Yes", finish="SAFETY"), ERROR),
    "gemini: stop in capitals": (chat("No", finish="STOP"), 0.0),
    "gemini: a message without content": (choice(chat(None), message={"role": "model"}), ERROR),
    "gemini: a broken function call": (chat("Yes", finish="MALFORMED_FUNCTION_CALL"), ERROR),
    "gemini: a list": ([{"error": {"code": 429, "message": "quota"}}], ERROR),
    "deepseek: no resources": (chat("Yes", finish="insufficient_system_resource"), ERROR),
    "deepseek: only reasoning": (chat("", reasoning_content="The answer is yes"), ERROR),
    "gpt-oss: channels in the text": (
        chat(
            "<|channel|>analysis<|message|>yes?<|end|>"
            "<|start|>assistant<|channel|>final<|message|>No"
        ),
        0.0,
    ),
    "gpt-oss: cut off in its analysis": (
        chat("<|channel|>analysis<|message|>yes? the", finish="length"),
        ERROR,
    ),
    "gpt-oss: a call of a tool": (
        chat("<|channel|>commentary to=functions.f<|message|>{}"),
        ERROR,
    ),
    "qwen: an empty thought": (chat("<think>\n\n</think>\n\nYes"), 1.0),
    "qwen: cut off in its thought": (chat("<think>\nOkay yes", finish="length"), ERROR),
    "qwen: a tool call in the text": (
        chat('<tool_call>\n{"name": "f", "arguments": {"answer": "yes"}}\n</tool_call>'),
        ERROR,
    ),
    "two choices that differ": (
        chat("Yes") | {"choices": [*chat("Yes")["choices"], *chat("No")["choices"]]},
        ERROR,
    ),
    "two choices that are alike": (chat("No") | {"choices": chat("No")["choices"] * 2}, 0.0),
    "openrouter: cut off by its provider": (
        choice(chat("Yes,"), native_finish_reason="MAX_TOKENS"),
        ERROR,
    ),
    "openrouter: safety": (choice(chat("Yes"), native_finish_reason="SAFETY"), ERROR),
    "openrouter: a normal end": (choice(chat("Yes"), native_finish_reason="end_turn"), 1.0),
    "azure: filtered although it stopped": (
        choice(chat("Yes"), content_filter_results={"violence": {"filtered": True}}),
        ERROR,
    ),
    "a second choice that was withheld": (
        chat("No")
        | {"choices": [*chat("No")["choices"], *chat("No", finish="content_filter")["choices"]]},
        ERROR,
    ),
    "a second choice that broke off": (
        chat("No") | {"choices": [*chat("No")["choices"], *chat("No", finish="error")["choices"]]},
        ERROR,
    ),
    "no success": (chat("Yes") | {"success": False}, ERROR),
    "a success": (chat("Yes") | {"success": True, "code": 200, "message": "ok"}, 1.0),
    "a code of 500": (chat("Yes") | {"code": 500, "message": "boom"}, ERROR),
    "incomplete": (chat("Yes") | {"incomplete_details": {"reason": "content_filter"}}, ERROR),
    "a chunk of a stream": ({"choices": [{"delta": {"content": "Yes"}}]}, ERROR),
    "an older completion": ({"choices": [{"text": "Yes", "finish_reason": "stop"}]}, ERROR),
    "status failed": (chat("Yes") | {"status": "failed"}, ERROR),
    "an error that is null": (chat("Yes") | {"error": None, "warnings": ["x"]}, 1.0),
    "a finish reason in an object": (choice(chat("Yes"), finish_reason={"type": "stop"}), 1.0),
    "content that is a number": (choice(chat(None), message={"content": 1}), ERROR),
    **{
        f"a part of type {kind}": (
            choice(chat(None), message={"content": [{"type": kind, "text": "Yes"}]}),
            right,
        )
        for kind, right in (
            ("text", 1.0),
            ("output_text", 1.0),
            (None, 1.0),
            ("summary_text", ERROR),
            ("reasoning_summary", ERROR),
            ("error", ERROR),
            ("input_text", ERROR),
            ("wibble", ERROR),
            (7, ERROR),
            (["text"], ERROR),
        )
    },
    "gemini: a thought beside the answer": (
        choice(chat(None), message={"content": [{"text": "No", "thought": True}, {"text": "Yes"}]}),
        1.0,
    ),
    "an unknown part beside the answer": (
        choice(
            chat(None),
            message={
                "content": [{"type": "wibble", "text": "No"}, {"type": "text", "text": "Yes"}]
            },
        ),
        1.0,
    ),
    "a part that refuses": (
        choice(
            chat(None),
            message={
                "content": [{"type": "refusal", "refusal": "no"}, {"type": "text", "text": "Yes"}]
            },
        ),
        ERROR,
    ),
}
OBJECTS: dict[str, tuple[Any, float | None]] = {
    '{"answer":true}': (chat('{"answer":true}'), 1.0),
    '{"answer":"no"} at the cap': (chat('{"answer":"no"}', finish="length"), 0.0),
    **{
        text: (chat(text), ERROR)
        for text in (
            '{"answer":{"value":"yes"}}',
            '{"answer":1}',
            '{"answer":"yes","answer":"no"}',
            '{"answer":"yes"',
            '{"answer":"yes"} but no',
            '["yes"]',
        )
    },
}
CASES = [
    pytest.param(mode, reply, right, id=name)
    for mode, table in ((Mode.LOGPROBS, SCORED), (Mode.TEXT, PLAIN), (Mode.SCHEMA, OBJECTS))
    for name, (reply, right) in table.items()
]


@pytest.mark.parametrize(("mode", "reply", "right"), CASES)
def test_a_reply_is_read_as_what_it_says_or_not_at_all(
    mode: Mode, reply: Any, right: float | None
) -> None:
    outcome = of_response(Response(200, {}, json.dumps(reply).encode()))
    if right is not None:
        assert not isinstance(outcome, Failure)
        assert read_reply(mode, outcome)[0] == pytest.approx(right)
    elif not isinstance(outcome, Failure):
        with pytest.raises(UnreadableError):
            read_reply(mode, outcome)
