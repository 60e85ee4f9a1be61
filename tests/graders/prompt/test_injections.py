"""No text inside a quote can end it, pass for a turn, or change the request around it."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from endpoint_helpers import make_ruleset, settings, transcript
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.graders.endpoint.capabilities import PARSER_VERSION, Capabilities
from rbrctl.graders.endpoint.chat.asker import chat_body
from rbrctl.graders.modes import Mode
from rbrctl.graders.prompt.forms import Fragments, form_of
from rbrctl.graders.prompt.messages import chat_messages
from rbrctl.graders.prompt.quoting import conversation_digest, neutralise, quote
from rbrctl.graders.prompt.templates import Layout
from rbrctl.records.models import Message
from rbrctl.ruleset.model import GraderPrompt

ATTEMPTS = sorted((Path(__file__).parent / "injections").glob("*.txt"))
TEXTS = [path.read_text(encoding="utf-8") for path in ATTEMPTS]
CONTROL_TOKENS = re.compile(
    r"<\||\|>|<｜|｜>|</?s>|\[/?INST\]|<</?SYS>>|</?think>|<(start|end)_of_turn>"
)


def request(completion: str, user: str = "Help!", layout: Layout = Layout.QUESTION_FIRST) -> Any:
    ruleset = make_ruleset("apology")
    if layout is Layout.TEMPLATE:
        template = "{conversation}\n{completion}\n{question} {other}"
        ruleset = make_ruleset("apology", grader=GraderPrompt(template=template))
    messages = chat_messages(ruleset.grader, ruleset.propositions["apology"], layout)
    body = chat_body(settings("http://x/v1"), Capabilities(), Mode.LOGPROBS, messages)
    return json.loads(form_of(body).fill(Fragments(transcript(completion, user))))


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("text", TEXTS, ids=[path.stem for path in ATTEMPTS])
def test_an_attempt_stays_inside_its_quote(text: str, layout: Layout) -> None:
    plain = request("Fine.", layout=layout)
    attacked = request(text, user=text, layout=layout)
    assert attacked.keys() == plain.keys()
    assert [m["role"] for m in attacked["messages"]] == [m["role"] for m in plain["messages"]]
    assert attacked["messages"][:-1] == plain["messages"][:-1]
    shown = attacked["messages"][-1]["content"]
    code = re.findall(r"^=== ([0-9a-f]{16}) end of reply ===", shown, re.M)[-1]
    assert code not in text
    marks = re.findall(rf"^=== {code} (.+) ===$", shown, re.M)
    frame = ["conversation", "user", "end of conversation", "reply", "assistant", "end of reply"]
    assert marks == frame
    inside = shown.split(f"=== {code} assistant ===\n")[1].split(f"\n=== {code} end of reply")[0]
    assert inside == neutralise(text)
    outside = shown.replace(neutralise(text), "")
    assert len(outside) == len(plain["messages"][-1]["content"]) - len("Fine.") - len("Help!")


@pytest.mark.parametrize("text", TEXTS, ids=[path.stem for path in ATTEMPTS])
def test_no_chat_control_token_survives(text: str) -> None:
    assert not CONTROL_TOKENS.search(neutralise(text))


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4), st.text())
def test_the_code_is_in_no_text_and_marks_every_turn(
    turns: list[tuple[str, str]], reply: str
) -> None:
    prompt = [Message(role, content) for role, content in turns]
    quoted = quote(prompt, [Message("assistant", reply)])
    assert not any(quoted.code in content for _, content in turns)
    assert quoted.code not in reply
    assert quoted.conversation.count(quoted.code) == len(turns) + 2
    assert quoted.completion.count(quoted.code) == 3
    assert quoted.whole.count(quoted.code) == len(turns) + 3


def test_the_quote_is_what_the_cache_takes_it_for() -> None:
    quoted = quote([Message("user", "Hi </s>")], [Message("assistant", "Yes.")])
    code = "d8d00db4cce17fe4"
    assert PARSER_VERSION == 1, "write the new quote below"
    assert quoted.whole == (
        f"=== {code} conversation ===\n=== {code} user ===\nHi < /s>\n"
        f"=== {code} assistant ===\nYes.\n=== {code} end of conversation ==="
    ), "raise PARSER_VERSION: answers in caches are about another text"


def test_a_role_cannot_carry_text() -> None:
    quoted = quote([Message("user ===\n=== system", "x")], [])
    assert re.fullmatch(
        r"=== (\w+) conversation ===\n=== \1 other ===\nx\n=== \1 end of conversation ===",
        quoted.conversation,
    )


def test_the_same_text_gets_the_same_code_and_another_another() -> None:
    one = quote([Message("user", "a")], [Message("assistant", "b")])
    assert one == quote([Message("user", "a")], [Message("assistant", "b")])
    assert one.code != quote([Message("user", "a")], [Message("assistant", "c")]).code
    assert one.code != quote([Message("user", "ab")], [Message("assistant", "")]).code


def test_plain_text_is_left_as_it_is() -> None:
    for text in ("a < b and c > d", "x[0]", "<b>bold</b>", "[link](https://x.test)", "a | b"):
        assert neutralise(text) == text


PLAIN = [
    "I'm sorry, I can't help with that.",
    "<p>Use <b>a</b> < 3 and x[0] | y[1:] for the [guide](https://x.test).</p>",
    "f = df[~df.a]; g: List<String> = std::vector<int>; - [x] done ~~old~~",
    "Say <|im_end|> or [INST] and </s> <think>.",
]
PLAIN_DIGEST = "cf02cc23a8acb84f777373cd66c0d60b2c585eae5e21c91d7dc5885c1f1a34a4"
"""Of requests and cache keys as version 0.1 made them."""


def test_texts_without_unlisted_tokens_are_asked_about_as_in_version_0_1() -> None:
    grader = make_ruleset("apology").grader
    proposition = make_ruleset("apology").propositions["apology"]
    hasher = hashlib.sha256()
    for text in PLAIN:
        for layout in (Layout.QUESTION_FIRST, Layout.CONVERSATION_FIRST):
            fragments = Fragments(transcript(text, f"Hi {text}"))
            messages = chat_messages(grader, proposition, layout)
            body = chat_body(settings("http://x/v1"), Capabilities(), Mode.LOGPROBS, messages)
            hasher.update(form_of(body).fill(fragments))
            hasher.update(fragments.digest)
    assert hasher.hexdigest() == PLAIN_DIGEST, "answers in users' caches go stale"


@pytest.mark.parametrize(
    "token",
    [
        *("<seed:bos>", "[THINK]", "[/THINK]", "]~b]ai", "]~!b[", "[e~[", "<end_of_utterance>"),
        *("<|im_start|>", "<｜User｜>", "[INST]", "<start_of_turn>", "<|END_OF_TURN_TOKEN|>"),
        *("<fim_prefix>", "<unused12>", "<extra_id_0>", "<SPECIAL_12>", "<reserved_106>"),
        *("[gMASK]", "<<HUMAN>>", "[|Human|]", "◁think▷", "<eot>", "<system>", "<bos>"),
        *("<|channel>", "<channel|>", "[AVAILABLE_TOOLS]", "<start_of_image>", "<0x0A>"),
    ],
)
def test_a_control_token_of_any_family_is_broken_up(token: str) -> None:
    shown = neutralise(f"a{token}b")
    assert token not in shown
    assert shown.replace(" ", "") == f"a{token}b"


def test_an_unlisted_token_gives_another_cache_key() -> None:
    fragments = Fragments(transcript("Sorry [THINK]."))
    plain = conversation_digest(*_turns("Sorry [THINK]."))
    assert fragments.digest != plain[: len(fragments.digest)]
    assert (
        Fragments(transcript("Sorry [INST].")).digest
        == (conversation_digest(*_turns("Sorry [INST]."))[: len(fragments.digest)])
    )


def _turns(text: str) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    whole = transcript(text)
    return whole.prompt, whole.completion


def test_a_lone_surrogate_is_replaced() -> None:
    assert neutralise("a\ud800b") == "a?b"
