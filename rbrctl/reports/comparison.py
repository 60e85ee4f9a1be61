"""The report of a comparison, as the formats draw it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rbrctl.diff.acceptances import Acceptance
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.gates import Gate, GateFailure, outcomes, skipped, unchecked
from rbrctl.diff.meaning import Difference
from rbrctl.records.models import RuleSetIdentity
from rbrctl.reports.comparison_findings import (
    DESCRIPTIONS,
    comparison_findings,
    comparison_suites,
)
from rbrctl.reports.comparison_markdown import comparison_comment
from rbrctl.reports.comparison_summary import (
    corpus_tables,
    is_plain_pass,
    meaning_tables,
    remarks,
    verdict_line,
)
from rbrctl.reports.corpus_tables import (
    accuracy_table,
    flip_table,
    gate_table,
    move_table,
    transition_table,
)
from rbrctl.reports.findings import summary_line
from rbrctl.reports.interface import Page, Part, Report, ReportKind, Sentence, Suite
from rbrctl.reports.json_tables import json_rows
from rbrctl.reports.meaning_tables import (
    class_table,
    edit_table,
    name_table,
    protection_table,
    rule_table,
)
from rbrctl.reports.tables import Wrap
from rbrctl.reports.terminal import Tone, printable
from rbrctl.reports.text_tables import wrapped
from rbrctl.ruleset.findings import Findings
from rbrctl.ruleset.model import RuleSet

COMPARISON_VERSION = 1


@dataclass(frozen=True, slots=True)
class ComparisonReport(Report):
    """
    A comparison that was held against gates.

    As JSON it is ``{"report": "diff", "version": 1, ...}``. ``failed`` is true where a gate is
    closed, and ``gates`` lists each with its ``outcome`` (passed, failed or not judged), its
    reasons and, as ``skipped``, the rules that it could not judge. ``accepted`` lists reviewed
    changes. ``meaning`` (null for two results) has ``relation``, ``old``, ``new`` and the lists
    ``classes``, ``protection``, ``rules``, ``names`` and ``edits``; a class
    has ``stricter`` and ``laxer`` examples or null.
    ``corpus`` (null without transcripts) has ``rows``, ``moved``, ``touched`` and the lists
    ``transitions``, ``rule_flips`` and ``moves``; ``accuracy`` lists the paired scores.
    """

    kind: ClassVar[ReportKind] = ReportKind.COMPARISON
    comparison: Comparison
    gates: Sequence[Gate]
    failed: Sequence[GateFailure]
    ruleset: RuleSet | None = None
    """The new rules, in whose files the differences are shown."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The texts of the new rules' files, by file name."""
    limit: int | None = None
    """The number of transcripts to list where people read; None lists all."""
    name: str = "diff"
    version: int = COMPARISON_VERSION

    @property
    def passed(self) -> bool:
        """True if no gate is closed."""
        return not self.failed

    @property
    def title(self) -> str:
        """The command that reports."""
        return "rbrctl diff"

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        return verdict_line(self.comparison, self.gates, self.failed)

    @property
    def log_line(self) -> str:
        """The count of the findings on the new side."""
        return f"rbrctl: {summary_line(self.findings(), self.comparison.new_label)}"

    def parts(self, page: Page) -> Sequence[Part]:
        """Return the sides, the remarks, the tables, the gates and, last, the verdict."""
        parts: list[Part] = [Sentence("\n".join(_sides(self.comparison)))]
        parts += [Sentence(_wrapped(line, page), Tone.WARNING) for line in remarks(self.comparison)]
        folded = not page.wide
        parts.append(
            [
                *meaning_tables(self.comparison),
                *corpus_tables(self.comparison, self.limit, folded),
            ]
        )
        if self.gates:
            parts.append([gate_table(self.comparison, self.gates, self.failed)])
        tone = Tone.BAD if self.failed else Tone.GOOD
        if tone is Tone.GOOD and not is_plain_pass(self.comparison, self.gates):
            tone = Tone.WARNING
        return [*parts, Sentence(_wrapped(self.verdict, page), tone)]

    def findings(self) -> Findings:
        """Return each difference at its place in the new rules' files."""
        if self.ruleset is None:
            return Findings()
        return comparison_findings(self.comparison, self.failed, self.ruleset, self.texts)

    def descriptions(self) -> Mapping[str, str]:
        """Return the documentation of the findings, by their id."""
        return DESCRIPTIONS

    def suites(self) -> Sequence[Suite]:
        """Return each gate as a test."""
        return comparison_suites(self.comparison, self.gates, self.failed)

    def comment(self, limit: int) -> str:
        """Return a comment on a pull request, of at most ``limit`` characters."""
        return comparison_comment(self.comparison, self.gates, self.failed, limit)

    def body(self) -> Mapping[str, Any]:
        """Return the JSON report's keys; it lists every transcript that moved."""
        comparison = self.comparison
        return {
            "verdict": self.verdict,
            "failed": bool(self.failed),
            "gates": gate_bodies(comparison, self.gates, self.failed),
            "accepted": _acceptances(comparison.accepted),
            "fresh_acceptances": _acceptances(comparison.fresh_acceptances),
            "old": comparison.old_label,
            "new": comparison.new_label,
            "on": comparison.corpus_label,
            "notes": list(comparison.notes),
            "stale": dict(comparison.stale),
            "unanswered": dict(comparison.unanswered),
            "regraded": comparison.regraded,
            "bad_lines": comparison.bad_lines,
            "meaning": _meaning(comparison),
            "corpus": _corpus(comparison),
            "accuracy": json_rows(accuracy_table(comparison)),
        }


