"""Graded texts for ``reward export``: results joined with transcripts, ranked and rewarded."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rbrctl.cli.inputs import STANDARD_INPUT, data_source
from rbrctl.cli.output import Output
from rbrctl.cli.reward_model import RewardModelOptions, say_scores, score_with
from rbrctl.cli.scores import first_problem
from rbrctl.errors import UsageError
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.exporting import Ranked
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.rewards.pairs.candidates import OrderBy
    from rbrctl.rewards.weights import Weights

ByClass = dict[str | None, Result]


@dataclass(frozen=True, slots=True)
class GradedTranscript:
    """A text and what the grader said of it under one response class."""

    transcript: Transcript
    """With the result's response class, and a reward model's score where either has one."""
    result: Result


@dataclass(frozen=True, slots=True)
class RankedTexts:
    """What can be exported."""

    ranked: list[Ranked]
    missing: int
    """Results without a transcript, and completions that a reward model did not score."""


def ranked_texts(
    output: Output,
    judge: Judge,
    results: str,
    transcripts: str,
    order: "OrderBy",
    weights: "Weights | None",
    reward_model: RewardModelOptions,
    problems: ProblemLog,
) -> RankedTexts:
    """
    Join a file of results with one of texts by content, and rank each as ``order`` says.

    Where there are weights each has a reward, too. Says on stderr what has no partner. Raises
    UsageError, FileError, RecordError, and GraderError for a reward model that is no use.
    """
    from rbrctl.rewards.pairs.candidates import SkipCounts, label_of

    settings = reward_model.settings(output)
    by_content = _results(judge, results, problems)
    joined = list(_join(output, by_content, transcripts, problems))
    texts = {each.transcript.content_digest for each in joined}
    missing = len(by_content.keys() - texts)
    if missing:
        them = counted(missing, "result has", "results have")
        output.warn(f"{them} no transcript: left out of the export")
    if settings is not None:
        left_out = SkipCounts()
        found = score_with(output, settings, [each.transcript for each in joined], left_out)
        scored = {(each.content_digest, each.response_class): each for each in found}
        joined = [
            replace(each, transcript=scored[key])
            for each in joined
            if (key := (each.transcript.content_digest, each.transcript.response_class)) in scored
        ]
        missing += left_out.total
    ranks = judge.ruleset.ranks
    labels = [label_of(each.result, judge, order) for each in joined]
    rewards = _rewards(output, judge, joined, weights)
    return RankedTexts(
        [
            Ranked(each.transcript, ranks.index(label) if label in ranks else None, reward)
            for each, label, reward in zip(joined, labels, rewards, strict=True)
        ],
        missing,
    )


def _results(judge: Judge, path: str, problems: ProblemLog) -> dict[str, ByClass]:
    """Read results by their content and class. Raises UsageError where there are none."""
    from rbrctl.records.results import read_results

    name = "<stdin>" if path == STANDARD_INPUT else path
    by_content: dict[str, ByClass] = {}
    for result in read_results(data_source(path), problems):
        if result.ruleset.digest != judge.ruleset.digest:
            raise UsageError(
                f"{name}: judged by another rule set; name it with --rules, or score it again"
            )
        by_content.setdefault(result.content_digest, {})[result.response_class] = result
    if not by_content:
        _refuse_transcripts(path)
        raise UsageError(
            f"{name}: no results in it; they are made by rbrctl grade -o{first_problem(problems)}"
        )
    return by_content


def _refuse_transcripts(path: str) -> None:
    """Raise UsageError where a file without results is one of transcripts."""
    from rbrctl.records.json_lines import read_json_lines
    from rbrctl.rewards.pairs.inputs import InputKind, kind_of_row

    if path == STANDARD_INPUT:
        return
    first = next(read_json_lines(path, lambda problem: None), None)
    if first is not None and kind_of_row(first[1]) is not InputKind.RESULTS:
        raise UsageError(
            f"{path}: this is a file of {kind_of_row(first[1])}: grade it first (rbrctl grade -o), "
            "or give results"
        )


def _join(
    output: Output, by_content: Mapping[str, ByClass], path: str, problems: ProblemLog
) -> Iterator[GradedTranscript]:
    from rbrctl.records.transcripts import read_transcripts
    from rbrctl.rewards.pairs.candidates import RM_SCORE

    unknown = 0
    seen: set[str] = set()
    for transcript in read_transcripts(data_source(path), problems):
        digest = transcript.content_digest
        if digest not in by_content:
            unknown += 1
        elif digest not in seen:
            seen.add(digest)
            for result in by_content[digest].values():
                score = result.extra.get(RM_SCORE, transcript.extra.get(RM_SCORE))
                extra = {**transcript.extra, RM_SCORE: score}
                yield GradedTranscript(
                    replace(transcript, response_class=result.response_class, extra=extra), result
                )
    if unknown:
        them = counted(unknown, "transcript has", "transcripts have")
        output.talk(f"{them} no result: left out of the export")


def _rewards(
    output: Output, judge: Judge, joined: Iterable[GradedTranscript], weights: "Weights | None"
) -> list[float | None]:
    from rbrctl.rewards.function import RewardFunction, total_of
    from rbrctl.rewards.pairs.candidates import RM_SCORE, known_probabilities, read_rm_score

    joined = list(joined)
    if weights is None:
        return [None] * len(joined)
    function = RewardFunction(judge, weights)
    scored = sum(each.transcript.extra[RM_SCORE] is not None for each in joined)
    say_scores(output, scored, len(joined), weights)
    rewards: list[float | None] = []
    for each in joined:
        name = each.result.response_class
        if name not in function.response_classes:
            rewards.append(None)
            continue
        score = read_rm_score(each.transcript.extra)
        known = known_probabilities(each.result)
        rewards.append(total_of(function.reward(name, known, score)))
    return rewards
