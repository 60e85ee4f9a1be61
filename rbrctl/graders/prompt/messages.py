"""The chat messages and instructions that ask a proposition."""

from collections.abc import Sequence
from dataclasses import dataclass

from rbrctl.graders.prompt.forms import SLOT_TEXTS
from rbrctl.graders.prompt.quoting import Quoted, quote
from rbrctl.graders.prompt.templates import (
    ANSWER_WITH_ONE_WORD,
    DECISION_INPUT,
    Layout,
    example_answer,
    question_of,
    substitute,
    system_of,
    template_of,
)
from rbrctl.records.models import Message
from rbrctl.ruleset.model import Example, GraderPrompt, Proposition

_SLOT_QUOTED = Quoted("", SLOT_TEXTS["conversation"], SLOT_TEXTS["completion"], SLOT_TEXTS["whole"])


@dataclass(frozen=True, slots=True)
class AnswerStyle:
    """How an answer is to be written: the sentence that asks for it, a yes and a no."""

    sentence: str
    yes: str
    no: str


ONE_WORD = AnswerStyle(ANSWER_WITH_ONE_WORD, "Yes", "No")
JSON_ANSWER = AnswerStyle(
    'Answer with a JSON object, {"answer": "yes"} or {"answer": "no"}.',
    '{"answer": "yes"}',
    '{"answer": "no"}',
)


def chat_messages(
    prompt: GraderPrompt,
    proposition: Proposition,
    layout: Layout,
    style: AnswerStyle = ONE_WORD,
) -> list[dict[str, str]]:
    """
    Return the chat messages that ask a proposition, with slots for the transcript.

    Examples are turns before the question; in a layout with the conversation first, they are part
    of the question.
    """
    question = question_of(proposition)
    if question is None:
        raise ValueError(f"{proposition.name} has no question")
    template = template_of(prompt, layout).replace(ANSWER_WITH_ONE_WORD, style.sentence)
    if style is not ONE_WORD and style.sentence not in template:
        template = f"{template}\n\n{style.sentence}"
    messages = [{"role": "system", "content": system_of(prompt)}]
    if layout is Layout.CONVERSATION_FIRST:
        question = with_examples(question, proposition.examples)
    else:
        for example in proposition.examples:
            shown = _filled(template, quote_example(example), question)
            reply = style.yes if example.answer else style.no
            messages.append({"role": "user", "content": shown})
            messages.append({"role": "assistant", "content": reply})
    messages.append({"role": "user", "content": _filled(template, _SLOT_QUOTED, question)})
    return messages


def decision_input(prompt: GraderPrompt) -> str:
    """Return the input that all questions about a transcript share, with slots for it."""
    text = DECISION_INPUT if prompt.system is None else f"{prompt.system}\n\n{DECISION_INPUT}"
    return _filled(text, _SLOT_QUOTED, "")


def decision_instructions(proposition: Proposition) -> str:
    """Return the instructions of one question: the proposition with its examples."""
    question = question_of(proposition)
    if question is None:
        raise ValueError(f"{proposition.name} has no question")
    return with_examples(question, proposition.examples)


def with_examples(question: str, examples: Sequence[Example]) -> str:
    """Return a question with its examples below it, each quoted as transcripts are."""
    if not examples:
        return question
    parts = [question, "Examples of this question, other conversations with their right answers:"]
    for example in examples:
        why = f" ({example.why.strip()})" if example.why else ""
        parts.append(
            f"{quote_example(example).whole}\nRight answer: {example_answer(example)}{why}"
        )
    parts.append("End of the examples.")
    return "\n\n".join(parts)


def quote_example(example: Example) -> Quoted:
    """Return an example quoted as a transcript of its own."""
    if example.user is not None:
        turns: tuple[Message, ...] = (Message("user", example.user),)
    else:
        turns = tuple(Message(role, content) for role, content in example.prompt)
    return quote(turns, (Message("assistant", example.assistant),))


def _filled(template: str, quoted: Quoted, question: str) -> str:
    return substitute(
        template,
        {
            "conversation": quoted.conversation,
            "completion": quoted.completion,
            "whole": quoted.whole,
            "question": question,
        },
    )
