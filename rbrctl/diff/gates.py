"""Gates: differences that stop a change from being merged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rbrctl.diff.accuracy import SIGNIFICANCE, PairedScore
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.meaning import Relation
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.wording import counted, hint_for

MINIMUM_DROP = 0.02
"""A smaller drop in accuracy is not a regression, however significant it is."""

_ROUNDING = 1e-9
_NAMED = 5


class GateKind(StrEnum):
    """The kinds of difference that close a gate."""

    NONE = "none"
    CHANGED = "changed"
    LAXER = "laxer"
    REGRESSION = "regression"
    FLIPS = "flips"
    ACCURACY_DROP = "accuracy-drop"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate; ``limit`` is a number of transcripts or a share, where the kind has one."""

    kind: GateKind
    limit: float = 0.0

    def __str__(self) -> str:
        """Return the gate as it is written on the command line."""
        has_limit = self.kind in (GateKind.FLIPS, GateKind.ACCURACY_DROP)
        return f"{self.kind}:{self.limit:g}" if has_limit else str(self.kind)


DEFAULT_GATES = (Gate(GateKind.REGRESSION),)


@dataclass(frozen=True, slots=True)
class GateFailure:
    """One reason for which a gate is closed."""

    gate: Gate
    message: str
    rule: str | None = None
    response_class: str | None = None


def parse_gates(texts: Sequence[str]) -> tuple[Gate, ...]:
    """
    Read gates as given: ``none|changed|laxer|regression|flips:N|accuracy-drop:SHARE``.

    A text may have several, separated by commas; without any it is DEFAULT_GATES. Raises
    UsageError.
    """
    words = [word.strip() for text in texts for word in text.split(",") if word.strip()]
    gates = tuple(dict.fromkeys(_parse(word) for word in words)) or DEFAULT_GATES
    if Gate(GateKind.NONE) in gates:
        if len(gates) > 1:
            raise UsageError("--fail-on none: cannot be combined with other gates")
        return ()
    return gates


def _parse(word: str) -> Gate:
    name, colon, limit = word.partition(":")
    try:
        kind = GateKind(name)
    except ValueError:
        known = [each.value for each in GateKind]
        hint = hint_for(name, known)
        raise UsageError(f"--fail-on {word}: there is no gate '{name}'; {hint}") from None
    if kind is GateKind.FLIPS:
        if not limit.isascii() or not limit.isdigit() or len(limit) > 15:
            raise UsageError(f"--fail-on {word}: write how many may move, as 'flips:0'")
        return Gate(kind, float(limit))
    if kind is GateKind.ACCURACY_DROP:
        try:
            share = float(limit)
        except ValueError:
            share = -1.0
        if not 0 < share <= 1:
            raise UsageError(f"--fail-on {word}: write a share, as 'accuracy-drop:0.02'")
        return Gate(kind, share)
    if colon:
        raise UsageError(f"--fail-on {word}: '{kind}' takes no limit")
    return Gate(kind)


def _lacks(gate: Gate, comparison: Comparison) -> str | None:
    """Return what is missing to check a gate; None where it can be checked."""
    needs_labels = gate.kind in (GateKind.REGRESSION, GateKind.ACCURACY_DROP)
    if comparison.corpus is None and (needs_labels or gate.kind is GateKind.FLIPS):
        return "transcripts"
    if needs_labels and not any(score.rows for score in comparison.scores):
        return "answers beside the labels" if comparison.labels_are_answers else "labels"
    return None


def unchecked(gates: Iterable[Gate], comparison: Comparison) -> dict[Gate, str]:
    """Return the gates that could not be checked, each with what is missing."""
    found = {gate: _lacks(gate, comparison) for gate in gates}
    return {gate: lack for gate, lack in found.items() if lack is not None}


def check_evidence(gates: Iterable[Gate], comparison: Comparison) -> None:
    """
    Refuse gates that cannot be checked; call it for gates that the user named.

    Raises UsageError where a gate needs a results file and there is none, NothingMatchedError where
    it needs labels and there are none.
    """
    for gate, lack in unchecked(gates, comparison).items():
        if lack == "transcripts":
            raise UsageError(f"--fail-on {gate}: needs transcripts to look at; give --on RESULTS")
        if comparison.labels_are_answers:
            raise NothingMatchedError(
                f"--fail-on {gate}: these are transcripts: their labels are the answers, so only a "
                "'rank_label' can be compared; let --grader embedded grade them, or give --on "
                "RESULTS"
            )
        raise NothingMatchedError(
            f"--fail-on {gate}: no transcript has labels that decide a rule or rank for both "
            "sides, so the gate cannot be checked"
        )


def failures(gates: Iterable[Gate], comparison: Comparison) -> list[GateFailure]:
    """Return the reasons for which gates are closed."""
    checks = {
        GateKind.CHANGED: _changed,
        GateKind.LAXER: _laxer,
        GateKind.REGRESSION: _regressions,
        GateKind.FLIPS: _flips,
        GateKind.ACCURACY_DROP: _drops,
    }
    return [found for gate in gates for found in checks[gate.kind](gate, comparison)]


def _changed(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    meaning = comparison.meaning
    if meaning is not None and meaning.rules_changed:
        yield GateFailure(gate, "the rules have a different meaning than before")
    if comparison.corpus is not None and (touched := comparison.corpus.touched.bit_count()):
        yield GateFailure(gate, f"{counted(touched, 'transcript')} judged differently than before")


def _laxer(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    if comparison.meaning is None:
        return
    words = {
        Relation.LAXER: "is laxer",
        Relation.NEITHER: "is neither stricter nor laxer",
        Relation.UNDECIDED: "is undecided",
    }
    for each in comparison.meaning.classes:
        if each.relation in words:
            message = f"{each.response_class} {words[each.relation]}"
            yield GateFailure(gate, message, response_class=each.response_class)
    for name in comparison.meaning.classes_removed:
        yield GateFailure(gate, f"the response class {name} is gone, and its rules with it")


def _regressions(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    for score in comparison.scores:
        drop = -(score.difference or 0.0)
        rule = score.name if score.kind == "rule" else None
        if score.fell and drop >= MINIMUM_DROP - _ROUNDING:
            message = (
                f"{score.title}: accuracy fell from {score.old_accuracy:.3f} to "
                f"{score.new_accuracy:.3f} on {score.rows} rows (p = {score.drop_p:.2g} for a "
                f"drop, corrected; under {SIGNIFICANCE})"
            )
            yield GateFailure(gate, message, rule)
        if score.critical and score.new_misses:
            message = f"{score.title} is critical, and is newly missed on {_named(score)}"
            yield GateFailure(gate, message, rule)


def _flips(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    if comparison.corpus is not None:
        moved = comparison.corpus.moved.bit_count()
        if moved > gate.limit:
            verb = "changes" if moved == 1 else "change"
            message = f"{counted(moved, 'transcript')} {verb} rank, more than {gate.limit:g}"
            yield GateFailure(gate, message)


def _drops(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    for score in comparison.scores:
        drop = -(score.difference or 0.0)
        if not score.too_few and drop >= gate.limit - _ROUNDING:
            message = f"{score.title}: accuracy fell by {drop:.3f} on {score.rows} rows"
            yield GateFailure(gate, message, score.name if score.kind == "rule" else None)


def _named(score: PairedScore) -> str:
    ids = ", ".join(score.new_misses[:_NAMED])
    more = len(score.new_misses) - _NAMED
    return f"{ids} and {more} more" if more > 0 else ids
