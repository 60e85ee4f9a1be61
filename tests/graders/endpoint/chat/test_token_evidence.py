"""P(yes) from token probabilities."""

import math
from typing import Any

import pytest
from servers.fault_endpoint import token

from rbrctl.graders.endpoint.chat.token_evidence import Evidence, EvidenceError, read_evidence


def read(content: Any, text: str | None = None) -> Evidence:
    """Read tokens whose message is all of their texts, if it is not given."""
    if text is None:
        entries = content if isinstance(content, list) else []
        pieces = [entry.get("token") for entry in entries if isinstance(entry, dict)]
        text = "".join(piece for piece in pieces if isinstance(piece, str)) or "Yes"
    return read_evidence(content, text)


def test_sums_all_spellings_of_both_words() -> None:
    listed = {"Yes": 0.4, " yes": 0.1, "YES": 0.05, "yes.": 0.05, "No": 0.1, " no": 0.1, "The": 0.2}
    evidence = read([token("Yes", 0.4, listed)])
    assert evidence.probability == pytest.approx(0.6 / 0.8)
    assert evidence.mass == pytest.approx(0.8)
    assert evidence.unseen == 0.0


def test_reads_a_no_of_two_tokens() -> None:
    content = [token("N", 0.6, {"N": 0.6, "Yes": 0.3}), token("o", 0.9, {"o": 0.9, "ever": 0.1})]
    evidence = read(content)
    assert evidence.probability == pytest.approx(0.3 / (0.3 + 0.6 * 0.9))


def test_counts_an_unchosen_first_piece() -> None:
    evidence = read([token("Yes", 0.6, {"Yes": 0.6, "N": 0.3})])
    assert evidence.probability == pytest.approx(0.6 / 0.9)


@pytest.mark.parametrize(
    "listed",
    [
        {"No": 0.2, "a": 0.1},
        {"Yes": 0.7, "No": 0.2, "a": 0.1},
        {"a": 0.1, "No": 0.2, "Yes": 0.7},
    ],
    ids=["chosen left out", "first", "unsorted"],
)
def test_counts_the_chosen_token_once(listed: dict[str, float]) -> None:
    evidence = read([token("Yes", 0.7, listed)])
    assert evidence.probability == pytest.approx(0.7 / 0.9)


def test_skips_blanks_and_markup_and_reasoning() -> None:
    content = [
        token("<think>", 1.0, {"<think>": 1.0}),
        token("Yes?", 0.5, {"Yes?": 0.5}),
        token("</think>", 1.0, {"</think>": 1.0}),
        token("\n\n", 1.0, {"\n\n": 1.0}),
        token("**", 1.0, {"**": 1.0}),
        token("No", 0.75, {"No": 0.75, "Yes": 0.25}),
    ]
    assert read(content).probability == pytest.approx(0.25)


def test_finds_the_verdict_after_words() -> None:
    content = [
        token("Answer", 1.0, {"Answer": 1.0}),
        token(":", 1.0, {":": 1.0}),
        token(" yes", 0.9, {" yes": 0.9, " no": 0.1}),
    ]
    assert read(content).probability == pytest.approx(0.9)


def test_a_low_mass_is_measured() -> None:
    evidence = read([token("Yes", 0.3, {"The": 0.35, "Yes": 0.3, "No": 0.1})])
    assert evidence.probability == pytest.approx(0.75)
    assert evidence.mass == pytest.approx(0.4)


def steps(*texts: str) -> list[Any]:
    """Write tokens of which the last is the verdict, as probable as 3 to 1."""
    other = "Yes" if "no" in texts[-1].lower() else "No"
    certain = [token(text, 1.0, {text: 1.0}) for text in texts[:-1]]
    return [*certain, token(texts[-1], 0.75, {texts[-1]: 0.75, other: 0.25})]


@pytest.mark.parametrize(
    ("pieces", "text", "probability"),
    [
        (("<|channel|>", "analysis", "<|message|>", "no", "?", "<|end|>", "Yes"), "Yes", 0.75),
        (("", "At", " first", " yes", "", "\n\n", "No"), "No", 0.25),
        (("```", "\n", "Yes"), "Yes", 0.75),
        (("▁Answer", ":", "▁yes"), " Answer: yes", 0.75),
        (("Ġ", "Ċ", "ĠNo"), " \n No", 0.25),
        (("<0x0A>", "Yes"), "\nYes", 0.75),
        (("[THINK]", "yes", "[/THINK]", "No"), "[THINK]yes[/THINK]No", 0.25),
        (("**", "No"), "**No", 0.25),
        (("\ufffd", "", " Yes"), "✅ Yes", 0.75),
    ],
)
def test_the_verdict_is_the_token_where_the_text_states_it(
    pieces: tuple[str, ...], text: str, probability: float
) -> None:
    evidence = read(steps(*pieces), text)
    assert evidence.probability == pytest.approx(probability)


