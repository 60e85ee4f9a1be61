"""Which propositions are asked about a transcript, and what of it a grader is shown."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from rbrctl.graders.interface import Grader
from rbrctl.records.models import Answer, Transcript
from rbrctl.records.thinking import UNFINISHED, visible_transcript
from rbrctl.ruleset.verdict import Judge


class Ask(StrEnum):
    """How much is asked of the grader."""

    NEEDED = "needed"
    """What the rules of the transcript's response class depend on, and what has labels."""
    ALL = "all"
    """Every proposition that the grader can answer."""
    LAZY = "lazy"
    """One after the other, and only until the rank is settled."""


def propositions_to_ask(
    ask: Ask,
    judge: Judge,
    response_class: str | None,
    labels: Mapping[str, bool],
    answerable: Collection[str],
) -> tuple[str, ...]:
    """
    Choose the propositions to ask, in the rule set's order.

    Without a response class nothing can be left out: all are asked.
    """
    if ask is Ask.ALL or response_class is None:
        return tuple(name for name in judge.ruleset.propositions if name in answerable)
    wanted = {*judge.dependencies(response_class), *labels}
    return tuple(name for name in judge.ruleset.propositions if name in wanted & set(answerable))


async def answers_about(
    grader: Grader, transcript: Transcript, propositions: Collection[str]
) -> Mapping[str, Answer]:
    """
    Ask a grader about a completion as a reader sees it, without its thinking.

    A completion that ends inside its thinking is no reply: every answer about it is an error.
    Raises what the grader raises.
    """
    shown = visible_transcript(transcript)
    if shown is not None:
        return await grader.answer(shown, propositions)
    digests = grader.question_digests
    return {name: Answer(error=UNFINISHED, digest=digests.get(name)) for name in propositions}
