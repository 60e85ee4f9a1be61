"""
Gates: differences that stop a change from being merged.

A gate has passed, has failed, or could not be judged because the evidence is too little. A gate
that could not be judged has not passed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rbrctl.diff.accuracy import DROP_THAT_MATTERS, FEW_ROWS, SIGNIFICANCE, PairedScore
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.meaning import Relation
from rbrctl.diff.protection import ProtectionChange, ProtectionKind
from rbrctl.errors import UsageError
from rbrctl.wording import counted, hint_for

MINIMUM_DROP = 0.02
"""A smaller drop in accuracy is not a regression, however significant it is."""

_ROUNDING = 1e-9
_NAMED = 5


class GateKind(StrEnum):
    """The kinds of difference that close a gate."""

    NONE = "none"
    CHANGED = "changed"
    PROTECTION = "protection"
    LAXER = "laxer"
    REGRESSION = "regression"
    FLIPS = "flips"
    ACCURACY_DROP = "accuracy-drop"
    ACCEPTANCE = "acceptance"
    """Closed by acceptances that came with the change; it stands beside any other gate."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate; ``limit`` is a number of transcripts or a share, where the kind has one."""

    kind: GateKind
    limit: float = 0.0

    def __str__(self) -> str:
        """Return the gate as it is written on the command line."""
        has_limit = self.kind in (GateKind.FLIPS, GateKind.ACCURACY_DROP)
        return f"{self.kind}:{self.limit:g}" if has_limit else str(self.kind)


DEFAULT_GATES = (Gate(GateKind.PROTECTION), Gate(GateKind.REGRESSION))
DEFAULT_WORD = "default"
"""Stands for DEFAULT_GATES beside others; those are then not among the gates asked for by name."""


