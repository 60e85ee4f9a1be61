"""
From a file of rows to pairs: what orders the completions, and what of the file was used.

``read_input`` reads the rows; those that are not graded have to be graded then, and
``form_comparisons`` makes pairs of the results.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.models import Result
from rbrctl.rewards.pairs.candidates import (
    BY_PREFERENCE,
    RM_SCORE,
    OrderBy,
    PairScope,
    RankSource,
    RowKey,
    SkipCounts,
    candidates_of,
)
from rbrctl.rewards.pairs.compare import Comparisons, compare
from rbrctl.rewards.pairs.inputs import ComparisonInput, InputKind
from rbrctl.rewards.pairs.orderings import (
    DEFAULT_MARGIN,
    Ordering,
    preference_ordering,
    rank_ordering,
    table_ordering,
)
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import did_you_mean


@dataclass(frozen=True, slots=True)
class PairingOptions:
    """What says which completion is better, and which completions are compared."""

    order_by: OrderBy | None = None
    """None: the best source that the rows have; see ``default_order``."""
    scope: PairScope | None = None
    """None: preferences are compared as such, and other rows by prompt."""
    margin: float = DEFAULT_MARGIN
    """By how much the better completion should win, in reward."""
    levels: Mapping[str, float] = field(default_factory=dict)
    """Rank -> level; margins are then differences of levels."""
    orderings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Label -> labels that it beats, if a key of the rows orders them."""
    response_class: str | None = None
    """The class of completions that come without one."""

    def __post_init__(self) -> None:
        """Raise UsageError if a table of labels is given without the key that it orders by."""
        if self.orderings and not isinstance(self.order_by, RowKey):
            named = f", and --order {self.order_by} is none" if self.order_by else ""
            raise UsageError(
                f"--orderings orders by a key of the rows{named}: name the key with --order"
            )


@dataclass(frozen=True, slots=True)
class Dataset:
    """Comparisons, and what was skipped on the way to them."""

    comparisons: Comparisons
    results: Sequence[Result]
    order_by: OrderBy
    scope: PairScope
    options: PairingOptions
    contradictions: Sequence[tuple[str, ...]]
    """The ids of preferences or completions that contradict each other; all are left out."""
    bad_lines: int
    reward_model: bool | str
    """True if any completion has a reward model's score; the model's name if it is known."""

    @property
    def is_complete(self) -> bool:
        """True if nothing was left out, and no class is without pairs."""
        skipped = self.comparisons.skipped.total or self.comparisons.classes_without_pairs
        return not (self.bad_lines or skipped or self.contradictions)

    @property
    def scored(self) -> int:
        """The number of results that have a reward model's score."""
        return count_scored(self.results)

    @property
    def description(self) -> dict[str, object]:
        """The entries of a JSON report and of a weights file about the data."""
        options = self.options
        return {
            "order": str(self.order_by),
            "pairs": str(self.scope),
            "margin": None if options.levels else options.margin,
            "levels": dict(options.levels),
            "orderings": {label: list(beaten) for label, beaten in options.orderings.items()},
            "reward_model": self.reward_model,
            "response_class": options.response_class,
            "bad_lines": self.bad_lines,
            "left_out": dict(self.comparisons.skipped.counts),
            "contradictions": [list(ids) for ids in self.contradictions],
            "prompts_without_pairs": self.comparisons.single_prompts,
            "classes_without_pairs": list(self.comparisons.classes_without_pairs),
        }


def count_scored(results: Sequence[Result]) -> int:
    """Return the number of results that have a reward model's score."""
    return sum(each.extra.get(RM_SCORE) is not None for each in results)


def default_order(results: Sequence[Result]) -> RankSource:
    """Return the best source of ranks that the rows have: a human's labels, else a human's rank."""
    if any(result.labels for result in results):
        return RankSource.LABELS
    if any(result.rank_label for result in results):
        return RankSource.RANK_LABEL
    return RankSource.RANK