def _wrapped(sentence: str, page: Page) -> str:
    text = printable(sentence)
    width = page.table_width
    return text if width is None else "\n".join(wrapped(text, width, Wrap.WORDS))


def _sides(comparison: Comparison) -> list[str]:
    meaning = comparison.meaning
    old = "" if meaning is None else f" ({_named(meaning.old)})"
    new = "" if meaning is None else f" ({_named(meaning.new)})"
    lines = [f"old  {comparison.old_label}{old}", f"new  {comparison.new_label}{new}"]
    if comparison.corpus_label is not None:
        lines.append(f"on   {comparison.corpus_label}")
    return list(map(printable, lines))


def _named(identity: RuleSetIdentity) -> str:
    return f"{identity.name} {identity.version}"


def gate_bodies(
    comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
) -> list[dict[str, Any]]:
    """Return each gate for the JSON report, with the reasons for which it is closed."""
    lacking = unchecked(gates, comparison)
    found = outcomes(gates, comparison, failed)
    return [
        {
            "gate": str(gate),
            "outcome": found[gate].value,
            "judged": gate not in lacking,
            "failed": any(failure.gate == gate for failure in failed),
            "reasons": [failure.message for failure in failed if failure.gate == gate],
            "not_judged": lacking.get(gate),
            "skipped": skipped(gate, comparison),
        }
        for gate in gates
    ]


def _acceptances(acceptances: Sequence[Acceptance]) -> list[dict[str, str]]:
    return [{"id": each.id, "reason": each.reason} for each in acceptances]


def _corpus(comparison: Comparison) -> dict[str, Any] | None:
    corpus = comparison.corpus
    if corpus is None:
        return None
    return {
        "rows": corpus.rows.bit_count(),
        "moved": corpus.moved.bit_count(),
        "bettered": corpus.bettered.bit_count(),
        "touched": corpus.touched.bit_count(),
        "transitions": json_rows(transition_table(comparison)),
        "rule_flips": json_rows(flip_table(comparison)),
        "moves": json_rows(move_table(comparison, None, keep_rank=True)),
    }


def _meaning(comparison: Comparison) -> dict[str, Any] | None:
    meaning = comparison.meaning
    if meaning is None:
        return None
    examples = {each.response_class: (each.stricter, each.laxer) for each in meaning.classes}
    classes = json_rows(class_table(meaning))
    for row in classes:
        stricter, laxer = examples.get(row["response_class"], (None, None))
        row["stricter"], row["laxer"] = _example(stricter), _example(laxer)
    return {
        "relation": meaning.relation.value,
        "same": meaning.is_same,
        "logic_changed": meaning.logic_changed,
        "old": _identity(meaning.old),
        "new": _identity(meaning.new),
        "ranks": {"old": list(meaning.ranks.old), "new": list(meaning.ranks.new)},
        "classes": classes,
        "protection": json_rows(protection_table(meaning)),
        "rules": json_rows(rule_table(meaning)),
        "names": json_rows(name_table(meaning, every_test=True)),
        "edits": json_rows(edit_table(meaning)),
    }


def _identity(identity: RuleSetIdentity) -> dict[str, str]:
    return {"name": identity.name, "version": identity.version, "digest": identity.digest}


def _example(example: Difference | None) -> dict[str, Any] | None:
    if example is None:
        return None
    return {
        "true": list(example.true),
        "old_rank": example.old_rank,
        "new_rank": example.new_rank,
        "old_broken": list(example.old_broken),
        "new_broken": list(example.new_broken),
    }
