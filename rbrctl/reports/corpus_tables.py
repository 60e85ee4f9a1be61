"""What a change does to transcripts and to agreement with labels, as tables."""

from collections.abc import Iterator, Sequence
from itertools import islice

from rbrctl.diff.accuracy import PairedScore
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.corpus import Move
from rbrctl.diff.gates import Gate, GateFailure, GateOutcome, outcomes, skipped, unchecked
from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Value, Wrap
from rbrctl.reports.terminal import Tone

UNDETERMINED = "undetermined"
_NAMED = 3


def transition_table(comparison: Comparison) -> Table:
    """Count the transcripts that moved, by old and new rank."""
    corpus = comparison.corpus
    moves = {} if corpus is None else corpus.transitions()
    return Table(
        "transitions",
        "Transcripts that change rank",
        (
            Column("old_rank", "old rank", wrap=Wrap.NAMES),
            Column("new_rank", "new rank", wrap=Wrap.NAMES),
            Column("transcripts", "transcripts", numeric=True),
        ),
        [(old or UNDETERMINED, new or UNDETERMINED, count) for (old, new), count in moves.items()],
    )


def flip_table(comparison: Comparison) -> Table:
    """Count for each rule the transcripts on which its state changed."""
    flips = [] if comparison.corpus is None else comparison.corpus.rule_flips()
    return Table(
        "rule_flips",
        "Rules that are broken otherwise",
        (
            Column("rule", "rule", wrap=Wrap.NAMES),
            Column("newly_broken", "newly broken", numeric=True),
            Column("no_longer_broken", "no longer broken", numeric=True),
            Column("newly_undetermined", "newly undetermined", numeric=True),
            Column("only", "only on the side"),
        ),
        [
            (
                each.id,
                each.newly_broken,
                each.no_longer_broken,
                each.newly_undetermined,
                Cell(each.only, text=each.only or ""),
            )
            for each in flips
        ],
    )


def move_table(comparison: Comparison, limit: int | None, keep_rank: bool = False) -> Table:
    """List the first transcripts whose rank moved; with ``keep_rank`` also those that kept it."""
    corpus = comparison.corpus
    moved = 0 if corpus is None else corpus.moved.bit_count()
    touched = 0 if corpus is None else corpus.touched.bit_count()
    listed = touched if keep_rank else moved
    shown_first = listed if limit is None else min(listed, limit)
    moves = [] if corpus is None else list(islice(corpus.moves(), shown_first))
    notes = []
    if listed > len(moves):
        notes.append(f"{listed - len(moves):,} more; --limit shows them.")
    if touched > listed:
        notes.append(
            f"{touched - listed:,} {'more ' * bool(moves)}break other rules than before and keep "
            "their rank."
        )
    return Table(
        "moves",
        "Transcripts",
        (
            Column("id", "transcript", wrap=Wrap.NAMES),
            Column("response_class", "response class", wrap=Wrap.NAMES, priority=3),
            Column("old_rank", "old rank", wrap=Wrap.NAMES),
            Column("new_rank", "new rank", wrap=Wrap.NAMES),
            Column("by", "by", wrap=Wrap.NAMES),
            Column("newly_broken", "newly broken", wrap=Wrap.NAMES, priority=WIDE_ONLY),
            Column("no_longer_broken", "no longer broken", wrap=Wrap.NAMES, priority=WIDE_ONLY),
        ),
        [
            (
                move.id,
                move.response_class,
                move.old_rank or UNDETERMINED,
                move.new_rank or UNDETERMINED,
                _by(move),
                ", ".join(move.newly_broken),
                ", ".join(move.no_longer_broken),
            )
            for move in moves
        ],
        notes=notes,
    )


def _by(move: Move) -> Cell:
    """Name the rules that moved the rank, or in parentheses those that changed without that."""
    changed = (*move.newly_broken, *move.no_longer_broken)
    if move.by or not changed:
        return Cell(", ".join(move.by))
    return Cell("", text=f"({', '.join(changed)})")


