"""All that a comparison found, for a report to draw and for gates to be held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.diff.accuracy import PairedScore
from rbrctl.diff.answer_table import AnswerTable
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.edits import ASKED
from rbrctl.diff.rulesets import RuleSetComparison

LABELS = "labels"
"""The kind of grader where a person's labels stand in for answers: nobody is asked anything."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rule sets, or two results, compared."""

    old_label: str
    """What the user calls the old side: a folder, a revision, a results file."""
    new_label: str
    meaning: RuleSetComparison | None = None
    """None for two results under one rule set."""
    corpus: Corpus | None = None
    """None where there are no transcripts to look at."""
    corpus_label: str | None = None
    scores: tuple[PairedScore, ...] = ()
    """Empty where no labels decide anything."""
    stale: Mapping[str, int] = field(default_factory=dict)
    """For each proposition that is asked otherwise now, how many answers are to the old one."""
    unanswered: Mapping[str, int] = field(default_factory=dict)
    """For each proposition that the new rules need, how many transcripts have no answer to it."""
    regraded: int = 0
    """How many transcripts were asked again for this comparison."""
    bad_lines: int = 0
    notes: tuple[str, ...] = ()
    """What a reader must know of the rows: results of another rule set, rows left out."""

    @property
    def incomplete(self) -> bool:
        """True where some lines could not be used."""
        return self.bad_lines > 0

    @property
    def labels_are_answers(self) -> bool:
        """True where nobody answered: transcripts whose labels stand in for answers."""
        if self.corpus is None:
            return False
        graders = (*self.corpus.tables.old.graders, *self.corpus.tables.new.graders)
        return bool(graders) and all(grader.kind == LABELS for grader in graders)


def stale_answers(meaning: RuleSetComparison, table: AnswerTable) -> dict[str, int]:
    """
    Count the answers that were given to a question which the new rules put otherwise.

    An endpoint is given a proposition's statement, question and examples within the rule set's own
    template; the embedded grader its cues alone.
    """
    kinds = {grader.kind for grader in table.graders} - {LABELS}
    watched = {
        *(ASKED if kinds - {"embedded"} else ()),
        *(("cues",) if "embedded" in kinds else ()),
    }
    back = {new: old for old, new in meaning.renamed_propositions.items()}
    template_changed = any(edit.kind == "grader" for edit in meaning.edits)
    if template_changed and kinds - {"embedded"}:
        return {name: counts.total() for name, counts in table.digests.items()}
    stale: dict[str, int] = {}
    for edit in meaning.edits:
        if edit.kind == "proposition" and watched & set(edit.keys):
            counts = table.digests.get(back.get(edit.name, edit.name))
            if counts:
                stale[edit.name] = counts.total()
    return stale


def unanswered(corpus: Corpus) -> dict[str, int]:
    """Count for each proposition that the new rules need the transcripts without an answer."""
    found: dict[str, int] = {}
    for response_class, names in corpus.new.needs.items():
        rows = corpus.new.classes.get(response_class, 0) & corpus.rows
        for name in names:
            answered = corpus.new.columns.true.get(name, 0) | corpus.new.columns.false.get(name, 0)
            if missing := (rows & ~answered).bit_count():
                found[name] = found.get(name, 0) + missing
    return found
