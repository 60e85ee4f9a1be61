"""The transcripts that a comparison looks at: results, or labelled transcripts as their own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace

from rbrctl.diff.accuracy import compare_accuracy
from rbrctl.diff.answer_table import AnswerTable, Truth, table_of
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.comparison import LABELS, Comparison, stale_answers, unanswered
from rbrctl.diff.pairing import PairedTables
from rbrctl.diff.rulesets import compare_rulesets
from rbrctl.diff.table_file import read_table
from rbrctl.records.files import Source, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.problems import ProblemHandler
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.model import RuleSet

_NOBODY = RuleSetIdentity("none", "0", "")


def read_evidence(
    source: Source, on_problem: ProblemHandler, truth: Truth | None = None
) -> AnswerTable:
    """
    Read a results file, or transcripts whose labels are taken as their answers.

    Raises FileError where it cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        return _read(source, source_name(source), on_problem, truth)
    # What it holds shows on its first line, and a stream can be read but once.
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source, copy)
        return _read(copy, source_name(source), on_problem, truth)


def _read(
    source: Source, name: str, on_problem: ProblemHandler, truth: Truth | None
) -> AnswerTable:
    _rewind(source)
    results = holds_results(source)
    _rewind(source)
    if results:
        return read_table(source, on_problem, truth, name)
    return table_of(labels_as_answers(source, on_problem, name))


def _rewind(source: Source) -> None:
    if not isinstance(source, str | os.PathLike):
        source.seek(0)


def holds_results(source: Source) -> bool:
    """Tell whether the first usable line is a result rather than a transcript."""
    for _, row in read_json_lines(source, lambda problem: None):
        return "answers" in row
    return True


def labels_as_answers(
    source: Source, on_problem: ProblemHandler, name: str | None = None
) -> Iterator[Result]:
    """Give labelled transcripts as if their labels were a grader's certain answers."""
    for transcript in read_transcripts(source, on_problem, name):
        yield Result(
            id=transcript.id,
            content_digest=transcript.content_digest,
            prompt_digest=transcript.prompt_digest,
            answers={
                name: Answer(probability=float(value), source="label")
                for name, value in transcript.labels.items()
            },
            grader=GraderIdentity(LABELS, LABELS),
            ruleset=_NOBODY,
            response_class=transcript.response_class,
            rank_label=transcript.rank_label,
        )


def ungraded(
    source: Source, on_problem: ProblemHandler, grader: GraderIdentity, ruleset: RuleSetIdentity
) -> Iterator[Result]:
    """Give transcripts as results of a grader that has answered nothing yet."""
    for transcript in read_transcripts(source, on_problem):
        yield Result(
            id=transcript.id,
            content_digest=transcript.content_digest,
            prompt_digest=transcript.prompt_digest,
            answers={},
            grader=grader,
            ruleset=ruleset,
            response_class=transcript.response_class,
            labels=transcript.labels,
            rank_label=transcript.rank_label,
        )


def compare_on(
    comparison: Comparison, old: RuleSet, new: RuleSet, tables: PairedTables
) -> Comparison:
    """
    Add to a comparison what it does to transcripts, and to agreement with their labels.

    Raises NothingMatchedError where no row has a class that both sides know, and UndecidedError.
    """
    meaning = comparison.meaning
    corpus = Corpus(
        old,
        new,
        tables,
        meaning.renamed_propositions if meaning else None,
        meaning.renamed_rules if meaning else None,
        meaning.renamed_classes if meaning else None,
        meaning.ranks.renamed if meaning else None,
    )
    return replace(
        comparison,
        corpus=corpus,
        scores=compare_accuracy(corpus),
        stale=stale_answers(meaning, tables.new) if meaning else {},
        unanswered=unanswered(corpus),
        notes=(*comparison.notes, *_notes(corpus, (old, new))),
    )


def _notes(corpus: Corpus, rulesets: tuple[RuleSet, RuleSet]) -> Iterator[str]:
    tables = corpus.tables
    known = {ruleset.digest for ruleset in rulesets} | {_NOBODY.digest}
    strangers = {
        f"{each.name} {each.version}"
        for table in (tables.old, tables.new)
        for each in table.rulesets
        if each.digest not in known
    }
    if strangers:
        yield (
            f"The results were judged by other rules ({', '.join(sorted(strangers))}); their "
            "answers are judged anew by both sides."
        )
    left_out = (
        (tables.only_old, "are on the old side alone"),
        (tables.only_new, "are on the new side alone"),
        (tables.other_content, "have the same id and other content, and are left out"),
        (tables.other_class, "have another response class on the new side, and are left out"),
        (
            tables.rows.bit_count() - corpus.rows.bit_count(),
            "have no response class that both sides know",
        ),
        (
            tables.label_conflicts,
            "have labels on which the sides contradict each other; those labels are left out",
        ),
    )
    for count, what in left_out:
        if count:
            yield f"{count:,} transcripts {what}."


def compare_under(
    old_label: str, new_label: str, ruleset: RuleSet, tables: PairedTables
) -> Comparison:
    """Compare two results under one rule set: which grader, model or prompt agrees better."""
    return compare_on(Comparison(old_label, new_label), ruleset, ruleset, tables)


def compare_meaning(old: RuleSet, new: RuleSet, labels: tuple[str, str]) -> Comparison:
    """Compare two rule sets, before any transcript is looked at."""
    return Comparison(*labels, meaning=compare_rulesets(old, new, labels))
