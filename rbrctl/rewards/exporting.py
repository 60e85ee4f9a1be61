"""Ranked transcripts as training data for other trainers' formats."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rbrctl.records.messages import messages_to_json
from rbrctl.records.models import Transcript
from rbrctl.rewards.function import TIE

Row = dict[str, Any]


class ExportForm(StrEnum):
    """What an export is for."""

    PREFERENCES = "preferences"
    """``prompt``, ``chosen``, ``rejected``: DPO and reward models in TRL and others."""
    UNPAIRED = "unpaired"
    """``prompt``, ``completion``, ``label``: KTO."""
    OPENAI_DPO = "openai-dpo"
    """``input``, ``preferred_output``, ``non_preferred_output``: OpenAI's preference tuning."""
    BEST = "best"
    """Best-of-n: for each prompt the completion of the highest reward."""
    SFT = "sft"
    """Rejection sampling: ``messages`` of the best completion, where its rank is the best."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A transcript with what it earned under its response class."""

    transcript: Transcript
    rank: int | None
    """Position among the ranks, 0 the best; None where it is undetermined."""
    reward: float | None = None


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Which pairs to make."""

    by_reward: bool = False
    """Order by reward; else by rank."""
    margin: float = 0.0
    """By how much the chosen one's reward must be higher, where rewards order; more than a tie."""
    all_pairs: bool = False
    """Every ordered pair of a prompt; else the best completion against each worse one."""


def export_rows(
    ranked: Iterable[Ranked], form: ExportForm, options: ExportOptions | None = None
) -> Iterator[Row]:
    """
    Yield the rows of an export, prompt by prompt in order of appearance.

    A prompt that stands under two response classes is two: what is right for one may be wrong for
    the other. Completions without the rank or reward that the form needs are passed over.
    """
    options = options or ExportOptions()
    groups: dict[tuple[str, str | None], list[Ranked]] = {}
    for each in ranked:
        key = (each.transcript.prompt_digest, each.transcript.response_class)
        groups.setdefault(key, []).append(each)
    for group in groups.values():
        yield from _rows_of(group, form, options)


def _rows_of(group: Sequence[Ranked], form: ExportForm, options: ExportOptions) -> Iterator[Row]:
    match form:
        case ExportForm.PREFERENCES | ExportForm.OPENAI_DPO:
            for better, worse in ordered_pairs(group, options):
                yield (_preference if form is ExportForm.PREFERENCES else _dpo)(better, worse)
        case ExportForm.UNPAIRED:
            for each in group:
                if each.rank is not None:
                    yield _conversation(each) | {"label": each.rank == 0}
        case ExportForm.BEST:
            best = best_of(group)
            if best is not None:
                yield _conversation(best) | {"reward": best.reward}
        case ExportForm.SFT:
            best = best_of([each for each in group if each.rank == 0], by_reward=False)
            if best is not None:
                messages = (*best.transcript.prompt, *best.transcript.completion)
                yield {"messages": messages_to_json(messages)}


def best_of(group: Sequence[Ranked], by_reward: bool = True) -> Ranked | None:
    """Choose the completion of the highest reward; the first of equals, None without any."""
    scored = [each for each in group if each.reward is not None] if by_reward else list(group)
    return max(scored, key=_reward_first, default=None)


def _reward_first(each: Ranked) -> float:
    return float("-inf") if each.reward is None else each.reward


def ordered_pairs(
    group: Sequence[Ranked], options: ExportOptions
) -> Iterator[tuple[Ranked, Ranked]]:
    """
    Yield pairs of one prompt's completions, the better first.

    Completions with the same text make no pair.
    """
    known = [each for each in group if _place(each, options) is not None]
    for better in known:
        if not options.all_pairs and any(_beats(other, better, options) for other in known):
            continue
        for worse in known:
            same = better.transcript.content_digest == worse.transcript.content_digest
            if _beats(better, worse, options) and not same:
                yield better, worse


def _place(each: Ranked, options: ExportOptions) -> float | None:
    """Give what orders a completion, the higher the better."""
    if options.by_reward:
        return each.reward
    return None if each.rank is None else -float(each.rank)


def _beats(first: Ranked, second: Ranked, options: ExportOptions) -> bool:
    higher, lower = _place(first, options), _place(second, options)
    if higher is None or lower is None:
        return False
    return higher - lower >= max(TIE, options.margin if options.by_reward else 0.0)


def _conversation(each: Ranked) -> Row:
    return {
        "prompt": messages_to_json(each.transcript.prompt),
        "completion": messages_to_json(each.transcript.completion),
    }


def _preference(better: Ranked, worse: Ranked) -> Row:
    return {
        "prompt": messages_to_json(better.transcript.prompt),
        "chosen": messages_to_json(better.transcript.completion),
        "rejected": messages_to_json(worse.transcript.completion),
    }


def _dpo(better: Ranked, worse: Ranked) -> Row:
    return {
        "input": {"messages": messages_to_json(better.transcript.prompt)},
        "preferred_output": messages_to_json(better.transcript.completion),
        "non_preferred_output": messages_to_json(worse.transcript.completion),
    }
