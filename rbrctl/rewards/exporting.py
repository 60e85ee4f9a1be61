"""Training data made from ranked transcripts, in the formats of trainers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rbrctl.records.messages import messages_to_json
from rbrctl.records.models import Transcript
from rbrctl.rewards.function import TIE

Row = dict[str, Any]


class ExportForm(StrEnum):
    """The format of an export."""

    PREFERENCES = "preferences"
    """``prompt``, ``chosen``, ``rejected``: DPO and reward models in TRL and others."""
    UNPAIRED = "unpaired"
    """``prompt``, ``completion``, ``label``: KTO."""
    OPENAI_DPO = "openai-dpo"
    """``input``, ``preferred_output``, ``non_preferred_output``: OpenAI's preference tuning."""
    BEST = "best"
    """Best of n: for each prompt the completion with the highest reward."""
    SFT = "sft"
    """Rejection sampling: ``messages`` of the best completion, if it has the best rank."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A transcript with its rank and reward under its response class."""

    transcript: Transcript
    rank: int | None
    """Position among the ranks, 0 for the best; None if it is undetermined."""
    reward: float | None = None


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Options that say which pairs are exported."""

    by_reward: bool = False
    """Order completions by reward, otherwise by rank."""
    margin: float = 0.0
    """By how much the reward of the chosen one must be higher, if completions are ordered by it."""
    all_pairs: bool = False
    """Export every ordered pair of a prompt, otherwise the best against each worse completion."""


def export_rows(
    ranked: Iterable[Ranked], form: ExportForm, options: ExportOptions | None = None
) -> Iterator[Row]:
    """
    Yield the rows of an export, prompt by prompt in order of appearance.

    A prompt with two response classes counts as two prompts, since what is right for one class may
    be wrong for the other. Completions without the rank or reward that the form needs are skipped.
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
    """Return the completion with the highest reward, the first one of several; None without any."""
    scored = [each for each in group if each.reward is not None] if by_reward else list(group)
    return max(scored, key=_reward_first, default=None)


def _reward_first(each: Ranked) -> float:
    return float("-inf") if each.reward is None else each.reward


def ordered_pairs(
    group: Sequence[Ranked], options: ExportOptions
) -> Iterator[tuple[Ranked, Ranked]]:
    """
    Yield pairs of completions of the same prompt, the better one first.

    Completions with the same text do not form a pair.
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
    """Return the number that orders a completion, higher for a better one."""
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
