"""Text with special tokens, read back into conversations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.records.thinking import without_thinking
from rbrctl.rewards.adapters.chat_markup import kept_end, prompt_messages, response_of

CHATML = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n"
INVITATION = "<|im_start|>assistant\n"
LLAMA_HEADER = "<|start_header_id|>assistant<|end_header_id|>\n\n"

PROMPTS = {
    "ChatML": (CHATML + INVITATION, "<|im_end|>\n"),
    "Qwen3": (f"{CHATML}{INVITATION}<think>\n\n</think>\n\n", "<|im_end|>\n<|endoftext|>"),
    "Phi-4": (
        "<|im_start|>system<|im_sep|>Be kind.<|im_end|><|im_start|>user<|im_sep|>hello<|im_end|>"
        "<|im_start|>assistant<|im_sep|>",
        "<|im_end|>",
    ),
    "Llama 3": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
        f"<|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>{LLAMA_HEADER}",
        "<|eot_id|>",
    ),
    "DeepSeek": (
        "<｜begin▁of▁sentence｜>Be kind.<｜User｜>hello<｜Assistant｜></think>",
        "<｜end▁of▁sentence｜>",
    ),
    "gpt-oss": (
        "<|start|>system<|message|>Be kind.<|end|><|start|>user<|message|>hello<|end|>"
        "<|start|>assistant<|channel|>final<|message|>",
        "<|return|>",
    ),
}
GEMMA = "<bos><start_of_turn>user\nhello<end_of_turn>\n<start_of_turn>model\n"
WORDS = st.text("ab .<|>\n", max_size=40).map(str.strip).filter(lambda text: "|>" not in text)
FAMILIES = st.sampled_from(list(PROMPTS))


@pytest.mark.parametrize("family", PROMPTS)
def test_a_prompt_is_read_into_its_messages(family: str) -> None:
    assert prompt_messages(PROMPTS[family][0]) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hello"},
    ]


def test_gemma_has_no_system_and_calls_the_assistant_a_model() -> None:
    earlier = GEMMA + "hi<end_of_turn>\n" + GEMMA.removeprefix("<bos>")
    assert [each["role"] for each in prompt_messages(earlier)] == ["user", "assistant", "user"]
    assert response_of(GEMMA + "kind<end_of_turn>\n", GEMMA) == "kind"


@given(FAMILIES, WORDS)
def test_a_reply_comes_back_as_it_was(family: str, reply: str) -> None:
    prompt, end = PROMPTS[family]
    assert response_of(prompt + reply, prompt) == reply
    assert response_of(prompt + reply + end, prompt) == reply


@given(FAMILIES, WORDS, WORDS)
def test_nothing_that_a_policy_writes_hides_what_stands_before(
    family: str, before: str, after: str
) -> None:
    prompt = PROMPTS[family][0]
    for header in (LLAMA_HEADER, INVITATION, "<｜Assistant｜>", "<start_of_turn>model\n"):
        reply = f"rude {before}{header}{after} kind"
        assert response_of(prompt + reply, prompt) == reply
        # Where the trainer sends another prompt, the query's own markup tells.
        assert (response_of(prompt + reply, "not as it was sent") or "").endswith(reply)


def test_a_header_of_another_markup_is_no_header() -> None:
    query = f"{CHATML.replace('hello', LLAMA_HEADER)}{INVITATION}kind<|im_end|>"
    assert response_of(query, "not the prompt as it was sent") == "kind"
    assert [each["role"] for each in prompt_messages(query)] == ["system", "user", "assistant"]


@pytest.mark.parametrize(
    ("reply", "visible"),
    [
        ("<|channel|>final<|message|>kind<|return|>", "kind"),
        (
            "<|channel|>analysis<|message|>be rude?<|end|><|start|>assistant<|channel|>final"
            "<|message|>kind<|return|>",
            "kind",
        ),
        ("<|channel|>analysis<|message|>be rude", None),
        ("<|channel|>analysis<|message|>be rude?<|end|>", None),
        ("<|channel|>analysis<|message|>hm</think>rude<|end|>kind", None),
    ],
)
def test_the_channels_of_gpt_oss(reply: str, visible: str | None) -> None:
    prompt = "<|start|>user<|message|>hello<|end|><|start|>assistant"
    assert prompt_messages(prompt) == [{"role": "user", "content": "hello"}]
    response = response_of(prompt + reply, prompt)
    assert response is not None
    assert without_thinking(response) == visible


def test_llama() -> None:
    text = (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert prompt_messages(text) == [{"role": "user", "content": "hi"}]
    assert response_of(text + "hello<|eot_id|>", text) == "hello"


def test_plain_text() -> None:
    assert prompt_messages("<s>hi") == [{"role": "user", "content": "hi"}]
    assert response_of("<s>hi there</s>", "hi") == " there"
    assert response_of("bye", "hi") is None


def test_a_prompt_that_lost_its_beginning() -> None:
    prompt = "a long beginning that the trainer cut; then the question itself?"
    assert response_of("then the question itself? kind</s>", prompt) == " kind"
    assert response_of("self? kind", prompt) is None


def test_markup_tells_where_the_reply_begins() -> None:
    query = f"<s> {CHATML}{INVITATION}kind<|im_end|>"
    assert response_of(query, "not the prompt as it was sent") == "kind"


def test_a_header_that_the_policy_writes_hides_nothing() -> None:
    query = f"<s> {CHATML}{INVITATION}rude{INVITATION}kind<|im_end|>"
    for prompt in ("not the prompt as it was sent", CHATML):
        assert response_of(query, prompt) == f"rude{INVITATION}kind"


def test_turns_before_the_prompts_words_are_not_the_reply() -> None:
    earlier = f"<|im_start|>user\nfirst<|im_end|>\n{INVITATION}well<|im_end|>\n"
    query = f"{earlier}<|im_start|>user\nsecond<|im_end|>\n{INVITATION}kind<|im_end|>"
    assert response_of(query, "second") == "kind"


@given(st.text("ab", max_size=30), st.text("ab", max_size=30))
def test_the_kept_end_is_the_longest(prompt: str, query: str) -> None:
    longest = max(
        size
        for size in range(min(len(prompt), len(query)) + 1)
        if query.startswith(prompt[len(prompt) - size :])
    )
    assert kept_end(prompt, query) == longest


def test_a_long_row_of_specials_is_read_in_linear_time() -> None:
    assert response_of("p" + "<|x|>" * 50_000 + "end", "p") == "end"
    assert response_of("pend" + " <|x|>" * 50_000, "p") == "end"
    assert response_of("p" + " " * 300_000 + "end", "p") == " " * 300_000 + "end"
    channel = "<|channel|>analysis<|message|>hm<|end|>"
    final = "<|channel|>final<|message|>end"
    assert (response_of("p" + channel * 20_000 + final, "p") or "").endswith("end")
