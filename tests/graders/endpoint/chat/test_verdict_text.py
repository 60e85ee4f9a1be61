"""Reading yes and no out of texts."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.graders.endpoint.chat.verdict_grammar import LONGEST
from rbrctl.graders.endpoint.chat.verdict_text import read_verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes", True),
        ("no", False),
        (" YES.", True),
        ("**No**", False),
        ("“Yes”", True),
        ("No, there is no apology in it.", False),
        ("Yes - the reply has no advice, no answer.", True),
        ("Answer: yes", True),
        ("The answer is **No**.", False),
        ("It says sorry once.\n\nVerdict: Yes", True),
        ("It says sorry.\nyes", True),
        ("<think>No? Maybe yes.</think>\n\nNo", False),
        ("hmm, answer: yes</think>No.", False),
        ("<think>a</think><think>b</think>Yes", True),
        ("", None),
        ("   \n", None),
        ("Yes and no", None),
        ("yes/no", None),
        ("Yes or no?", None),
        ("Not really", None),
        ("None", None),
        ("Yesterday it did", None),
        ("Nope", None),
        ("I cannot answer that.", None),
        ("It is hard to say yes here.", None),
        ("<think>Yes, I believe so", None),
        ("Yes.\n\nOn reflection, the final answer is no.", None),
        ("Answer: yes or no", None),
        ("No's a word", None),
        ("нет", None),
    ],
)
def test_reads_a_verdict_or_none(text: str, expected: bool | None) -> None:
    verdict = read_verdict(text)
    assert (None if verdict is None else verdict.value) is expected


EXAMPLES = Path(__file__).parent / "verdict_texts.jsonl"


def test_every_example_has_its_right_value() -> None:
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 300
    for row in rows:
        verdict = read_verdict(row["text"])
        assert (None if verdict is None else verdict.value) is row["answer"], row["text"]


@pytest.mark.parametrize("text", ["Yes", "Answer: no", "x\n**yes**", "<think>no</think> Yes"])
def test_tells_where_the_word_begins(text: str) -> None:
    verdict = read_verdict(text)
    assert verdict is not None
    word = "yes" if verdict.value else "no"
    assert text[verdict.offset :].lower().startswith(word)


@given(st.text(alphabet="yesno \n*<think>/.:answer", max_size=80))
def test_takes_any_text(text: str) -> None:
    verdict = read_verdict(text)
    if verdict is not None:
        word = "yes" if verdict.value else "no"
        assert text[verdict.offset :].lower().startswith(word)


@pytest.mark.parametrize(
    "piece",
    [
        *("<think>", "<answer>", '{"a":', "no, ", "answer: ", "(", "[[", "so ", "'a", "<b"),
        *("is no", "\n", "<|x|>", "answer ", " *", "yes ", "score is  ", "answer: /", "f(", "1."),
    ],
)
def test_reading_takes_linear_time(piece: str) -> None:
    """Read eight times the text in eight times the time; quadratic reading would take 64."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        taken = []
        for _ in range(3):
            before = time.process_time()
            read_verdict(text)
            taken.append(time.process_time() - before)
        return min(taken)

    # The shortest of three runs: a busy machine can only add to it.
    short = seconds(LONGEST // 10)
    assert seconds(LONGEST // 10 * 8) <= 24 * max(short, 0.0005)
