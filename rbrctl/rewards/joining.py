"""
Join results with the texts that were graded, and rank them.

A results file holds no text, so training data is made from two files: the results of ``rbrctl
grade -o`` and the transcripts that were graded, joined on their content::

    joined = join_results("results.jsonl", "transcripts.jsonl", ruleset)
    ranked = rank_transcripts(joined.graded, Judge(ruleset), weights=read_weights("weights.yaml"))
    rows = list(export_rows(ranked, ExportForm.PREFERENCES))
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike

from rbrctl.errors import UsageError
from rbrctl.grading.classes import CategoryClassResolver
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.results import read_results
from rbrctl.records.transcripts import read_transcripts
from rbrctl.rewards.exporting import Ranked
from rbrctl.rewards.function import RewardFunction, total_of
from rbrctl.rewards.pairs.candidates import (
    RM_SCORE,
    OrderBy,
    RankSource,
    known_probabilities,
    label_of,
    read_rm_score,
)
from rbrctl.rewards.pairs.inputs import InputKind, kind_of_row
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

_ByClass = dict[str | None, Result]


@dataclass(frozen=True, slots=True)
class GradedTranscript:
    """A transcript with its result under one response class."""

    transcript: Transcript
    """With the response class of the result, and the reward model's score if either has one."""
    result: Result


@dataclass(frozen=True, slots=True)
class JoinedResults:
    """The pairs of transcript and result, and how many of either have no partner."""

    graded: Sequence[GradedTranscript]
    results_without_transcript: int = 0
    transcripts_without_result: int = 0


def join_results(
    results: DataSource,
    transcripts: DataSource,
    ruleset: RuleSet,
    problems: ProblemLog | None = None,
) -> JoinedResults:
    """
    Return the transcripts with their results, joined on their content.

    A transcript that was graded under several response classes is returned once for each. A result
    without a response class gets the one that the policy gives its category. ``problems`` collects
    the lines that cannot be read; without it, such a line raises RecordError. Raises FileError, and
    UsageError if there are no results or if they were judged by other rules.
    """
    by_content = _read_results(results, ruleset, problems)
    graded: list[GradedTranscript] = []
    seen: set[str] = set()
    unknown = 0
    for transcript in read_transcripts(
        transcripts, raise_problem if problems is None else problems
    ):
        digest = transcript.content_digest
        if digest not in by_content:
            unknown += 1
        elif digest not in seen:
            seen.add(digest)
            graded += [_graded(transcript, each) for each in by_content[digest].values()]
    return JoinedResults(graded, len(by_content.keys() - seen), unknown)


def rank_transcripts(
    graded: Iterable[GradedTranscript],
    judge: Judge,
    order: OrderBy = RankSource.RANK,
    weights: Weights | None = None,
) -> list[Ranked]:
    """
    Return the transcripts with their rank and, if weights are given, with their reward.

    ``order`` says where the rank comes from. A reward is None if the weights do not cover the
    response class or an answer that they need is unknown. Raises UsageError if the weights are for
    other rules, and RecordError for a reward model's score that is not a number.
    """
    ranks = judge.ruleset.ranks
    function = None if weights is None else RewardFunction(judge, weights)
    ranked: list[Ranked] = []
    for each in graded:
        label = label_of(each.result, judge, order)
        rank = ranks.index(label) if label in ranks else None
        reward = None if function is None else _reward(function, each)
        ranked.append(Ranked(each.transcript, rank, reward))
    return ranked


def _graded(transcript: Transcript, result: Result) -> GradedTranscript:
    score = result.extra.get(RM_SCORE, transcript.extra.get(RM_SCORE))
    extra = {**transcript.extra, RM_SCORE: score}
    return GradedTranscript(
        replace(transcript, response_class=result.response_class, extra=extra), result
    )


def _reward(function: RewardFunction, graded: GradedTranscript) -> float | None:
    name = graded.result.response_class
    if name not in function.response_classes:
        return None
    score = read_rm_score(graded.transcript.extra)
    return total_of(function.reward(name, known_probabilities(graded.result), score))


def _read_results(
    source: DataSource, ruleset: RuleSet, problems: ProblemLog | None
) -> Mapping[str, _ByClass]:
    """Return the results by content and response class. Raise UsageError if there are none."""
    name = source_name(source)
    resolver = CategoryClassResolver(ruleset)
    by_content: dict[str, _ByClass] = {}
    for result in read_results(source, raise_problem if problems is None else problems):
        if not ruleset.has_digest(result.ruleset.digest):
            raise UsageError(
                f"{name}: judged by another rule set; name it with --rules, or score it again"
            )
        if result.response_class is None:
            result = replace(result, response_class=resolver.class_of(result.category))
        by_content.setdefault(result.content_digest, {})[result.response_class] = result
    if not by_content:
        _refuse_other_kinds(source)
        told = problems.summary if problems is not None else ""
        raise UsageError(f"{name}: no results in it; they are made by rbrctl grade -o{told}")
    return by_content


def _refuse_other_kinds(source: DataSource) -> None:
    """Raise UsageError if a file without results is one of transcripts or preferences."""
    if not isinstance(source, str | PathLike):
        return
    first = next(read_json_lines(source, lambda problem: None), None)
    if first is not None and kind_of_row(first[1]) is not InputKind.RESULTS:
        raise UsageError(
            f"{source}: this is a file of {kind_of_row(first[1])}: grade it first (rbrctl grade "
            "-o), or give results"
        )
