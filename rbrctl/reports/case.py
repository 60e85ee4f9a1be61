"""One graded case as tables: its rank, its rules, its answers."""

from rbrctl.grading.judging import AnswerDecoder
from rbrctl.records.models import Result
from rbrctl.reports.tables import Cell, Column, Table, Value, Wrap
from rbrctl.reports.terminal import Tone
from rbrctl.ruleset.model import RuleSet
from rbrctl.states import RuleState

_TONES = {
    RuleState.BROKEN: Tone.BAD,
    RuleState.HELD: Tone.GOOD,
    RuleState.UNDETERMINED: Tone.WARNING,
}


def case_tables(ruleset: RuleSet, decoder: AnswerDecoder, result: Result) -> list[Table]:
    """Return the tables of one result; those of rank and rules only if it was judged."""
    tables = [_ranks(ruleset, result), _rules(ruleset, result), _answers(decoder, result)]
    return [table for table in tables if table.rows]


def _ranks(ruleset: RuleSet, result: Result) -> Table:
    probabilities = result.rank_probabilities or {}
    rows = [
        [Cell(rank, Tone.GOOD if rank == result.rank else None), probabilities.get(rank)]
        for rank in ruleset.ranks
        if result.response_class is not None
    ]
    rank = result.rank or "undetermined"
    columns = [Column("rank", "rank"), Column("p", "P(rank)", numeric=True)]
    return Table("ranks", f"Rank as {result.response_class}: {rank}", columns, rows)


def _rules(ruleset: RuleSet, result: Result) -> Table:
    columns = [
        Column("rule", "rule", wrap=Wrap.NAMES),
        Column("state", "state"),
        Column("otherwise", "otherwise", wrap=Wrap.NAMES),
    ]
    rows: list[list[Cell | Value]] = [
        [rule, Cell(state.value, _TONES[state]), ruleset.rules[rule].otherwise]
        for rule, state in result.rules.items()
        if state is not RuleState.HELD
    ]
    kept = sum(state is RuleState.HELD for state in result.rules.values())
    return Table("rules", "Rules that are not kept", columns, rows, [f"{kept} rules are kept."])


def _answers(decoder: AnswerDecoder, result: Result) -> Table:
    columns = [
        Column("proposition", "proposition", wrap=Wrap.NAMES),
        Column("true", "true"),
        Column("p", "P(true)", numeric=True),
        Column("source", "source", wrap=Wrap.WORDS),
    ]
    rows: list[list[Cell | Value]] = [
        [
            name,
            decoder.truth(name, answer),
            decoder.probability(name, answer),
            answer.source if answer.error is None else f"failed: {answer.error}",
        ]
        for name, answer in result.answers.items()
    ]
    return Table("answers", "Answers", columns, rows)
