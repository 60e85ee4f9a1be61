"""Chooses what comes first in a request, by counting what a server has to read anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from rbrctl.graders.prompt.forms import Form, Fragments, form_of
from rbrctl.graders.prompt.messages import chat_messages
from rbrctl.graders.prompt.templates import Layout, question_of
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet


@dataclass(frozen=True, slots=True)
class PromptCost:
    """Bytes that a server is sent per transcript, and how many of them its prefix cache saves."""

    sent: float
    cached: float

    @property
    def uncached(self) -> float:
        """Bytes that the server has to read anew."""
        return self.sent - self.cached


def compare_layouts(
    ruleset: RuleSet, sample: Sequence[Transcript], questions_each: float
) -> dict[Layout, PromptCost]:
    """
    Return what each layout costs a server with a prefix cache, as a mean over the sample.

    With the question first, all transcripts but the first find a proposition's prefix cached. With
    the conversation first, all questions about a transcript but the first find the task and the
    conversation cached.
    """
    conversation = sum(Fragments(item).size for item in sample) / len(sample)
    costs: dict[Layout, PromptCost] = {}
    for layout in (Layout.QUESTION_FIRST, Layout.CONVERSATION_FIRST):
        forms = _forms(ruleset, layout)
        sent = sum(form.size for form in forms) / len(forms) + conversation
        if layout is Layout.QUESTION_FIRST:
            prefix = sum(form.prefix_size for form in forms) / len(forms)
            cached = prefix * questions_each * (len(sample) - 1) / len(sample)
        else:
            tail = sum(form.tail_size for form in forms) / len(forms)
            cached = (sent - tail) * max(questions_each - 1, 0.0)
        costs[layout] = PromptCost(sent * questions_each, cached)
    return costs


def choose_layout(ruleset: RuleSet, sample: Sequence[Transcript], questions_each: float) -> Layout:
    """
    Return the layout that leaves less to read; the rule set's own template leaves no choice.

    Without a sample the question comes first.
    """
    if ruleset.grader.template is not None:
        return Layout.TEMPLATE
    if not sample or not _forms(ruleset, Layout.QUESTION_FIRST):
        return Layout.QUESTION_FIRST
    costs = compare_layouts(ruleset, sample, questions_each)
    return min(costs, key=lambda layout: costs[layout].uncached)


def _forms(ruleset: RuleSet, layout: Layout) -> list[Form]:
    return [
        form_of(chat_messages(ruleset.grader, proposition, layout))
        for proposition in ruleset.propositions.values()
        if question_of(proposition) is not None
    ]
