"""Thinking is told by one definition, in tags, channels and parts of their own."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.records.messages import read_messages
from rbrctl.records.models import Message
from rbrctl.records.thinking import (
    is_thinking_part,
    judge_reply_start,
    opens_thinking,
    visible_transcript,
    without_thinking,
)
from rbrctl.records.transcripts import make_transcript

PAIRS = [
    ("<think>", "</think>"),
    ("<Thinking>", "</Thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<scratchpad>", "</scratchpad>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<｜begin▁of▁thinking｜>", "<｜end▁of▁thinking｜>"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought\n", "<channel|>"),
    ('<think budget="9">', "</think>"),
]
TEXTS = st.text("ab<>/ \n", max_size=30)
ANY_PAIR = st.sampled_from(PAIRS)
FINAL = "<|start|>assistant<|channel|>final<|message|>"


@given(ANY_PAIR, TEXTS, TEXTS, st.sampled_from(["", " ", "\n\n"]))
def test_a_leading_block_is_dropped(
    pair: tuple[str, str], thinking: str, reply: str, space: str
) -> None:
    opening, closing = pair
    assert without_thinking(f"{space}{opening}{thinking}{closing}{reply}") == reply.lstrip()
    assert without_thinking(f"{thinking}{closing}{reply}", opened=True) == reply.lstrip()
    assert judge_reply_start(f"{opening}{thinking}{closing}") == len(opening + thinking + closing)


@given(TEXTS)
def test_a_text_without_thinking_stays_as_it_is(text: str) -> None:
    assert without_thinking(text) == text
    assert judge_reply_start(text) == 0


@given(ANY_PAIR, TEXTS)
def test_a_block_that_is_never_closed_leaves_no_reply(pair: tuple[str, str], text: str) -> None:
    assert without_thinking(pair[0] + text) is None
    assert without_thinking(text, opened=True) is None
    assert judge_reply_start(f"Hm. {pair[0]}{text}") is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("<think>a</think><think>b</think> c", "<think>b</think> c"),
        ("rude <think>a</think> kind", "rude <think>a</think> kind"),
        ("opened by the template</think>kind", "kind"),
        ("write `</think>` to end it", "write `</think>` to end it"),
        ("<think>a</think>", ""),
        ("", ""),
        ("I think so", "I think so"),
        ("analysis of the text: a < b", "analysis of the text: a < b"),
        ("[thinking] is a stage direction", "[thinking] is a stage direction"),
        (f"<|channel|>analysis<|message|>rude<|end|>{FINAL}kind", "kind"),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary"
            f"<|message|>b<|end|>{FINAL}kind",
            "kind",
        ),
        ("<|channel|>final<|message|>kind", "kind"),
        ("<|channel|>analysis<|message|>rude<|end|>", None),
        ("<|channel|>commentary<|message|>rude", None),
        ("analysisThe user is rude.assistantfinalKind words.", "Kind words."),
        ("analysisThe user is rude", None),
    ],
)
def test_only_what_stands_before_the_reply_is_thinking(text: str, reply: str | None) -> None:
    assert without_thinking(text) == reply


def test_a_prompt_may_open_the_block() -> None:
    assert opens_thinking("<|im_start|>assistant\n<think>\n")
    assert opens_thinking("<|start|>assistant<|channel|>analysis<|message|>")
    assert not opens_thinking("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert without_thinking(f"hm<|end|>{FINAL}kind", opened=True) == "kind"


def test_a_transcript_is_seen_without_its_thinking_under_the_same_digest() -> None:
    plain = make_transcript("Hi", "Hello.")
    assert visible_transcript(plain) is plain
    thought = make_transcript("Hi", "<think>Be rude?</think>\nHello.")
    seen = visible_transcript(thought)
    assert seen == replace(thought, completion=(Message("assistant", "Hello."),))
    assert seen is not None
    assert seen.content_digest == thought.content_digest != plain.content_digest
    assert visible_transcript(make_transcript("Hi", "<think>Be rude?")) is None


def test_parts_that_hold_thinking_are_left_out_of_a_message() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Be rude?"}]},
        {"type": "reasoning", "text": "Be kind."},
        {"type": "text", "text": "Hello."},
    ]
    (message,) = read_messages([{"role": "assistant", "content": parts}], "completion", "x")
    assert message.content == "Hello."


def test_a_part_is_thinking_by_its_type_or_by_the_mark_of_gemini() -> None:
    for kind in ("thinking", "reasoning", "summary_text", "reasoning_summary", "redacted_thinking"):
        assert is_thinking_part({"type": kind, "text": "yes"})
    assert is_thinking_part({"text": "yes", "thought": True})
    for part in ({"type": "text"}, {"text": "x", "thought": False}, {"type": 7}, {"type": ["t"]}):
        assert not is_thinking_part(part)
