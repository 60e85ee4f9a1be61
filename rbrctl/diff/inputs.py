"""The rows that a comparison looks at: results, or transcripts with labels as their answers."""

import os
import shutil
import tempfile
from collections.abc import Iterator

from rbrctl.diff.answer_table import AnswerTable, Truth, table_of
from rbrctl.diff.table_file import read_table
from rbrctl.grading.classes import CategoryClassResolver
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.problems import ProblemHandler
from rbrctl.records.transcripts import read_transcripts

LABELS = "labels"
"""The kind of grader where a person's labels are used as answers: nobody is asked anything."""

NO_RULES = RuleSetIdentity("none", "0", "")
"""The rule set of results that nobody judged."""


def read_inputs(
    source: DataSource,
    on_problem: ProblemHandler,
    truth: Truth | None = None,
    resolver: CategoryClassResolver | None = None,
) -> AnswerTable:
    """
    Read a results file, or transcripts with their labels as answers.

    ``resolver`` finds the response class of transcripts that have a category only.
    Raises FileError where it cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        return _read(source, source_name(source), on_problem, truth, resolver)
    # The first line shows what a stream holds, and a stream can be read only once.
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source, copy)
        return _read(copy, source_name(source), on_problem, truth, resolver)


def _read(
    source: DataSource,
    name: str,
    on_problem: ProblemHandler,
    truth: Truth | None,
    resolver: CategoryClassResolver | None,
) -> AnswerTable:
    _rewind(source)
    results = holds_results(source)
    _rewind(source)
    if results:
        return read_table(source, on_problem, truth, name)
    return table_of(labels_as_answers(source, on_problem, name, resolver))


def _rewind(source: DataSource) -> None:
    if not isinstance(source, str | os.PathLike):
        source.seek(0)


def holds_results(source: DataSource) -> bool:
    """Return True where the first usable line is a result, False where it is a transcript."""
    for _, row in read_json_lines(source, lambda problem: None):
        return "answers" in row
    return True


def labels_as_answers(
    source: DataSource,
    on_problem: ProblemHandler,
    name: str | None = None,
    resolver: CategoryClassResolver | None = None,
) -> Iterator[Result]:
    """Yield labelled transcripts as results, with the labels as certain answers."""
    for row in read_transcripts(source, on_problem, name):
        transcript = row if resolver is None else resolver.resolve(row)
        yield Result(
            id=transcript.id,
            content_digest=transcript.content_digest,
            prompt_digest=transcript.prompt_digest,
            answers={
                name: Answer(probability=float(value), source="label")
                for name, value in transcript.labels.items()
            },
            grader=GraderIdentity(LABELS, LABELS),
            ruleset=NO_RULES,
            response_class=transcript.response_class,
            rank_label=transcript.rank_label,
            category=transcript.category,
        )
