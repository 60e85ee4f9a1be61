"""A comparison for people and for programs: as text, as JSON, and as a pull request's comment."""

from collections.abc import Sequence
from typing import Any

from rbrctl.diff.gates import Gate, GateFailure, unchecked
from rbrctl.diff.meaning import Difference, Relation
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.rulesets import RuleSetComparison
from rbrctl.counting import counted
from rbrctl.records.models import RuleSetIdentity
from rbrctl.reports.corpus_tables import (
    accuracy_table,
    flip_table,
    gate_table,
    move_table,
    transition_table,
)
from rbrctl.reports.json_report import json_report
from rbrctl.reports.json_tables import json_rows
from rbrctl.reports.meaning_tables import (
    class_table,
    edit_table,
    example_table,
    name_table,
    rule_table,
)
from rbrctl.reports.tables import Table, Wrap
from rbrctl.reports.terminal import Palette, printable
from rbrctl.reports.text_tables import TextTables, wrapped

COMPARISON_VERSION = 1


def verdict_line(
    comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
) -> str:
    """Say in one sentence whether a merge may go through, and what changed."""
    judged = len(gates) > len(unchecked(gates, comparison))
    outcome = "blocked" if failed else "passed" if judged else "compared"
    facts = []
    if comparison.meaning is not None:
        facts.append(_relation_fact(comparison.meaning))
    if comparison.corpus is not None:
        moved, all_rows = comparison.corpus.moved.bit_count(), comparison.corpus.rows.bit_count()
        facts.append(f"{moved:,} of {all_rows:,} transcripts change rank")
    better = sum(1 for each in comparison.scores if each.significant and (each.difference or 0) > 0)
    worse = sum(each.fell for each in comparison.scores)
    for count, word in ((worse, "worse"), (better, "better")):
        if count:
            facts.append(f"agreement with labels is {word} in {count} of {len(comparison.scores)}")
    return f"{outcome}: {', '.join(facts)}"


def _relation_fact(meaning: RuleSetComparison) -> str:
    if meaning.is_same:
        return "no difference"
    shared = meaning.shared_relation
    relation = (
        "neither stricter nor laxer throughout" if shared is Relation.NEITHER else shared.value
    )
    counts = ((len(meaning.classes_added), "added"), (len(meaning.classes_removed), "removed"))
    fates = [f"{counted(n, 'class', 'classes')} {fate}" for n, fate in counts if n]
    if not fates:
        return f"the rules are {relation}"
    where = f"the rules are {relation} where both have the class; " if meaning.classes else ""
    return where + " and ".join(fates)


def meaning_tables(comparison: Comparison) -> list[Table]:
    """Give the tables of what the rules mean, those without rows left out."""
    meaning = comparison.meaning
    if meaning is None or meaning.is_same:
        return []
    tables = [
        class_table(meaning),
        example_table(meaning),
        rule_table(meaning),
        name_table(meaning),
        edit_table(meaning),
    ]
    return [table for table in tables if table.rows]


def corpus_tables(
    comparison: Comparison, limit: int | None, fold_unchanged: bool = False
) -> list[Table]:
    """
    Give the tables of what happens to transcripts, those that say nothing left out.

    With ``fold_unchanged`` scores that are as before are counted, not listed.
    """
    tables = [
        transition_table(comparison),
        flip_table(comparison),
        move_table(comparison, limit),
        accuracy_table(comparison, fold_unchanged),
    ]
    return [table for table in tables if table.rows or table.notes]


def remarks(comparison: Comparison) -> list[str]:
    """Give the sentences that a reader must not miss, before any table."""
    lines = list(comparison.notes)
    if comparison.regraded:
        were = counted(comparison.regraded, "transcript was", "transcripts were")
        lines.append(f"{were} graded again by the new rules.")
    if comparison.stale:
        names = ", ".join(f"{name} {count:,}" for name, count in comparison.stale.items())
        lines.append(
            f"Stale answers, given to a question that is put otherwise now: {names}. What is "
            "shown is what the logic alone changes; --grader asks them again."
        )
    if comparison.unanswered:
        names = ", ".join(f"{name} on {n:,}" for name, n in comparison.unanswered.items())
        lines.append(f"Transcripts without an answer that the new rules need: {names}.")
    if comparison.bad_lines:
        lines.append(f"{counted(comparison.bad_lines, 'line')} could not be used.")
    return lines


