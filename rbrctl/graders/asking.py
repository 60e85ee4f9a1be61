"""Which propositions are asked about a transcript."""

from collections.abc import Collection, Mapping
from enum import StrEnum

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
