"""What orders the completions of a file: as the options say, or as its rows suggest."""

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING

from rbrctl.cli.output import Output
from rbrctl.cli.reward_options import ORDERS, Order
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.wording import did_you_mean

if TYPE_CHECKING:
    from rbrctl.records.models import Result
    from rbrctl.rewards.comparisons.inputs import ComparisonInput
    from rbrctl.rewards.comparisons.orderings import Ordering
    from rbrctl.ruleset.verdict import Judge


def default_order(output: Output, results: "Sequence[Result]") -> str:
    """Choose by what the rows have, and say it."""
    if any(result.labels for result in results):
        by = "labels"
    elif any(result.rank_label for result in results):
        by = "rank_label"
    elif results:
        output.warn(
            "order: rank, that of the grader's own answers, as no row has labels: the figures say "
            "nothing of the grader's mistakes (--order names another)"
        )
        return "rank"
    else:
        return "rank"
    output.talk(f"order: {by} (--order names another)")
    return by


def check_order(
    judge: "Judge",
    order: Order,
    found: "ComparisonInput",
    beats: Mapping[str, Sequence[str]],
    problem: str,
) -> Set[str]:
    """Give the values of the key that orders the rows. Raises UsageError, NothingMatchedError."""
    from rbrctl.rewards.comparisons.inputs import InputKind

    if found.kind is InputKind.PREFERENCES:
        order.check_preferences()
    rows = found.results or found.transcripts
    values = (each.extra.get(order.by or "") for each in rows)
    known = {str(value) for value in values if value is not None}
    keys = sorted({name for row in rows for name in row.extra})
    ordering_of(judge, order, order.by or "rank", beats, known, keys)
    if order.orderings is not None and rows and order.by not in keys:
        hint = did_you_mean(order.by or "", keys)
        told = f"; {hint}" if hint else ""
        raise NothingMatchedError(f"--order {order.by}: no row has this key{told}{problem}")
    return known


def ordering_of(
    judge: "Judge",
    order: Order,
    by: str,
    beats: Mapping[str, Sequence[str]],
    values: Set[str],
    keys: Sequence[str] = (),
) -> "Ordering":
    """
    Give what orders the labels, which are ``values`` where a key of the rows has them.

    ``keys`` are those that rows have. Raises UsageError.
    """
    from rbrctl.rewards.comparisons.orderings import (
        preference_ordering,
        rank_ordering,
        table_ordering,
    )

    if by == "preference":
        return preference_ordering(order.margin)
    if order.orderings is not None:
        return table_ordering(beats, order.margin, order.levels)
    if by not in ORDERS and not (values and values <= set(judge.ruleset.ranks)):
        others = [key for key in keys if key != by]
        hint = (
            did_you_mean(by, [*ORDERS, *others])
            or "say which of its labels beat which with --orderings"
        )
        raise UsageError(f"--order {by}: {hint}")
    return rank_ordering(judge.ruleset.ranks, order.margin, order.levels)
