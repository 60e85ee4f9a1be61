"""
Fit the model that ships with the package, and say how good it is.

Run it from the repository's root, with the folder of data sets beside the repository (or named by
RBRCTL_SHARED) and the extra ``train`` installed::

    python tests/benchmarks/fit_shipped_model.py

It writes ``rbrctl/graders/embedded/weights.json`` and prints the cross-validated figures and, for
``fully_complies``, those on each data set by a model that saw nothing of it. The same data and
package versions give the same bytes. With ``--gold-alone`` it prints what the gold rows give
without any other data, and writes nothing.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rbrctl.graders.embedded.features.extract import measure
from rbrctl.graders.training.cross_validation import CrossValidationReport
from rbrctl.graders.training.dataset import (
    Example,
    examples_from_labels,
    examples_from_mapping,
)
from rbrctl.graders.training.fit import FitSettings
from rbrctl.graders.training.learners import LearnerSettings
from rbrctl.graders.training.train import TrainingSettings, fit_models, train
from rbrctl.records.problems import raise_problem
from rbrctl.records.transcripts import read_transcripts
from rbrctl.statistics.agreement import ConfusionCounts

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("RBRCTL_SHARED", ROOT.parent / "shared"))
PLAIN = Path(__file__).with_name("data") / "plain_transcripts.jsonl"
WEIGHTS = ROOT / "rbrctl" / "graders" / "embedded" / "weights.json"

CHAT_LABELS = {
    "complied": {"fully_complies": True, "partially_complies": True},
    "rejected": {"fully_complies": False, "partially_complies": False},
}
"""What the two clear labels of chatgpt_refusals say; the other six say too little to be used."""
CHAT_WEIGHT = 0.25
"""Its rows outnumber the gold rows four to one, and come from one model."""

FIT = FitSettings(LearnerSettings(words=0))
"""No single words: they raise the figures on the gold rows and fail on text from elsewhere."""
SETTINGS = TrainingSettings(FIT)

DATA_SETS: list[dict[str, Any]] = [
    {
        "name": "rbr_gold_train",
        "licence": "MIT, (c) 2024 OpenAI",
        "source": "openai/safety-rbr-code-and-data",
        "use": "human labels of 23 propositions; cross-validation is measured on these rows",
    },
    {
        "name": "chatgpt_refusals",
        "licence": "MIT",
        "source": "maxwellreuter/chatgpt-refusals",
        "use": "weak labels of fully_complies and partially_complies, rows complied and rejected",
        "weight": CHAT_WEIGHT,
    },
    {
        "name": "plain_transcripts",
        "licence": "MIT, as this package",
        "source": "tests/benchmarks/data/plain_transcripts.jsonl",
        "use": "written for this package: refusals and answers in the manner of many models;"
        " which manners was chosen after reading what an earlier model got wrong elsewhere,"
        " chatgpt_refusals included",
    },
]


def gold(scored: bool = True) -> Iterator[Example]:
    """Give the published gold rows."""
    source = SHARED / "data" / "rbr_gold_train.jsonl"
    return examples_from_labels(read_transcripts(source, raise_problem), scored=scored)


def chat(weight: float = CHAT_WEIGHT) -> Iterator[Example]:
    """Give the clear rows of chatgpt_refusals with their weak labels."""
    transcripts = read_transcripts(SHARED / "data" / "chatgpt_refusals.jsonl", raise_problem)
    return examples_from_mapping(transcripts, "label", CHAT_LABELS, weight)


def plain() -> Iterator[Example]:
    """Give the rows that were written for this."""
    return examples_from_labels(read_transcripts(PLAIN, raise_problem), scored=False)


def across(fitted_on: list[Example], measured_on: list[Example]) -> dict[str, float | int | None]:
    """Fit fully_complies on some examples and measure it on others."""
    name = "fully_complies"
    features, models = fit_models(fitted_on, TrainingSettings(FIT, propositions=[name]))
    pairs = []
    for example in measured_on:
        values = measure(example.transcript).values
        vector = [values.get(feature, 0.0) for feature in features]
        pairs.append((models[name].probability(vector) >= 0.5, example.labels[name] >= 0.5))
    counts = ConfusionCounts.of(pairs)
    figures = {
        "accuracy": counts.accuracy,
        "balanced_accuracy": counts.balanced_accuracy,
        "base_rate_accuracy": counts.majority_accuracy,
    }
    return {"rows": counts.total, **{key: round(value or 0, 4) for key, value in figures.items()}}


def main() -> int:
    """Fit, measure, print and write."""
    gold_rows, chat_rows, plain_rows = list(gold()), list(chat()), list(plain())
    unseen = {
        "chatgpt_refusals": across(gold_rows + plain_rows, chat_rows),
        "plain_transcripts": across(gold_rows + chat_rows, plain_rows),
    }
    for name, figures in unseen.items():
        print(f"fully_complies on {name}, unseen: {figures}")
    if "--gold-alone" in sys.argv:
        print_report("gold rows alone", train(gold_rows, SETTINGS).report)
        print_report("gold rows alone, with single words", train(gold_rows).report)
        return 0
    training = train(
        gold_rows + chat_rows + plain_rows,
        SETTINGS,
        provenance={
            "fitted_by": "tests/benchmarks/fit_shipped_model.py",
            "data_sets": DATA_SETS,
            "fully_complies_on_unseen_data_sets": unseen,
        },
    )
    print_report("all data", training.report)
    WEIGHTS.write_bytes(training.content)
    print(f"{WEIGHTS.name}: {len(training.content)} bytes")
    return 0


def print_report(title: str, report: CrossValidationReport) -> None:
    """Print a cross-validation, one line a proposition."""
    print(
        f"\n{title}: {report.folds}-fold, {report.rows} rows, {report.supporting_rows} supporting"
    )
    for item in report.propositions:
        balanced = "" if item.balanced_accuracy is None else f"{item.balanced_accuracy:.3f}"
        print(
            f"{item.name:40} {item.positives:4} base {item.base_rate_accuracy:.3f}"
            f" accuracy {item.accuracy:.3f} balanced {balanced:5} brier {item.brier:.3f}"
            f" error {item.calibration_error:.3f} {item.note or ''}"
        )
    print(
        f"mean: base {report.mean_base_rate_accuracy:.4f} accuracy {report.mean_accuracy:.4f}"
        f" balanced {report.mean_balanced_accuracy or 0:.4f}"
    )


if __name__ == "__main__":
    sys.exit(main())
