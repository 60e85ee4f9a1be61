"""What every drawing of a comparison says: the verdict, the remarks, and the tables."""

from collections import Counter
from collections.abc import Sequence

from rbrctl.diff.comparison import Comparison
from rbrctl.diff.gates import Gate, GateFailure, unchecked
from rbrctl.diff.meaning import Relation
from rbrctl.diff.protection import ProtectionKind
from rbrctl.diff.rulesets import RuleSetComparison
from rbrctl.reports.corpus_tables import accuracy_table, flip_table, move_table, transition_table
from rbrctl.reports.meaning_tables import (
    class_table,
    edit_table,
    example_table,
    name_table,
    protection_table,
    rule_table,
)
from rbrctl.reports.tables import Table
from rbrctl.wording import counted


def verdict_line(
    comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
) -> str:
    """Return one sentence: whether a merge may go through, and what changed."""
    facts = []
    if comparison.meaning is not None:
        facts.append(_relation_fact(comparison.meaning))
        facts += _protection_facts(comparison.meaning)
    if comparison.corpus is not None:
        moved, all_rows = comparison.corpus.moved.bit_count(), comparison.corpus.rows.bit_count()
        facts.append(f"{moved:,} of {all_rows:,} transcripts change rank")
        if bettered := comparison.corpus.bettered.bit_count():
            facts.append(f"{bettered:,} to a better one")
    better = sum(1 for each in comparison.scores if each.significant and (each.difference or 0) > 0)
    worse = sum(each.fell for each in comparison.scores)
    for count, word in ((worse, "worse"), (better, "better")):
        if count:
            facts.append(f"agreement with labels is {word} in {count} of {len(comparison.scores)}")
    return f"{_outcome(comparison, gates, failed)}: {', '.join(facts)}"


def _outcome(comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]) -> str:
    if failed:
        return "blocked"
    if len(gates) == len(unchecked(gates, comparison)):
        return "compared"
    return "passed" if is_plain_pass(comparison, gates) else "not blocked"


def is_plain_pass(comparison: Comparison, gates: Sequence[Gate]) -> bool:
    """
    Return True where gates that are all open may be shown in green.

    They may not where no gate was judged, nor where the rules are laxer or may be: no gate closed
    on that, but nobody has said that it is good.
    """
    meaning = comparison.meaning
    if len(gates) == len(unchecked(gates, comparison)):
        return False
    return meaning is None or (
        meaning.shared_relation in (Relation.EQUIVALENT, Relation.STRICTER)
        and not any(change.blocks for change in meaning.protection)
    )


def _protection_facts(meaning: RuleSetComparison) -> list[str]:
    """Count the changes after which some transcript may be protected less, by their kind."""
    kinds = Counter(change.kind for change in meaning.protection if change.blocks)
    return [
        f"{count} {kind}" if count == 1 else f"{count} times {kind}"
        for kind, count in kinds.items()
        if kind is not ProtectionKind.CLASS_REMOVED
    ]


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
    """Return the tables of what the rules mean, without those that have no rows."""
    meaning = comparison.meaning
    if meaning is None or meaning.is_same:
        return []
    tables = [
        protection_table(meaning),
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
    Return the tables of what happens to transcripts, without those that have nothing to show.

    With ``fold_unchanged``, scores that did not change are counted and not listed.
    """
    tables = [
        transition_table(comparison),
        flip_table(comparison),
        move_table(comparison, limit),
        accuracy_table(comparison, fold_unchanged),
    ]
    return [table for table in tables if table.rows or table.notes]


def remarks(comparison: Comparison) -> list[str]:
    """Return the sentences that a reader must see before any table."""
    lines = [
        f"New acceptance, added by this change: {each.id}, because: {each.reason}"
        for each in comparison.fresh_acceptances
    ]
    lines += [f"Accepted: {each.id}, because: {each.reason}" for each in comparison.accepted]
    lines += comparison.notes
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
