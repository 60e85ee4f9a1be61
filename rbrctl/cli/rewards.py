"""Datasets for the reward commands: rows read, graded and paired, with messages on the way."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from rbrctl.cli.files import STANDARD_INPUT, data_source, report_problems, warn_first
from rbrctl.cli.graders import tell_note
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.reward_model import RewardModelOptions, say_scores, say_unscored
from rbrctl.records.problems import ProblemLog
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.graders.interface import OpenGrader
    from rbrctl.rewards.pairs.compare import Comparisons
    from rbrctl.rewards.pairs.dataset import Dataset, PairingOptions
    from rbrctl.rewards.pairs.inputs import ComparisonInput
    from rbrctl.rewards.weights import Weights
    from rbrctl.ruleset.verdict import Judge

NO_REWARD_MODEL = RewardModelOptions()
SHOWN_PLACES = 5


def load_dataset(
    output: Output,
    judge: "Judge",
    source: str,
    options: "PairingOptions",
    open_grader: "OpenGrader",
    *,
    reward_model: RewardModelOptions = NO_REWARD_MODEL,
    strict: bool = False,
    features: Mapping[str, Sequence[str]] | None = None,
) -> "Dataset":
    """
    Read a file, grade the rows that are not graded, and form the ordered pairs.

    What is left out is said on stderr. Raises UsageError, FileError, RecordError, GraderError, and
    NothingMatchedError if there is no pair.
    """
    from rbrctl.rewards.pairs.dataset import count_scored
    from rbrctl.rewards.pairs.loading import load_dataset_async

    problems = ProblemLog()
    unscored: list[str] = []
    places = _Places("<stdin>" if source == STANDARD_INPUT else source)

    def on_read(found: "ComparisonInput") -> None:
        places.lines = found.lines
        _say_contradictions(output, found.contradictions, places, "preferences")

    work = load_dataset_async(
        data_source(source),
        judge,
        open_grader,
        options,
        reward_model=reward_model.settings(output),
        reward_model_name=reward_model.model,
        features=features,
        problems=None if strict else problems,
        unscored=unscored,
        on_read=on_read,
        start_counting=lambda title, total: Progress(output, title, total),
        on_note=partial(tell_note, output),
    )
    try:
        dataset = asyncio.run(work)
    finally:
        say_unscored(output, unscored)
    say_scores(output, count_scored(dataset.results), len(dataset.results))
    _say_order(output, dataset)
    report_problems(output, problems, "comparisons")
    _say_skipped(output, dataset.comparisons, places)
    return dataset


def _say_order(output: Output, dataset: "Dataset") -> None:
    """Report what orders the completions, if it was chosen by the keys of the rows."""
    from rbrctl.rewards.pairs.candidates import PairScope, RankSource

    if dataset.options.order_by is not None or dataset.scope is PairScope.PREFERENCE:
        return
    if dataset.order_by is not RankSource.RANK:
        output.info(f"order: {dataset.order_by} (--order names another)")
    elif dataset.results:
        output.warn(
            "order: rank. No row has labels, so completions are ordered by the grader's own "
            "answers, and the figures do not show its mistakes (--order names another)"
        )


@dataclass(slots=True)
class _Places:
    """The lines of a file on which rows stand."""

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)
    """By id."""

    def of(self, ids: Sequence[str]) -> str:
        """Return the places of some rows as text: ``c.jsonl:1 and c.jsonl:2``."""
        places = [f"{self.file}:{self.lines[id]}" if id in self.lines else id for id in ids]
        if len(places) > SHOWN_PLACES + 1:
            places = [*places[:SHOWN_PLACES], f"{len(places) - SHOWN_PLACES:,} more"]
        return f"{', '.join(places[:-1])} and {places[-1]}"


def _say_contradictions(
    output: Output, groups: Sequence[Sequence[str]], places: _Places, what: str
) -> None:
    """Warn of rows that contradict each other, with their places."""
    said = [f"{what} that contradict each other, all left out: {places.of(ids)}" for ids in groups]
    warn_first(output, said, f"contradictions of {what}")


def _say_skipped(output: Output, comparisons: "Comparisons", places: _Places) -> None:
    """Report which completions form no pair, and why."""
    from rbrctl.rewards.pairs.loading import class_advice

    skipped = comparisons.skipped
    said = [
        f"{count:,} left out with {reason}; the first: {skipped.examples[reason]}"
        for reason, count in skipped.counts.items()
    ]
    warn_first(output, said, "reasons to leave completions out")
    if hint := class_advice(skipped):
        output.info(hint.lstrip("; "))
    pairs = [each.ids for each in comparisons.contradictions]
    _say_contradictions(output, pairs, places, "labels of one completion")
    if comparisons.single_prompts:
        prompts = counted(comparisons.single_prompts, "prompt has", "prompts have")
        output.info(f"{prompts} no pair: one completion only, or all of the same rank")
    for name in comparisons.classes_without_pairs:
        output.warn(f"{name}: there is nothing to compare, so it gets no weights")


def warn_about_other_origin(output: Output, weights: "Weights", dataset: "Dataset") -> None:
    """Warn if the grader or the reward model is not the one that the weights were fitted with."""
    graders = {(result.grader.kind, result.grader.model) for result in dataset.results}
    if weights.grader is not None and graders != {(weights.grader.kind, weights.grader.model)}:
        fitted_grader = " ".join(filter(None, (weights.grader.kind, weights.grader.model)))
        output.warn(f"the weights were fitted on answers of another grader: {fitted_grader}")
    fitted, here = weights.fit.get("reward_model"), dataset.reward_model
    if not here:
        say_scores(output, 0, 0, weights)
    elif fitted is False:
        output.warn(
            "the weights were fitted without a reward model, but these completions have scores of "
            "one, whose scale may be quite different from that of the weights"
        )
    elif isinstance(fitted, str) and isinstance(here, str) and fitted != here:
        output.warn(f"the weights were fitted with another reward model: {fitted}")


def count_training_prompts(
    output: Output, weights: "Weights", dataset: "Dataset"
) -> tuple[int, int]:
    """Return how many prompts the weights were fitted on, and of how many; warn if any were."""
    from rbrctl.rewards.fitting.made_weights import fitted_on

    classes = dataset.comparisons.classes.values()
    prompts = {digest for data in classes for digest in data.prompt_digests}
    seen = fitted_on(weights.fit, prompts)
    if seen:
        output.warn(
            f"the weights were fitted on {seen:,} of these {counted(len(prompts), 'prompt')}, so "
            "the error rates are too low; for prompts that the fit did not see, look at the "
            "held-out figures of 'rbrctl reward fit'"
        )
    return seen, len(prompts)
