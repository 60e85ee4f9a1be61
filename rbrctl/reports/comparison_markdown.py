"""A comparison as a pull request's comment: the verdict first, the tables folded, within a size."""

from collections.abc import Sequence

from rbrctl.diff.comparison import Comparison
from rbrctl.diff.gates import Gate, GateFailure
from rbrctl.diff.meaning import ClassComparison, Relation
from rbrctl.reports.comparison_summary import (
    corpus_tables,
    is_plain_pass,
    meaning_tables,
    remarks,
    verdict_line,
)
from rbrctl.reports.markdown import MarkdownTables, folded, markdown_code, markdown_text
from rbrctl.reports.tables import WIDE_ONLY, Table

_SHOWN_MOVES = 50
_FEWER_MOVES = 10
_SENTENCES = {
    Relation.STRICTER: "is **stricter**",
    Relation.LAXER: "is **laxer**",
    Relation.NEITHER: "is **neither stricter nor laxer**",
    Relation.UNDECIDED: "is **undecided**",
}


def comparison_comment(
    comparison: Comparison,
    gates: Sequence[Gate],
    failed: Sequence[GateFailure],
    limit: int,
) -> str:
    """
    Return a comparison in GitHub's Markdown, of at most ``limit`` characters.

    One that would be too long lists fewer transcripts and then fewer tables.
    """
    head = _head(comparison, gates, failed)
    tables = [*meaning_tables(comparison), *corpus_tables(comparison, _SHOWN_MOVES)]
    text = _joined(head, tables)
    if len(text) > limit:
        tables = [*meaning_tables(comparison), *corpus_tables(comparison, _FEWER_MOVES)]
        text = _joined(head, tables)
    while len(text) > limit and tables:
        longest = max(tables, key=lambda table: len(_folded(table)))
        tables.remove(longest)
        head = [*head, f"The table '{markdown_text(longest.title)}' did not fit here."]
        text = _joined(head, tables)
    return text if len(text) <= limit else text[:limit].rsplit("\n", 1)[0]


def _head(
    comparison: Comparison, gates: Sequence[Gate], failed: Sequence[GateFailure]
) -> list[str]:
    mark = "❌" if failed else "✅" if is_plain_pass(comparison, gates) else "⚠️"
    lines = [f"### {mark} rbrctl diff {markdown_text(verdict_line(comparison, gates, failed))}"]
    reasons = [
        f"- **{markdown_text(str(failure.gate))}**: {markdown_text(failure.message)}"
        for failure in failed[:20]
    ]
    if len(failed) > len(reasons):
        reasons.append(f"- and {len(failed) - len(reasons)} more")
    if reasons:
        lines.append("\n".join(reasons))
    lines += _sentences(comparison)
    lines += [f"> {markdown_text(line)}" for line in remarks(comparison)]
    sides = f"{markdown_code(comparison.old_label)} → {markdown_code(comparison.new_label)}"
    if comparison.corpus_label is not None:
        sides += f" on {markdown_code(comparison.corpus_label)}"
    return [*lines, sides]


def _sentences(comparison: Comparison) -> list[str]:
    """Return for each class that differs what the smallest example shows."""
    if comparison.meaning is None:
        return []
    lines = [
        f"- {markdown_code(each.response_class)} {_SENTENCES[each.relation]}{_example(each)}"
        for each in comparison.meaning.classes
        if each.relation in _SENTENCES
    ]
    return ["\n".join(lines)] if lines else []


def _example(each: ClassComparison) -> str:
    example = each.laxer or each.stricter
    if example is None:
        return f": {markdown_text(each.note)}" if each.note else ""
    true = " + ".join(map(markdown_code, example.true)) or "nothing"
    return (
        f": with {true} true and all else false, it was {markdown_code(example.old_rank)} and "
        f"is now {markdown_code(example.new_rank)}"
    )


def _folded(table: Table) -> str:
    """Return a table folded under its title, without the columns that only a program reads."""
    kept = [n for n, column in enumerate(table.columns) if column.priority < WIDE_ONLY]
    untitled = Table(
        table.key,
        "",
        [table.columns[number] for number in kept],
        [[row[number] for number in kept] for row in table.rows],
        table.notes,
    )
    count = len(table.rows)
    return folded(f"{table.title} ({count})", MarkdownTables().render([untitled]))


def _joined(head: list[str], tables: Sequence[Table]) -> str:
    return "\n\n".join([*head, *map(_folded, tables)])
