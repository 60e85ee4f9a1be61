"""What two rule sets say otherwise, as tables, which every format draws in its way."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rbrctl.diff.meaning import Relation
from rbrctl.diff.names import NameChange
from rbrctl.diff.rulesets import RuleComparison, RuleSetComparison
from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Wrap
from rbrctl.reports.terminal import Tone

_FEW_TESTS = 5

_RELATION_TONES = {
    Relation.EQUIVALENT: Tone.MUTED,
    Relation.STRICTER: Tone.GOOD,
    Relation.LAXER: Tone.BAD,
    Relation.NEITHER: Tone.WARNING,
    Relation.UNDECIDED: Tone.WARNING,
}


def relation_cell(relation: Relation) -> Cell:
    """Return a cell with a relation in its tone."""
    return Cell(relation.value, _RELATION_TONES[relation])


def share_cell(share: float | None) -> Cell:
    """Return a share as a percentage that never rounds to zero."""
    if share is None:
        return Cell(None, text="?")
    if share == 0:
        return Cell(0.0, text="-")
    return Cell(share, text="< 0.01 %" if share < 0.0001 else f"{100 * share:.2f} %")


def class_table(meaning: RuleSetComparison) -> Table:
    """List the response classes, each with its relation and how much of it differs."""
    return Table(
        "classes",
        "Response classes",
        (
            Column("response_class", "response class", wrap=Wrap.NAMES),
            Column("relation", "new is"),
            Column("stricter_share", "stricter on", numeric=True),
            Column("laxer_share", "laxer on", numeric=True),
            Column("note", "note", wrap=Wrap.WORDS, priority=WIDE_ONLY),
        ),
        [
            (
                each.response_class,
                relation_cell(each.relation),
                share_cell(each.stricter_share),
                share_cell(each.laxer_share),
                Cell(each.note, text=each.note or ""),
            )
            for each in meaning.classes
        ]
        + [(name, Cell("added"), None, None, Cell("")) for name in meaning.classes_added]
        + [(name, Cell("removed", Tone.BAD), None, None, "") for name in meaning.classes_removed],
        notes=["Shares are of all assignments that the axioms allow."],
    )


def example_table(meaning: RuleSetComparison) -> Table:
    """List for each class the smallest assignments on which the sides differ."""
    rows: list[Sequence[Cell | str]] = []
    for each in meaning.classes:
        for direction, example in (("laxer", each.laxer), ("stricter", each.stricter)):
            if example is not None:
                old_only = [r for r in example.old_broken if r not in example.new_broken]
                new_only = [r for r in example.new_broken if r not in example.old_broken]
                rows.append(
                    (
                        each.response_class,
                        direction,
                        ", ".join(example.true) or "nothing",
                        example.old_rank,
                        example.new_rank,
                        ", ".join(
                            [f"old: {id}" for id in old_only] + [f"new: {id}" for id in new_only]
                        )
                        or "the same",
                    )
                )
    return Table(
        "examples",
        "Smallest examples",
        (
            Column("response_class", "response class", wrap=Wrap.NAMES),
            Column("direction", "new is"),
            Column("true", "when only this is true", wrap=Wrap.NAMES),
            Column("old_rank", "old rank", wrap=Wrap.NAMES),
            Column("new_rank", "new rank", wrap=Wrap.NAMES),
            Column("broken", "breaks", wrap=Wrap.NAMES, priority=5),
        ),
        rows,
    )


def protection_table(meaning: RuleSetComparison) -> Table:
    """List what changed in what gives a transcript its class and its protection."""
    return Table(
        "protection",
        "Protection",
        (
            Column("change", "change", wrap=Wrap.WORDS),
            Column("id", "id", wrap=Wrap.NAMES),
            Column("blocks", "blocks", priority=WIDE_ONLY),
            Column("relation", "new class is", priority=WIDE_ONLY),
            Column("details", "details", wrap=Wrap.WORDS),
        ),
        [
            (
                Cell(each.kind.value, Tone.BAD if each.blocks else None),
                each.id,
                each.blocks,
                Cell(None, text="") if each.relation is None else relation_cell(each.relation),
                each.message,
            )
            for each in sorted(meaning.protection, key=lambda each: not each.blocks)
        ],
    )


def rule_table(meaning: RuleSetComparison) -> Table:
    """List the rules that came, went or changed, and what changed in each."""
    rows: list[Sequence[Cell | str]] = []
    for name in meaning.names:
        if name.kind == "rule" and name.change in (NameChange.ADDED, NameChange.REMOVED):
            tone = Tone.GOOD if name.change is NameChange.ADDED else Tone.BAD
            rows.append((name.name, Cell(name.change.value, tone), ""))
    for rule in meaning.rules:
        changes = list(_rule_changes(rule))
        if changes:
            relation = rule.requirement.relation
            same = relation is Relation.EQUIVALENT
            kind = (
                Cell("rewritten" if rule.rewritten else "moved")
                if same
                else relation_cell(relation)
            )
            if same and rule.logic_changed:
                kind = Cell("changed", Tone.WARNING)
            elif same and not rule.rewritten:
                kind = Cell("renamed")
            rows.append((rule.id, kind, "; ".join(changes)))
    return Table(
        "rules",
        "Rules",
        (
            Column("rule", "rule", wrap=Wrap.NAMES),
            Column("change", "change"),
            Column("details", "details", wrap=Wrap.WORDS),
        ),
        rows,
    )


def _rule_changes(rule: RuleComparison) -> Iterator[str]:
    requirement = rule.requirement
    if rule.id != rule.old_id:
        yield f"was {rule.old_id}"
    if requirement.relation is Relation.UNDECIDED:
        yield "the proof is too large"
    if requirement.stricter is not None:
        yield f"now broken by {_true(requirement.stricter)}"
    if requirement.laxer is not None:
        yield f"no longer broken by {_true(requirement.laxer)}"
    if rule.rewritten:
        yield f"means the same as '{rule.old_require}'"
    if rule.old_otherwise != rule.new_otherwise:
        yield f"otherwise {rule.new_otherwise}, was {rule.old_otherwise}"
    if rule.classes_added:
        yield f"now also for {', '.join(rule.classes_added)}"
    if rule.classes_removed:
        yield f"no longer for {', '.join(rule.classes_removed)}"


def _true(names: tuple[str, ...]) -> str:
    return " + ".join(names) or "nothing true"


def name_table(meaning: RuleSetComparison, every_test: bool = False) -> Table:
    """
    List the other names that came, went, were renamed or moved to another file.

    Many tests with the same fate are one row that counts them, unless ``every_test``.
    """
    rows: list[Sequence[Cell | str]] = []
    fates = Counter(each.change for each in meaning.names if each.kind == "test")
    counted = {fate: n for fate, n in fates.items() if n > _FEW_TESTS and not every_test}
    for each in meaning.names:
        if each.kind == "test" and each.change in counted:
            continue
        if each.kind == "rule" and each.change not in (NameChange.MOVED,):
            continue
        details = ""
        if each.change is NameChange.RENAMED:
            details = f"was {each.old_name}"
        elif each.change is NameChange.MOVED:
            details = f"from {each.old_file} to {each.new_file}"
        rows.append((each.kind, each.name, each.change.value, details))
    rows += [("test", f"{n} tests", fate.value, "") for fate, n in counted.items()]
    rows += [("axiom", text, "added", "") for text in meaning.axioms_added]
    rows += [("axiom", text, "removed", "") for text in meaning.axioms_removed]
    rows += [("rank", name, "added", "") for name in meaning.ranks.added]
    rows += [("rank", name, "removed", "") for name in meaning.ranks.removed]
    rows += [("rank", new, "renamed", f"was {old}") for old, new in meaning.ranks.renamed.items()]
    if meaning.ranks.reordered:
        rows.append(("rank", ", ".join(meaning.ranks.new), "reordered", "no common order"))
    return Table(
        "names",
        "Names",
        (
            Column("kind", "kind", wrap=Wrap.WORDS),
            Column("name", "name", wrap=Wrap.NAMES),
            Column("change", "change"),
            Column("details", "details", wrap=Wrap.NAMES),
        ),
        rows,
    )


def edit_table(meaning: RuleSetComparison) -> Table:
    """List the edits of words."""
    return Table(
        "edits",
        "Words only",
        (
            Column("kind", "kind", wrap=Wrap.WORDS),
            Column("name", "name", wrap=Wrap.NAMES),
            Column("keys", "edited", wrap=Wrap.WORDS),
            Column("asks_anew", "asks anew"),
        ),
        [(each.kind, each.name, ", ".join(each.keys), each.asks_anew) for each in meaning.edits],
    )
