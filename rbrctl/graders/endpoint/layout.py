"""Choosing what comes first in a request, by counting what a server must read anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from rbrctl.graders.prompt.forms import Form, Fragments, form_of
from rbrctl.graders.prompt.messages import chat_messages
from rbrctl.graders.prompt.templates import Layout, question_of
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes a transcript: what is sent, and what of it a prefix cache spares."""

    sent: float
    shared: float

    @property
    def fresh(self) -> float:
        """What has to be read anew."""
        return self.sent - self.shared


def compare_layouts(
    ruleset: RuleSet, sample: Sequence[Transcript], questions_each: float
) -> dict[Layout, Reading]:
    """
    Count what each layout would make a server with a prefix cache read, over the sample.

    Question first shares each proposition's prefix between all transcripts but the first.
    Conversation first shares the task and the conversation between all questions of a transcript
    but the first, and says the examples with less around them.
    """
    conversation = sum(Fragments(item).size for item in sample) / len(sample)
    readings: dict[Layout, Reading] = {}
    for layout in (Layout.QUESTION_FIRST, Layout.CONVERSATION_FIRST):
        forms = _forms(ruleset, layout)
        sent = sum(form.size for form in forms) / len(forms) + conversation
        if layout is Layout.QUESTION_FIRST:
            prefix = sum(form.prefix_size for form in forms) / len(forms)
            shared = prefix * questions_each * (len(sample) - 1) / len(sample)
        else:
            tail = sum(form.tail_size for form in forms) / len(forms)
            shared = (sent - tail) * max(questions_each - 1, 0.0)
        readings[layout] = Reading(sent * questions_each, shared)
    return readings


def choose_layout(ruleset: RuleSet, sample: Sequence[Transcript], questions_each: float) -> Layout:
    """
    Choose the layout that leaves less to read; the rule set's own template leaves no choice.

    Without a sample the question comes first.
    """
    if ruleset.grader.template is not None:
        return Layout.TEMPLATE
    if not sample or not _forms(ruleset, Layout.QUESTION_FIRST):
        return Layout.QUESTION_FIRST
    readings = compare_layouts(ruleset, sample, questions_each)
    return min(readings, key=lambda layout: readings[layout].fresh)


def _forms(ruleset: RuleSet, layout: Layout) -> list[Form]:
    return [
        form_of(chat_messages(ruleset.grader, proposition, layout))
        for proposition in ruleset.propositions.values()
        if question_of(proposition) is not None
    ]