class TextComparison:
    """Draws a comparison for a terminal."""

    def __init__(self, palette: Palette, width: int | None, limit: int | None) -> None:
        """List ``limit`` transcripts; ``width`` None shows all columns."""
        self.palette = palette
        self.width = width
        self.limit = limit

    def render(
        self, comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
    ) -> str:
        """Draw the sides, the tables, the gates and, last, the verdict."""
        tables = TextTables(self.palette, self.width)
        blocks = ["\n".join(self._sides(comparison))]
        blocks += [self.palette.warning(self._lines(line)) for line in remarks(comparison)]
        folded = self.width is not None
        drawn = [*meaning_tables(comparison), *corpus_tables(comparison, self.limit, folded)]
        if drawn:
            blocks.append(tables.render(drawn))
        if gates:
            blocks.append(tables.render([gate_table(comparison, gates, failed)]))
        verdict = self._lines(verdict_line(comparison, gates, failed))
        blocks.append(self.palette.bad(verdict) if failed else self.palette.good(verdict))
        return "\n\n".join(blocks)

    def _lines(self, sentence: str) -> str:
        text = printable(sentence)
        return text if self.width is None else "\n".join(wrapped(text, self.width, Wrap.WORDS))

    def _sides(self, comparison: Comparison) -> list[str]:
        meaning = comparison.meaning
        old = "" if meaning is None else f" ({_named(meaning.old)})"
        new = "" if meaning is None else f" ({_named(meaning.new)})"
        lines = [f"old  {comparison.old_label}{old}", f"new  {comparison.new_label}{new}"]
        if comparison.corpus_label is not None:
            lines.append(f"on   {comparison.corpus_label}")
        return list(map(printable, lines))


def _named(identity: RuleSetIdentity) -> str:
    return f"{identity.name} {identity.version}"


class JsonComparison:
    """
    Writes ``{"report": "diff", "version": 1, ...}``.

    ``failed`` is true where a gate is closed, and ``gates`` lists each with its reasons; one that
    had nothing to be held against is not ``judged``.
    ``meaning`` (null for two results) has ``relation``, ``old``, ``new`` and the lists ``classes``,
    ``rules``, ``names`` and ``edits``; a class has ``stricter`` and ``laxer`` examples or null.
    ``corpus`` (null without transcripts) has ``rows``, ``moved``, ``touched`` and the lists
    ``transitions``, ``rule_flips`` and ``moves``; ``accuracy`` lists the paired scores.
    """

    def __init__(self, limit: int | None = None) -> None:
        """List ``limit`` transcripts, by default all that moved."""
        self.limit = limit

    def render(
        self, comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
    ) -> str:
        """Write the report."""
        lacking = unchecked(gates, comparison)
        body = {
            "verdict": verdict_line(comparison, gates, failed),
            "failed": bool(failed),
            "gates": [
                {
                    "gate": str(gate),
                    "judged": gate not in lacking,
                    "failed": any(failure.gate == gate for failure in failed),
                    "reasons": [failure.message for failure in failed if failure.gate == gate],
                }
                for gate in gates
            ],
            "old": comparison.old_label,
            "new": comparison.new_label,
            "on": comparison.corpus_label,
            "notes": list(comparison.notes),
            "stale": dict(comparison.stale),
            "unanswered": dict(comparison.unanswered),
            "regraded": comparison.regraded,
            "bad_lines": comparison.bad_lines,
            "meaning": _meaning(comparison),
            "corpus": self._corpus(comparison),
            "accuracy": json_rows(accuracy_table(comparison)),
        }
        return json_report("diff", COMPARISON_VERSION, body)

    def _corpus(self, comparison: Comparison) -> dict[str, Any] | None:
        corpus = comparison.corpus
        if corpus is None:
            return None
        return {
            "rows": corpus.rows.bit_count(),
            "moved": corpus.moved.bit_count(),
            "touched": corpus.touched.bit_count(),
            "transitions": json_rows(transition_table(comparison)),
            "rule_flips": json_rows(flip_table(comparison)),
            "moves": json_rows(move_table(comparison, self.limit, keep_rank=True)),
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
