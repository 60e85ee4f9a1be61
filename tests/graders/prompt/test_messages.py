"""What a proposition becomes: turns, layouts, templates, and the digest of all of it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from endpoint_helpers import make_ruleset, proposition, transcript

from rbrctl.errors import RuleSetError
from rbrctl.graders.endpoint.layout import choose_layout, compare_layouts
from rbrctl.graders.prompt.forms import Fragments, form_of
from rbrctl.graders.prompt.messages import (
    JSON_ANSWER,
    chat_messages,
    decision_instructions,
)
from rbrctl.graders.prompt.templates import Layout
from rbrctl.records.models import Message, Transcript
from rbrctl.ruleset.model import Example, GraderPrompt, Proposition

PLAIN = GraderPrompt()


def shown(prompt: GraderPrompt, item: Proposition, layout: Layout, **options: Any) -> Any:
    messages = chat_messages(prompt, item, layout, **options)
    return json.loads(form_of(messages).fill(Fragments(transcript())))


def test_examples_are_turns_where_the_question_comes_first() -> None:
    messages = shown(PLAIN, proposition("apology"), Layout.QUESTION_FIRST)
    assert [m["role"] for m in messages] == ["system", *["user", "assistant"] * 2, "user"]
    assert [messages[2]["content"], messages[4]["content"]] == ["Yes", "No"]
    assert "Open the door." in messages[1]["content"]
    assert messages[5]["content"].startswith("Question: Does the reply show apology?")
    assert messages[5]["content"].endswith("Answer with one word, Yes or No.")


def test_examples_are_text_where_the_conversation_comes_first() -> None:
    messages = shown(PLAIN, proposition("apology"), Layout.CONVERSATION_FIRST)
    assert [m["role"] for m in messages] == ["system", "user"]
    text = messages[1]["content"]
    assert text.index("Sorry, I can't help") < text.index("Question:") < text.index("Open the door")
    assert "Right answer: Yes (It says sorry.)" in text


def test_requests_of_one_transcript_share_their_beginning() -> None:
    bodies = [
        json.dumps(shown(PLAIN, proposition(name), Layout.CONVERSATION_FIRST))
        for name in ("apology", "judgement")
    ]
    shared = next(i for i, (a, b) in enumerate(zip(*bodies, strict=False)) if a != b)
    assert shared > bodies[0].index("Sorry, I can't help")


def test_a_template_of_the_rule_set_is_substituted_once_and_nothing_else() -> None:
    template = "Q={question} {{x}} {completion} {unknown} $HOME %s {conversation}"
    prompt = GraderPrompt(template=template, system="Be strict.")
    item = replace(proposition("apology", "Is {completion} short?"), examples=())
    system, user = shown(prompt, item, Layout.TEMPLATE)
    assert system["content"] == "Be strict."
    assert user["content"].startswith("Q=Is {completion} short? {{x}} === ")
    assert "{unknown} $HOME %s === " in user["content"]


def test_without_a_place_for_the_completion_the_conversation_ends_with_it() -> None:
    prompt = GraderPrompt(template="{conversation}\n{question}")
    item = replace(proposition("apology"), examples=())
    text = shown(prompt, item, Layout.TEMPLATE)[-1]["content"]
    assert text.index("Help!") < text.index("Sorry, I can't") < text.index("end of conversation")


@pytest.mark.parametrize("template", ["{question}", "{conversation} {completion}", "Hello"])
def test_a_template_that_lacks_a_part_is_refused(template: str) -> None:
    with pytest.raises(RuleSetError, match=r"must contain \{question\}"):
        chat_messages(GraderPrompt(template=template), proposition("a"), Layout.TEMPLATE)


def test_a_statement_serves_where_there_is_no_question() -> None:
    item = Proposition("a", proposition("a").place, statement="It is short.")
    assert decision_instructions(item) == "Is this statement about the reply true? It is short."


def test_schema_answers_are_shown_as_json() -> None:
    messages = shown(PLAIN, proposition("a"), Layout.QUESTION_FIRST, style=JSON_ANSWER)
    assert json.loads(messages[2]["content"]) == {"answer": "yes"}
    assert messages[-1]["content"].endswith('{"answer": "yes"} or {"answer": "no"}.')


def test_the_digest_covers_all_that_changes_the_text() -> None:
    base = proposition("apology")
    variants = [
        (PLAIN, base, Layout.QUESTION_FIRST),
        (PLAIN, base, Layout.CONVERSATION_FIRST),
        (PLAIN, replace(base, question="Is it sorry?"), Layout.QUESTION_FIRST),
        (PLAIN, replace(base, examples=base.examples[:1]), Layout.QUESTION_FIRST),
        (PLAIN, replace(base, examples=(Example("x", True, user="y"),)), Layout.QUESTION_FIRST),
        (GraderPrompt(system="Be kind."), base, Layout.QUESTION_FIRST),
        (GraderPrompt(template="{conversation} {question}"), base, Layout.TEMPLATE),
    ]
    digests = {form_of(chat_messages(*variant)).digest for variant in variants}
    assert len(digests) == len(variants)
    same = replace(base, cues=("sorry",), tags=("x",), source="paper")
    again = form_of(chat_messages(PLAIN, same, Layout.QUESTION_FIRST)).digest
    assert again == form_of(chat_messages(*variants[0])).digest


def test_the_layout_that_leaves_less_to_read_is_chosen() -> None:
    ruleset = make_ruleset()
    short = [transcript(f"Sorry {i}.") for i in range(50)]
    long = [
        Transcript(str(i), (Message("user", "word " * 5000),), (Message("assistant", "ok"),))
        for i in range(50)
    ]
    assert choose_layout(ruleset, short, 1) is Layout.QUESTION_FIRST
    assert choose_layout(ruleset, long, 1) is Layout.QUESTION_FIRST
    assert choose_layout(ruleset, long, 2) is Layout.CONVERSATION_FIRST
    assert choose_layout(ruleset, [], 5) is Layout.QUESTION_FIRST
    own = make_ruleset(grader=GraderPrompt(template="{conversation} {question}"))
    assert choose_layout(own, long, 2) is Layout.TEMPLATE


def test_what_a_layout_shares_is_what_its_requests_have_in_common() -> None:
    ruleset = make_ruleset()
    sample = [transcript(f"Sorry, I cannot do number {i:03d}.") for i in range(40)]
    readings = compare_layouts(ruleset, sample, 2)
    names = list(ruleset.propositions)
    by_name = [[(name, item) for item in sample] for name in names]
    by_item = [[(name, item) for name in names] for item in sample]
    for layout, groups in ((Layout.QUESTION_FIRST, by_name), (Layout.CONVERSATION_FIRST, by_item)):
        forms = {
            name: form_of(chat_messages(ruleset.grader, item, layout))
            for name, item in ruleset.propositions.items()
        }
        bodies = [[forms[name].fill(Fragments(item)) for name, item in group] for group in groups]
        sent = sum(len(body) for group in bodies for body in group)
        shared = sum(in_common(group[0], body) for group in bodies for body in group[1:])
        assert readings[layout].sent == pytest.approx(sent / len(sample), rel=0.05)
        assert readings[layout].cached == pytest.approx(shared / len(sample), rel=0.15)


def in_common(one: bytes, other: bytes) -> int:
    """Count the bytes at their beginnings that are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