def check_order(
    judge: Judge, options: PairingOptions, found: ComparisonInput, problem: str = ""
) -> Collection[str]:
    """
    Return the values of the key that orders the rows, after checking the options against them.

    Call it before anything is graded, which may be costly. ``problem`` is appended to the message
    about a key that no row has. Raises UsageError and NothingMatchedError.
    """
    if found.kind is InputKind.PREFERENCES:
        _check_preferences(options)
    rows = found.results or found.transcripts
    key = "" if options.order_by is None else str(options.order_by)
    known = {str(row.extra[key]) for row in rows if row.extra.get(key) is not None}
    keys = sorted({name for row in rows for name in row.extra})
    ordering_of(judge, options, options.order_by or RankSource.RANK, known, keys)
    if options.orderings and rows and key not in keys:
        hint = did_you_mean(key, keys)
        told = f"; {hint}" if hint else ""
        raise NothingMatchedError(f"--order {key}: no row has this key{told}{problem}")
    return known


def _check_preferences(options: PairingOptions) -> None:
    """Raise UsageError for options that do not apply to preferences."""
    given: list[tuple[str, object]] = [
        ("--order", options.order_by),
        ("--orderings", options.orderings or None),
        ("--pairs", options.scope),
    ]
    for option, value in given:
        if value is not None:
            named = "" if option == "--orderings" else f" {value}"
            raise UsageError(
                f"{option}{named} does not apply to preferences: the two sides of each preference "
                "are compared, and the chosen one is the better"
            )


def ordering_of(
    judge: Judge,
    options: PairingOptions,
    order_by: OrderBy,
    values: Collection[str],
    keys: Sequence[str] = (),
) -> Ordering:
    """
    Return the ordering of the labels.

    Args:
        judge: The rules, whose ranks are an ordering.
        options: Margin, levels and the table of labels.
        order_by: What the labels are.
        values: The labels, if a key of the rows holds them.
        keys: The keys of the rows, for the message about an unknown one.

    Raises UsageError if it is not known which label beats which.

    """
    if order_by == BY_PREFERENCE:
        return preference_ordering(options.margin)
    if options.orderings:
        return table_ordering(options.orderings, options.margin, options.levels)
    is_rank = isinstance(order_by, RankSource)
    if not is_rank and not (values and set(values) <= set(judge.ruleset.ranks)):
        others = [key for key in keys if key != str(order_by)]
        hint = (
            did_you_mean(str(order_by), [*RankSource, *others])
            or "say which of its labels beat which with --orderings"
        )
        raise UsageError(f"--order {order_by}: {hint}")
    return rank_ordering(judge.ruleset.ranks, options.margin, options.levels)


def form_comparisons(
    judge: Judge,
    found: ComparisonInput,
    results: Sequence[Result],
    options: PairingOptions,
    *,
    values: Collection[str] = (),
    features: Mapping[str, Sequence[str]] | None = None,
    skipped: SkipCounts | None = None,
    bad_lines: int = 0,
    reward_model: str | None = None,
) -> Dataset:
    """
    Form the ordered pairs of the results.

    Args:
        judge: The rules.
        found: The rows of the file, as ``read_input`` returns them.
        results: The results of the file, or those of its transcripts once these are graded.
        options: What orders the completions.
        values: What ``check_order`` has returned.
        features: The features of each response class; by default those of the rules.
        skipped: Counts what cannot be compared; may already count rows that were not scored.
        bad_lines: The number of lines that could not be read.
        reward_model: The name of the reward model that was asked, if any.

    Raises UsageError, RecordError, and NothingMatchedError if there is no pair.

    """
    if found.kind is InputKind.PREFERENCES:
        order_by: OrderBy = BY_PREFERENCE
        scope = PairScope.PREFERENCE
    else:
        order_by = options.order_by or default_order(results)
        scope = options.scope or PairScope.PROMPT
    ordering = ordering_of(judge, options, order_by, values)
    skipped = skipped if skipped is not None else SkipCounts()
    candidates = candidates_of(results, judge, order_by, scope, skipped)
    comparisons = compare(candidates, judge, ordering, features, skipped)
    return Dataset(
        comparisons,
        results,
        order_by,
        scope,
        options,
        [*found.contradictions, *(each.ids for each in comparisons.contradictions)],
        bad_lines,
        bool(count_scored(results)) and (reward_model or True),
    )
