"""Compare two rule sets, or two results of grading: the calls behind ``rbrctl diff``."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from rbrctl.diff.accuracy import compare_accuracy
from rbrctl.diff.answer_table import AnswerTable, Truth
from rbrctl.diff.comparison import Comparison, stale_answers, unanswered
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.inputs import NO_RULES, holds_results, read_inputs
from rbrctl.diff.pairing import PairedTables, one_table, pair_tables
from rbrctl.diff.regrading import (
    OldResults,
    RegradeSource,
    already_reported,
    grade_transcripts,
    regrade,
)
from rbrctl.diff.revisions import Revision
from rbrctl.diff.rulesets import compare_rulesets
from rbrctl.diff.table_file import read_table
from rbrctl.errors import UsageError
from rbrctl.graders.calibration import Calibration
from rbrctl.grading.classes import CategoryClassResolver
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.models import Answer, GraderIdentity
from rbrctl.records.problems import ProblemHandler, raise_problem
from rbrctl.ruleset.loader import read
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.sources import open_source

Rules = RuleSet | Revision | str
"""A rule set, or where it is: a folder, ``builtin:NAME``, or ``git:REVISION:PATH``."""


def compare(
    old: Rules,
    new: Rules,
    results: DataSource | None = None,
    *,
    calibration: Calibration | None = None,
    regrading: RegradeSource | None = None,
    on_problem: ProblemHandler = raise_problem,
) -> Comparison:
    """
    Compare two rule sets: what they mean, and what the change does to graded transcripts.

    ``results`` is a results file, or transcripts whose labels are used as answers. With
    ``regrading`` a grader is asked: about every transcript where ``results`` has transcripts, else
    only about what the new rules ask differently (``results`` must then be a path). Answers are
    read by ``calibration`` where it is given, else as true from a probability of 0.5 on.
    Lines that cannot be used go to ``on_problem``, which by default raises RecordError.

    Raises RuleSetError and FileError for rules that cannot be loaded, NothingMatchedError where no
    transcript has a response class that both sides know, UndecidedError where the rules are too
    large, and GraderError where the calibration is another grader's.

    Example::

        comparison = compare("builtin:safety", "rules/", "results.jsonl")
        print(comparison.meaning.relation, comparison.corpus.moved.bit_count())
    """
    before, after = _revision(old), _revision(new)
    labels = (before.label, after.label)
    meaning = compare_rulesets(before.ruleset, after.ruleset, labels)
    comparison = Comparison(*labels, meaning=meaning)
    if results is None:
        return comparison
    comparison = replace(comparison, corpus_label=source_name(results))
    sides = _Sides(comparison, before.ruleset, after.ruleset, calibration, on_problem)
    if regrading is None:
        return sides.on(results)
    if not isinstance(results, str | os.PathLike):
        raise UsageError("results that are graded again are read twice: give them as a file")
    if holds_results(results):
        return sides.on_regraded(results, regrading)
    with tempfile.TemporaryDirectory() as folder:
        graded = Path(folder) / "results.jsonl"
        grade_transcripts(regrading, results, graded, before.ruleset, on_problem)
        sides.on_problem = already_reported
        return sides.on_regraded(graded, replace(regrading, transcripts=results))


def compare_results(
    old: DataSource, new: DataSource, rules: Rules, on_problem: ProblemHandler = raise_problem
) -> Comparison:
    """
    Compare two results under one rule set: which grader, model or prompt agrees better with labels.

    Raises NothingMatchedError where the results have no transcript in common.
    """
    ruleset = _revision(rules).ruleset
    old_table = read_table(old, on_problem)
    new_table = read_table(new, on_problem, beside=old_table)
    comparison = Comparison(source_name(old), source_name(new))
    return _compared_on(comparison, ruleset, ruleset, pair_tables(old_table, new_table))


def _revision(rules: Rules) -> Revision:
    if isinstance(rules, Revision):
        return rules
    if isinstance(rules, RuleSet):
        return Revision(f"{rules.name} {rules.version}", rules, {})
    return Revision.of(read(open_source(rules)))


class _Sides:
    """Two rule sets, and how the transcripts that they are applied to are read."""

    def __init__(
        self,
        comparison: Comparison,
        old: RuleSet,
        new: RuleSet,
        calibration: Calibration | None,
        on_problem: ProblemHandler,
    ) -> None:
        self.comparison = comparison
        self.old = old
        self.new = new
        self.calibration = calibration
        self.truth = None if calibration is None else _truth_of(calibration)
        self.on_problem = on_problem

    def on(self, results: DataSource) -> Comparison:
        """Compare on results, or on transcripts with their labels as answers."""
        table = self._read(results)
        self._check(table.graders)
        return _compared_on(self.comparison, self.old, self.new, one_table(table))

    def on_regraded(self, results: str | os.PathLike[str], regrading: RegradeSource) -> Comparison:
        """Compare the answers of a results file with new answers where the new rules need them."""
        if regrading.transcripts is None:
            raise UsageError("--grader needs the texts: give --transcripts FILE")
        table = self._read(results)
        self._check(table.graders)
        renamed = self.comparison.meaning.renamed_propositions if self.comparison.meaning else {}
        before = OldResults(os.fspath(results), table, self.truth)
        regraded = regrade(regrading, before, self.new, renamed, self.on_problem)
        tables = pair_tables(table, regraded.table)
        compared = _compared_on(self.comparison, self.old, self.new, tables)
        return replace(
            compared,
            stale=regraded.stale,
            regraded=regraded.asked,
            grader_notes=tuple(regraded.notes),
        )

    def _read(self, results: DataSource) -> AnswerTable:
        resolver = CategoryClassResolver(self.old)
        return read_inputs(results, self.on_problem, self.truth, resolver)

    def _check(self, graders: Iterable[GraderIdentity]) -> None:
        if self.calibration is not None:
            for identity in graders:
                self.calibration.check(identity)


def _truth_of(calibration: Calibration) -> Truth:
    return lambda name, p: bool(calibration.truth(name, Answer(probability=p)))


def _compared_on(
    comparison: Comparison, old: RuleSet, new: RuleSet, tables: PairedTables
) -> Comparison:
    """
    Return the comparison with what it does to transcripts and to agreement with their labels.

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


def _note_on_labels(corpus: Corpus) -> Iterator[str]:
    """Yield a note on what labels cannot show: each side ranks them by its own rules."""
    tables = corpus.tables
    if corpus.old.ruleset.digest == corpus.new.ruleset.digest or not tables.labels.true:
        return
    ranked = 0
    for rows in tables.rank_labels.values():
        ranked |= rows & corpus.rows
    if ranked == corpus.rows:
        return
    yield (
        "Labels of propositions are ranked by each version's own rules, so that they cannot object "
        "to a change of policy; only a 'rank_label' can, and "
        f"{ranked.bit_count():,} of {corpus.rows.bit_count():,} transcripts have one."
    )


def _notes(corpus: Corpus, rulesets: tuple[RuleSet, RuleSet]) -> Iterator[str]:
    yield from _note_on_labels(corpus)
    tables = corpus.tables
    known = {NO_RULES.digest}
    for ruleset in rulesets:
        known |= {ruleset.digest, ruleset.legacy_digest}
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