class GateOutcome(StrEnum):
    """What came of a gate."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class GateFailure:
    """One reason for which a gate is closed."""

    gate: Gate
    message: str
    rule: str | None = None
    response_class: str | None = None
    id: str | None = None
    """What an acceptance names, as ``rule:ID``; None for what no acceptance can cover."""


def acceptable_ids(comparison: Comparison) -> list[str]:
    """Return the ids of all changes that an acceptance could cover."""
    gates = (Gate(GateKind.PROTECTION), Gate(GateKind.LAXER))
    found = (failure.id for gate in gates for failure in _failures(gate, comparison))
    return list(dict.fromkeys(id for id in found if id is not None))


def parse_gates(texts: Sequence[str]) -> tuple[Gate, ...]:
    """
    Read gates: ``none|default|protection|laxer|changed|regression|flips:N|accuracy-drop:SHARE``.

    A text may have several, separated by commas; without any it is DEFAULT_GATES, and ``default``
    stands for these beside others. Raises UsageError.
    """
    words = _words(texts)
    gates = asked_gates(texts)
    if Gate(GateKind.NONE) in gates:
        if len(set(words)) > 1:
            raise UsageError("--fail-on none: cannot be combined with other gates")
        return ()
    if DEFAULT_WORD in words or not words:
        return tuple(dict.fromkeys((*DEFAULT_GATES, *gates)))
    return gates


def asked_gates(texts: Sequence[str]) -> tuple[Gate, ...]:
    """Return the gates that were asked for by their own name, each once. Raise UsageError."""
    words = (word for word in _words(texts) if word != DEFAULT_WORD)
    return tuple(dict.fromkeys(_parse(word) for word in words))


def _words(texts: Sequence[str]) -> list[str]:
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def _parse(word: str) -> Gate:
    name, colon, limit = word.partition(":")
    try:
        kind = GateKind(name)
    except ValueError:
        known = [DEFAULT_WORD, *(each.value for each in GateKind)]
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
    """Return why a gate cannot be judged; None where it can be."""
    needs_labels = gate.kind in (GateKind.REGRESSION, GateKind.ACCURACY_DROP)
    if comparison.corpus is None and (needs_labels or gate.kind is GateKind.FLIPS):
        return "there are no transcripts"
    if not needs_labels:
        return None
    if not any(score.rows for score in comparison.scores):
        lack = "answers beside the labels" if comparison.labels_are_answers else "labels"
        return f"there are no {lack}"
    if any(_can_judge(gate, score) for score in comparison.scores) or _failures(gate, comparison):
        return None
    return "there are too few prompts with labels"


def _can_judge(gate: Gate, score: PairedScore) -> bool:
    if gate.kind is GateKind.ACCURACY_DROP:
        return score.prompts >= FEW_ROWS
    return score.is_judged


def unchecked(gates: Iterable[Gate], comparison: Comparison) -> dict[Gate, str]:
    """Return the gates that could not be judged, each with the reason."""
    found = {gate: _lacks(gate, comparison) for gate in gates}
    return {gate: lack for gate, lack in found.items() if lack is not None}


def skipped(gate: Gate, comparison: Comparison) -> dict[str, str]:
    """Return the rules and ranks that a gate on labels could not judge, each with the reason."""
    if gate.kind not in (GateKind.REGRESSION, GateKind.ACCURACY_DROP):
        return {}
    return {
        score.title: _too_few(score) for score in comparison.scores if not _can_judge(gate, score)
    }


def _too_few(score: PairedScore) -> str:
    prompts = f"{counted(score.prompts, 'prompt')} with {counted(score.rows, 'row')}"
    if score.too_few or score.smallest_drop is None:
        return f"on {prompts} no drop could have been seen"
    return (
        f"on {prompts} no drop under {score.smallest_drop:.0%} of the prompts could have been seen "
        f"(corrected for {counted(score.family, 'test')}), and one of {DROP_THAT_MATTERS:.0%} "
        "matters"
    )


def check_evidence(gates: Iterable[Gate], comparison: Comparison) -> None:
    """Raise UsageError where a gate that the user named needs transcripts and there are none."""
    for gate in gates:
        if comparison.corpus is None and _lacks(gate, comparison):
            raise UsageError(f"--fail-on {gate}: needs transcripts to look at; give --on RESULTS")


def not_judged(gates: Iterable[Gate], comparison: Comparison) -> list[str]:
    """Return a message for each gate that the user named and that could not be judged."""
    messages = []
    for gate, lack in unchecked(gates, comparison).items():
        advice = ""
        if comparison.labels_are_answers:
            advice = (
                ": these are transcripts: their labels are the answers, so only a 'rank_label' can "
                "be compared; let --grader embedded grade them, or give --on RESULTS"
            )
        messages.append(f"--fail-on {gate} was not judged: {lack}{advice}")
    return messages


def failures(gates: Iterable[Gate], comparison: Comparison) -> list[GateFailure]:
    """Return the reasons for which gates are closed, but for changes that were accepted."""
    accepted = {each.id for each in comparison.accepted}
    return [
        found
        for gate in gates
        for found in _failures(gate, comparison)
        if found.id is None or found.id not in accepted
    ]


def outcomes(
    gates: Iterable[Gate], comparison: Comparison, failed: Iterable[GateFailure]
) -> Mapping[Gate, GateOutcome]:
    """Return what came of each gate, given the reasons for which some are closed."""
    closed = {failure.gate for failure in failed}
    gates = tuple(gates)
    lacking = unchecked(gates, comparison)
    return {
        gate: GateOutcome.FAILED
        if gate in closed
        else GateOutcome.NOT_JUDGED
        if gate in lacking
        else GateOutcome.PASSED
        for gate in gates
    }


def _failures(gate: Gate, comparison: Comparison) -> list[GateFailure]:
    checks = {
        GateKind.CHANGED: _changed,
        GateKind.PROTECTION: _protection,
        GateKind.LAXER: _laxer,
        GateKind.REGRESSION: _regressions,
        GateKind.FLIPS: _flips,
        GateKind.ACCURACY_DROP: _drops,
        GateKind.ACCEPTANCE: _fresh_acceptances,
    }
    return list(checks[gate.kind](gate, comparison))


def _changed(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    meaning = comparison.meaning
    if meaning is not None and meaning.rules_changed:
        yield GateFailure(gate, "the rules have a different meaning than before")
    if comparison.corpus is not None and (touched := comparison.corpus.touched.bit_count()):
        yield GateFailure(gate, f"{counted(touched, 'transcript')} judged differently than before")


def _protection(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    if comparison.meaning is None:
        return
    for change in comparison.meaning.protection:
        if change.blocks:
            yield _failure_of(gate, change)


def _fresh_acceptances(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    for each in comparison.fresh_acceptances:
        yield GateFailure(
            gate,
            f"{each.id} is accepted by the change itself, because: {each.reason} "
            "(--allow-new-acceptance lets it count)",
        )


def _failure_of(gate: Gate, change: ProtectionChange) -> GateFailure:
    kind = change.id.partition(":")[0]
    return GateFailure(
        gate,
        change.message,
        rule=change.name if kind == "rule" else None,
        response_class=change.name if kind == "class" else None,
        id=change.id,
    )


_NOT_STRICTER = {
    Relation.LAXER: "laxer",
    Relation.NEITHER: "neither stricter nor laxer",
    Relation.UNDECIDED: "undecided",
}


def _laxer(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    if comparison.meaning is None:
        return
    for each in comparison.meaning.classes:
        if each.relation in _NOT_STRICTER:
            name = each.response_class
            message = f"{name} is {_NOT_STRICTER[each.relation]}"
            yield GateFailure(gate, message, response_class=name, id=f"class:{name}")
    for change in comparison.meaning.protection:
        if change.relation in _NOT_STRICTER:
            message = f"{change.message}, which is {_NOT_STRICTER[change.relation]}"
            yield GateFailure(gate, message, id=change.id)
        elif change.kind in (ProtectionKind.CLASS_REMOVED, ProtectionKind.CATEGORY_REMOVED):
            yield _failure_of(gate, change)


def _regressions(gate: Gate, comparison: Comparison) -> Iterator[GateFailure]:
    for score in comparison.scores:
        drop = -(score.difference or 0.0)
        rule = score.name if score.kind == "rule" else None
        if score.fell and drop >= MINIMUM_DROP - _ROUNDING:
            message = (
                f"{score.title}: accuracy fell from {score.old_accuracy:.3f} to "
                f"{score.new_accuracy:.3f} on {_rows(score)} (p = {score.drop_p:.2g} for a "
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
        if _can_judge(gate, score) and drop >= gate.limit - _ROUNDING:
            message = f"{score.title}: accuracy fell by {drop:.3f} on {score.rows} rows"
            yield GateFailure(gate, message, score.name if score.kind == "rule" else None)


def _rows(score: PairedScore) -> str:
    if score.prompts == score.rows:
        return f"{score.rows} rows"
    return f"{score.rows} rows of {counted(score.prompts, 'prompt')}"


def _named(score: PairedScore) -> str:
    ids = ", ".join(score.new_misses[:_NAMED])
    more = len(score.new_misses) - _NAMED
    return f"{ids} and {more} more" if more > 0 else ids