def accuracy_table(comparison: Comparison, fold_unchanged: bool = False) -> Table:
    """
    List how each side agrees with the labels, the greatest differences first.

    With ``fold_unchanged`` those that are as before are counted, not listed.
    """
    scores = sorted(comparison.scores, key=lambda score: -abs(score.difference or 0.0))
    if fold_unchanged:
        scores = [score for score in scores if score.changed]
    noisy = any(score.noise is not None for score in scores)
    tested = sum(score.p_value is not None for score in comparison.scores)
    return Table(
        "accuracy",
        "Agreement with the labels",
        (
            Column("name", "rule or rank", wrap=Wrap.NAMES),
            Column("kind", "kind", priority=WIDE_ONLY),
            Column("rows", "rows", numeric=True),
            Column("old_accuracy", "old", numeric=True),
            Column("new_accuracy", "new", numeric=True),
            Column("difference", "change", numeric=True),
            Column("interval", "95 % interval", numeric=True, interval=True, priority=4),
            Column("drop_p", "p of a drop", numeric=True, priority=1),
            Column("smallest_drop", "smallest drop seen", numeric=True, priority=2),
            Column("noise", "noise", numeric=True, priority=3 if noisy else WIDE_ONLY),
            Column("prompts", "prompts", numeric=True, priority=WIDE_ONLY),
            Column("turned", "prompts turned", numeric=True, priority=WIDE_ONLY),
            Column("family", "tests corrected for", numeric=True, priority=WIDE_ONLY),
            Column("adjusted", "two-sided p", numeric=True, priority=WIDE_ONLY),
            Column("p_value", "p alone", numeric=True, priority=WIDE_ONLY),
            Column("only_old", "only old right", numeric=True, priority=WIDE_ONLY),
            Column("only_new", "only new right", numeric=True, priority=WIDE_ONLY),
            Column("gold_rows", "labelled", numeric=True, priority=WIDE_ONLY),
            Column("lost", "lost", numeric=True, priority=WIDE_ONLY),
            Column("critical", "critical", priority=WIDE_ONLY),
            Column("new_misses", "new misses", numeric=True, priority=WIDE_ONLY),
        ),
        [_accuracy_row(score) for score in scores],
        notes=list(_accuracy_notes(len(comparison.scores) - len(scores), len(scores), tested)),
    )


def _accuracy_notes(folded: int, listed: int, tested: int) -> Iterator[str]:
    if folded:
        names = "more" if listed else "rules and ranks"
        yield f"{folded} {names} unchanged; --wide lists them."
    if tested and listed:
        yield (
            "p of a drop is the gate's: an exact sign-flip test over prompts, for a drop alone, "
            "corrected over the tests that can find one; 'smallest drop seen' is the smallest "
            "share of the prompts that would have been found, had all of them turned to the worse. "
            f"The two-sided p (--wide) is after Holm's correction over {tested} tests."
        )


def _accuracy_row(score: PairedScore) -> Sequence[Cell | Value]:
    difference = score.difference
    tone = None
    if score.fell:
        tone = Tone.BAD
    elif score.significant and difference and difference > 0:
        tone = Tone.GOOD
    shown = None if difference is None else f"{difference:+.3f}" if difference else "0"
    return (
        score.name if score.kind == "rule" else f"rank: {score.name}",
        score.kind,
        score.rows,
        score.old_accuracy,
        score.new_accuracy,
        Cell(difference, tone, shown),
        Cell(score.interval, text="0" if score.interval == (0.0, 0.0) else None),
        _p_cell(score, score.drop_p),
        score.smallest_drop,
        score.noise,
        score.prompts,
        score.turned,
        score.family,
        _p_cell(score, score.adjusted),
        score.p_value,
        score.only_old,
        score.only_new,
        score.gold_rows,
        score.lost,
        score.critical,
        len(score.new_misses),
    )


def _p_cell(score: PairedScore, p: float | None) -> Cell:
    if score.too_few:
        return Cell(None, text="too few")
    return Cell(p, text="<.001" if p is not None and p < 0.001 else None)


def gate_table(
    comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
) -> Table:
    """List the gates and why each is closed, or could not be judged."""
    rows: list[Sequence[Cell | str]] = []
    lacking = unchecked(gates, comparison)
    for gate, outcome in outcomes(gates, comparison, failed).items():
        reasons = [failure.message for failure in failed if failure.gate == gate]
        if outcome is GateOutcome.NOT_JUDGED:
            reasons = [lacking[gate]]
        rows += [(str(gate), Cell(outcome.value, _TONES[outcome]), why) for why in reasons or [""]]
        rows += [
            (str(gate), Cell("skipped", Tone.MUTED), why) for why in _skipped(gate, comparison)
        ]
    return Table(
        "gates",
        "Gates",
        (
            Column("gate", "gate"),
            Column("outcome", "outcome"),
            Column("why", "why", wrap=Wrap.WORDS),
        ),
        rows,
    )


_TONES = {
    GateOutcome.PASSED: Tone.GOOD,
    GateOutcome.FAILED: Tone.BAD,
    GateOutcome.NOT_JUDGED: Tone.WARNING,
}


def _skipped(gate: Gate, comparison: Comparison) -> list[str]:
    """Return a sentence for each reason for which a gate skipped some rules."""
    titles: dict[str, list[str]] = {}
    for title, reason in skipped(gate, comparison).items():
        titles.setdefault(reason, []).append(title)
    return [f"{_few_names(names)}: {reason}" for reason, names in titles.items()]


def _few_names(names: Sequence[str]) -> str:
    """Name a few; the JSON report lists them all."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