def test_tokens_behind_the_verdict_are_the_end_of_the_turn() -> None:
    content = [*steps("No"), token("<|im_end|>", 1.0, {"<|im_end|>": 1.0})]
    assert read(content, "No").probability == pytest.approx(0.25)
    assert read(content, "No<|im_end|>").probability == pytest.approx(0.25)


def test_a_token_without_text_is_read_from_its_bytes() -> None:
    entry = token("Yes", 0.75, {"Yes": 0.75, "No": 0.25})
    entry |= {"token": "", "bytes": [89, 101, 115]}
    assert read([entry], "Yes").probability == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("content", "text", "message"),
    [
        (steps("Yes"), "No", "disagree"),
        (steps("Yes"), "Yes, it says sorry.", "disagree"),
        (steps("Yes", " No"), "Yes", "disagree"),
        (steps("Yes"), "Partly", "neither"),
        (steps("Yes"), "", "empty"),
        (steps("Yes"), '{"answer": true}', "not written"),
        ([token("Partly", 0.9, {"Partly": 0.9, "Yes": 0.1})], "Partly", "neither"),
        ([token("isNo", 0.9, {"isNo": 0.9, "Yes": 0.1})], "is No", "neither"),
        ([token("Answer:No", 0.9, {"Yes": 0.1})], "Answer:No", "shares a token"),
        ([token("Yes", 0.9, {"No": 0.9, "x": 0.05})], "Yes", "add up to 1.8"),
        ([token("Yes", 0.9, {"The": 0.9, "No": 0.05})], "Yes", "and its alternatives add up to"),
        ([token("Yes", 0.9, {"Yes": 0.4, "No": 0.1})], "Yes", "0.9, and 0.4 in the list"),
    ],
)
def test_text_and_tokens_must_agree(content: Any, text: str, message: str) -> None:
    with pytest.raises(EvidenceError, match=message):
        read(content, text)


def test_bounds_what_the_unlisted_side_could_have() -> None:
    evidence = read([token("Yes", 0.6, {"Yes": 0.6, "The": 0.15})])
    assert evidence.probability == 1.0
    assert evidence.unseen == pytest.approx(0.15)


def masked(value: float) -> list[Any]:
    entry = token("yes", 0.9, {"yes": 0.9, "no": 0.1})
    entry["logprob"] = value
    return [entry]


def replaced(**values: Any) -> list[Any]:
    return [token("Yes", 0.9, {"Yes": 0.9, "No": 0.1}) | values]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no token probabilities"),
        ([], "no token probabilities"),
        ("Yes", "no token probabilities"),
        ([None], "no object"),
        ([{"token": "Yes"}], "masked token"),
        (masked(-9999.0), "masked token"),
        (masked(-math.inf), "masked token"),
        (masked(math.nan), "cannot be one"),
        (masked(0.5), "cannot be one"),
        (replaced(logprob="-0.1"), "no number"),
        (replaced(logprob=True), "no number"),
        (replaced(token=7), "without a text"),
        (replaced(top_logprobs=[1]), "no list of objects"),
        (replaced(top_logprobs={}), "no list of objects"),
        (replaced(top_logprobs=None, logprob=-0.5), "no alternatives"),
        ([token("Yes", 0.9, {"Yes": 0.9, "No": 0.9})], "more than 1"),
        (
            [token("Yes", 1e-3, {"The": 0.9, "A": 0.09})],
            "together have a probability mass of 0.001",
        ),
        ([token("<think>", 1.0, {}), token("Hm", 1.0, {})], "inside its reasoning"),
        ([token("No", 0.9, {"No": 0.9, "Yes": 0.1}), token("thing", 1.0, {})], "neither"),
        ([token("\n", 1.0, {})], "empty"),
    ],
)
def test_what_is_no_evidence_is_an_error(content: Any, message: str) -> None:
    with pytest.raises(EvidenceError, match=message):
        read(content)


def test_sentinels_among_the_alternatives_count_nothing() -> None:
    entry = token("Yes", 0.9, {"Yes": 0.9, "No": 0.1})
    entry["top_logprobs"].append({"token": " no", "logprob": -9999.0})
    assert read([entry]).probability == pytest.approx(0.9)


def test_byte_tokens_without_a_text_are_not_mixed_up() -> None:
    entry = token("Yes", 0.8, {"Yes": 0.8, "No": 0.1})
    entry["top_logprobs"] += [{"token": "", "logprob": -3.0}, {"token": "", "logprob": -4.0}]
    assert read([entry]).probability == pytest.approx(0.8 / 0.9)


def test_rounding_of_the_chosen_token_is_no_contradiction() -> None:
    content = [token("Yes", 0.88, {"Yes": 0.9, "No": 0.1})]
    assert read(content).probability == pytest.approx(0.9)
