"""A comparison as findings and as tests, for the formats that know only these."""

from collections.abc import Iterator, Mapping, Sequence

from rbrctl.diff.comparison import Comparison
from rbrctl.diff.gates import Gate, GateFailure, unchecked
from rbrctl.diff.meaning import ClassComparison, Relation
from rbrctl.reports.interface import Case, Suite
from rbrctl.ruleset.checks.interface import Check
from rbrctl.ruleset.findings import Finding, Findings, Severity
from rbrctl.ruleset.model import RuleSet

_PAGES = {
    "diff-blocked": (
        Severity.ERROR,
        "A gate of 'rbrctl diff --fail-on' is closed.\n\n"
        "The message says which gate and why. 'protection' closes where a critical rule was "
        "removed or weakened, a category was moved or removed, a class was removed or a severity "
        "was lowered. A regression is a drop in agreement with the labels that is both beyond "
        "chance and large enough to matter, or a single new miss of a critical rule; 'laxer' also "
        "closes where the new rules are neither stricter nor laxer, or where that could not be "
        "decided. 'acceptance' closes where the change itself accepts what it changes. A reviewed "
        "change is accepted with 'rbrctl diff --accept ID --reason TEXT'.",
    ),
    "diff-laxer": (
        Severity.NOTE,
        "The rules give some completion a better rank than before, and none a worse one.\n\n"
        "It is proved, not sampled; the message has a smallest example.",
    ),
    "diff-stricter": (
        Severity.NOTE,
        "The rules give some completion a worse rank than before, and none a better one.\n\n"
        "It is proved, not sampled; the message has a smallest example.",
    ),
    "diff-neither": (
        Severity.NOTE,
        "The rules give some completions a better rank than before and others a worse one.\n\n"
        "The same is said where the ranks of both sides have no common order.",
    ),
    "diff-undecided": (
        Severity.NOTE,
        "Whether the rules mean the same was too large to prove.\n\n"
        "The decision diagram outgrew its budget: take the change apart, or look at transcripts "
        "with --on.",
    ),
    "diff-protection": (
        Severity.NOTE,
        "What gives a transcript its class, or what protects it, is not what it was.\n\n"
        "A critical rule was removed or weakened, a severity changed, a category of the policy was "
        "added, removed or moved to another response class, or so was a class or an alias. The "
        "gate 'protection' of 'rbrctl diff --fail-on' closes on what may protect less.",
    ),
    "diff-rule": (
        Severity.NOTE,
        "A rule decides otherwise than before, or is new.\n\n"
        "That alone need not change any rank: another rule may decide the same.",
    ),
    "diff-question": (
        Severity.NOTE,
        "A grader is asked otherwise than before.\n\n"
        "Earlier answers to the proposition are stale; 'rbrctl diff --on RESULTS --grader ...' "
        "asks just those again.",
    ),
}

DESCRIPTIONS = {id: page for id, (_, page) in _PAGES.items()}
"""The documentation of each id that a comparison reports."""


def difference_checks() -> dict[str, Check]:
    """Return the pages of these ids as checks, for 'rbrctl explain'."""
    return {
        id: Check(id, severity, page, function=None, needs_sound_axioms=False)
        for id, (severity, page) in _PAGES.items()
    }


def comparison_findings(
    comparison: Comparison,
    failed: Sequence[GateFailure],
    ruleset: RuleSet,
    texts: Mapping[str, str] | None = None,
) -> Findings:
    """
    Return each difference with its place in the new rule set's files.

    What closes a gate is an error. A change of meaning is only a note, because changes are what
    one expects of a comparison.
    """
    items = [
        *_blocked(failed, ruleset),
        *_classes(comparison, ruleset),
        *_protection(comparison, ruleset),
        *_rules(comparison),
        *_questions(comparison),
    ]
    return Findings(tuple(items), texts or {})


def _blocked(failed: Sequence[GateFailure], ruleset: RuleSet) -> Iterator[Finding]:
    for failure in failed:
        place = ruleset.place
        rule = ruleset.rules.get(failure.rule or "")
        response_class = ruleset.response_classes.get(failure.response_class or "")
        if rule is not None:
            place = rule.place
        elif response_class is not None:
            place = response_class.place
        message = f"{failure.gate}: {failure.message}"
        yield Finding("diff-blocked", Severity.ERROR, message, place)


def _classes(comparison: Comparison, ruleset: RuleSet) -> Iterator[Finding]:
    if comparison.meaning is None:
        return
    for each in comparison.meaning.classes:
        if each.relation is not Relation.EQUIVALENT:
            place = ruleset.response_classes[each.response_class].place
            message = f"{each.response_class} is {_words(each)}{_example(each)}"
            yield Finding(f"diff-{each.relation}", Severity.NOTE, message, place)


def _protection(comparison: Comparison, ruleset: RuleSet) -> Iterator[Finding]:
    if comparison.meaning is None:
        return
    for change in comparison.meaning.protection:
        # What is gone has no place on the new side.
        is_gone = change.kind.value.endswith("removed")
        place = ruleset.place if is_gone else change.place
        yield Finding("diff-protection", Severity.NOTE, change.message, place)


def _words(each: ClassComparison) -> str:
    return (
        "neither stricter nor laxer" if each.relation is Relation.NEITHER else each.relation.value
    )


def _example(each: ClassComparison) -> str:
    example = each.laxer or each.stricter
    if example is None:
        return f": {each.note}" if each.note else ""
    true = ", ".join(example.true) or "nothing"
    return f": with only {true} true, the rank was {example.old_rank} and is {example.new_rank}"


def _rules(comparison: Comparison) -> Iterator[Finding]:
    if comparison.meaning is None:
        return
    for rule in comparison.meaning.rules:
        if rule.logic_changed:
            relation = rule.requirement.relation
            changed = "applies otherwise" if relation is Relation.EQUIVALENT else f"is {relation}"
            yield Finding("diff-rule", Severity.NOTE, f"{rule.id} {changed}", rule.place)
    for name in comparison.meaning.names:
        if name.kind == "rule" and name.change == "added":
            yield Finding("diff-rule", Severity.NOTE, f"{name.name} is new", name.place)


def _questions(comparison: Comparison) -> Iterator[Finding]:
    if comparison.meaning is None:
        return
    for edit in comparison.meaning.edits:
        if edit.asks_anew:
            message = f"{edit.name}: {', '.join(edit.keys)} changed, so that it is asked anew"
            yield Finding("diff-question", Severity.NOTE, message, edit.place)


def comparison_suites(
    comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
) -> list[Suite]:
    """Return each gate as a test: passed, skipped because it had no evidence, or failed."""
    cases = []
    lacking = unchecked(gates, comparison)
    for gate in gates:
        if gate in lacking:
            cases.append(Case("rbrctl diff", str(gate), skipped=lacking[gate]))
            continue
        reasons = [failure.message for failure in failed if failure.gate == gate]
        first = reasons[0] if reasons else None
        cases.append(Case("rbrctl diff", str(gate), first, "\n".join(reasons[1:])))
    return [Suite("rbrctl diff", cases or [Case("rbrctl diff", "no gate")])]
