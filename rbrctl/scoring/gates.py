"""Gates on accuracy: what a score must reach for a run to pass."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.ruleset.checks.interface import Check
from rbrctl.ruleset.findings import Severity
from rbrctl.scoring.models import RuleScore, Score
from rbrctl.wording import hint_for

GATE_MISSED = Check(
    "gate-missed",
    Severity.ERROR,
    "A rule does not reach the minimum that --min-accuracy or --min-n sets.\n\n"
    "'rbrctl grade' and 'rbrctl score' compare each rule's accuracy (answers against labels) with "
    "--min-accuracy, and the number of rows on which both labels and answers decide the rule with "
    "--min-n. A rule that is named in --min-accuracy, and with --min-n every rule, must have "
    "labelled rows: a gate that could not be checked has not been passed.",
    function=None,
    needs_sound_axioms=False,
)
"""The documentation of the finding that reports a missed gate."""


@dataclass(frozen=True, slots=True)
class Gates:
    """The minimum that a score must reach."""

    overall: float | None = None
    """Accuracy that every rule with labelled rows must reach."""
    by_rule: Mapping[str, float] | None = None
    """Accuracy that a rule must reach, instead of ``overall``."""
    minimum_rows: int | None = None
    """The number of rows, decided by labels and answers, that every gated rule must have."""

    @property
    def any(self) -> bool:
        """True if any minimum is set."""
        return self.overall is not None or bool(self.by_rule) or self.minimum_rows is not None


@dataclass(frozen=True, slots=True)
class Miss:
    """One gate that was not reached."""

    rule: str
    group: str | None
    message: str


def parse_gates(minimum_accuracy: Iterable[str], minimum_rows: int | None) -> Gates:
    """
    Read ``0.9`` and ``RULE=0.9`` as written on a command line.

    Raises UsageError for anything else and for shares outside [0, 1].
    """
    overall: float | None = None
    by_rule: dict[str, float] = {}
    for text in minimum_accuracy:
        rule, equals, share = text.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise UsageError(
                f"--min-accuracy {text}: write a share from 0 to 1, as 0.9 or RULE=0.9"
            )
        if equals:
            by_rule[rule] = value
        else:
            overall = value
    return Gates(overall, by_rule, minimum_rows)


def check_rules_exist(gates: Gates, rules: Iterable[str]) -> None:
    """Raise UsageError for a gate on a rule that does not exist."""
    known = list(rules)
    for rule in gates.by_rule or {}:
        if rule not in known:
            hint = hint_for(rule, known)
            raise UsageError(f"--min-accuracy {rule}=...: there is no rule '{rule}'; {hint}")


def missed_gates(gates: Gates, score: Score, expected: Iterable[str] = ()) -> list[Miss]:
    """
    Return the gates that a score does not reach.

    A rule that is gated by name must have labelled rows; with a minimum number of rows, so must
    each ``expected`` rule. Raises NothingMatchedError where no rule has labelled rows, because a
    gate that could not be checked has not been passed.
    """
    if not gates.any:
        return []
    if not any(rule.counts.total for rule in score.rules):
        raise NothingMatchedError(
            "no transcript has labels that determine a rule, so no gate can be checked"
        )
    by_rule = gates.by_rule or {}
    scored = {rule.rule for rule in score.rules}
    wanted = [*by_rule, *(expected if gates.minimum_rows is not None else ())]
    misses = [
        Miss(rule, None, "has no labelled rows")
        for rule in dict.fromkeys(wanted)
        if rule not in scored
    ]
    for rule in score.rules:
        misses += _misses_of(rule, by_rule.get(rule.rule, gates.overall), gates.minimum_rows)
    return misses


def _misses_of(rule: RuleScore, wanted: float | None, rows: int | None) -> Iterable[Miss]:
    accuracy = rule.counts.accuracy
    if rows is not None and rule.counts.total < rows:
        yield Miss(rule.rule, rule.group, f"has {rule.counts.total} rows, fewer than {rows}")
    if wanted is None:
        return
    if accuracy is None:
        yield Miss(rule.rule, rule.group, "has no row with labels on which the answers decide it")
    elif accuracy < wanted:
        yield Miss(rule.rule, rule.group, f"accuracy {accuracy:.3f}, below {wanted:g}")
