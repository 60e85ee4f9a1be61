"""The result of a comparison, for reports and gates."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.diff.acceptances import Acceptance
from rbrctl.diff.accuracy import PairedScore
from rbrctl.diff.answer_table import AnswerTable
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.edits import ASKED
from rbrctl.diff.inputs import LABELS
from rbrctl.diff.rulesets import RuleSetComparison
from rbrctl.graders.interface import GraderNote
from rbrctl.graders.registry import find_kind, grader_kinds


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison of two rule sets, or of two results, found."""

    old_label: str
    """What the user calls the old side: a folder, a revision, a results file."""
    new_label: str
    meaning: RuleSetComparison | None = None
    """None for two results under one rule set."""
    corpus: Corpus | None = None
    """None where the comparison looked at no transcripts."""
    corpus_label: str | None = None
    scores: tuple[PairedScore, ...] = ()
    """Empty where the labels decide no rule and no rank."""
    stale: Mapping[str, int] = field(default_factory=dict)
    """For each proposition whose question changed, the number of answers to the old question."""
    unanswered: Mapping[str, int] = field(default_factory=dict)
    """For each proposition that the new rules need, the number of transcripts without an answer."""
    regraded: int = 0
    """The number of transcripts that were graded again for this comparison."""
    grader_notes: tuple[GraderNote, ...] = ()
    """What the grader that was asked has to say after its run."""
    bad_lines: int = 0
    """The number of lines that could not be used; the caller counts them."""
    accepted: tuple[Acceptance, ...] = ()
    """The reviewed changes that close no gate."""
    fresh_acceptances: tuple[Acceptance, ...] = ()
    """Those that came with the change and do not count."""
    notes: tuple[str, ...] = ()
    """What a reader must know about the rows: results of another rule set, rows left out."""

    @property
    def incomplete(self) -> bool:
        """True if some lines could not be used."""
        return self.bad_lines > 0

    @property
    def labels_are_answers(self) -> bool:
        """True if no grader was asked: the labels of the transcripts are used as answers."""
        if self.corpus is None:
            return False
        graders = (*self.corpus.tables.old.graders, *self.corpus.tables.new.graders)
        return bool(graders) and all(grader.kind == LABELS for grader in graders)


def stale_answers(meaning: RuleSetComparison, table: AnswerTable) -> dict[str, int]:
    """
    Return for each proposition the number of answers to a question that has changed since.

    A kind of grader says which keys of a proposition its answers depend on: an endpoint sees the
    statement, the question and the examples in the rule set's template, the embedded grader only
    the cues. A kind that is not known here may see them all.
    """
    kinds = {grader.kind for grader in table.graders} - {LABELS}
    watched = {key for kind in kinds for key in _keys_seen_by(kind)}
    back = {new: old for old, new in meaning.renamed_propositions.items()}
    template_changed = any(edit.kind == "grader" for edit in meaning.edits)
    if template_changed and "question" in watched:
        return {name: counts.total() for name, counts in table.digests.items()}
    stale: dict[str, int] = {}
    for edit in meaning.edits:
        if edit.kind == "proposition" and watched & set(edit.keys):
            counts = table.digests.get(back.get(edit.name, edit.name))
            if counts:
                stale[edit.name] = counts.total()
    return stale


def _keys_seen_by(kind: str) -> frozenset[str]:
    return find_kind(kind).sees if kind in grader_kinds() else frozenset({*ASKED, "cues"})


def unanswered(corpus: Corpus) -> dict[str, int]:
    """Return for each proposition that the new rules need the transcripts without an answer."""
    found: dict[str, int] = {}
    for response_class, names in corpus.new.needs.items():
        rows = corpus.new.classes.get(response_class, 0) & corpus.rows
        for name in names:
            answered = corpus.new.columns.true.get(name, 0) | corpus.new.columns.false.get(name, 0)
            if missing := (rows & ~answered).bit_count():
                found[name] = found.get(name, 0) + missing
    return found
