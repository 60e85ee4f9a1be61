"""Choosing what comes first in a request, by counting what servers would not read twice."""

from collections.abc import Sequence

from rbrctl.graders.prompt.forms import Fragments, form_of
from rbrctl.graders.prompt.messages import chat_messages
from rbrctl.graders.prompt.templates import Layout, question_of
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet


def shared_bytes(
    ruleset: RuleSet, sample: Sequence[Transcript], questions_each: float
) -> dict[Layout, float]:
    """
    Count, for each layout, the bytes a transcript that a prefix cache would save on the sample.

    Question first: every proposition's prefix, for each transcript but the first. Conversation
    first: the task and the conversation, for each question of a transcript but the first.
    """
    propositions = [
        proposition
        for proposition in ruleset.propositions.values()
        if question_of(proposition) is not None
    ]
    if not propositions or not sample:
        return {Layout.QUESTION_FIRST: 0.0, Layout.CONVERSATION_FIRST: 0.0}
    prefixes = [
        form_of(chat_messages(ruleset.grader, proposition, Layout.QUESTION_FIRST)).prefix_size
        for proposition in propositions
    ]
    mean_prefix = sum(prefixes) / len(prefixes)
    reused = (len(sample) - 1) / len(sample)
    by_question = mean_prefix * questions_each * reused
    first = form_of(chat_messages(ruleset.grader, propositions[0], Layout.CONVERSATION_FIRST))
    mean_conversation = sum(Fragments(item).size for item in sample) / len(sample)
    by_conversation = (first.prefix_size + mean_conversation) * max(questions_each - 1, 0.0)
    return {Layout.QUESTION_FIRST: by_question, Layout.CONVERSATION_FIRST: by_conversation}


def choose_layout(ruleset: RuleSet, sample: Sequence[Transcript], questions_each: float) -> Layout:
    """Choose the layout that shares more; the rule set's own template leaves no choice."""
    if ruleset.grader.template is not None:
        return Layout.TEMPLATE
    shared = shared_bytes(ruleset, sample, questions_each)
    if shared[Layout.CONVERSATION_FIRST] > shared[Layout.QUESTION_FIRST]:
        return Layout.CONVERSATION_FIRST
    return Layout.QUESTION_FIRST
