"""
Features, weights and rewards computed from answers, and adapters for trainers.

In Python, the four steps of the reward commands are one call each::

    from rbrctl.rewards import fit, join_results, load_dataset, write_completions

    written = write_completions("prompts.jsonl", "completions.jsonl", writer, "rules/")
    dataset = load_dataset("transcripts.jsonl", "rules/")
    fits = fit(dataset.comparisons)
    joined = join_results("results.jsonl", "transcripts.jsonl", ruleset)
"""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.rewards.exporting import export_rows
    from rbrctl.rewards.fitting.fit import fit
    from rbrctl.rewards.fitting.made_weights import made_weights
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.rewards.joining import join_results, rank_transcripts
    from rbrctl.rewards.pairs.candidates import candidates_of
    from rbrctl.rewards.pairs.compare import compare
    from rbrctl.rewards.pairs.dataset import Dataset, PairingOptions
    from rbrctl.rewards.pairs.loading import load_dataset
    from rbrctl.rewards.pairs.orderings import rank_ordering
    from rbrctl.rewards.reward import RuleReward
    from rbrctl.rewards.synthesis.job import write_completions
    from rbrctl.rewards.weights import Weights, read_weights, write_weights

__all__ = [
    "Dataset",
    "FitOptions",
    "PairingOptions",
    "RuleReward",
    "Weights",
    "candidates_of",
    "compare",
    "export_rows",
    "fit",
    "join_results",
    "load_dataset",
    "made_weights",
    "rank_ordering",
    "rank_transcripts",
    "read_weights",
    "write_completions",
    "write_weights",
]

__getattr__ = lazily(
    __name__,
    {
        "Dataset": "rbrctl.rewards.pairs.dataset",
        "FitOptions": "rbrctl.rewards.fitting.options",
        "PairingOptions": "rbrctl.rewards.pairs.dataset",
        "RuleReward": "rbrctl.rewards.reward",
        "Weights": "rbrctl.rewards.weights",
        "candidates_of": "rbrctl.rewards.pairs.candidates",
        "compare": "rbrctl.rewards.pairs.compare",
        "export_rows": "rbrctl.rewards.exporting",
        "fit": "rbrctl.rewards.fitting.fit",
        "join_results": "rbrctl.rewards.joining",
        "load_dataset": "rbrctl.rewards.pairs.loading",
        "made_weights": "rbrctl.rewards.fitting.made_weights",
        "rank_ordering": "rbrctl.rewards.pairs.orderings",
        "rank_transcripts": "rbrctl.rewards.joining",
        "read_weights": "rbrctl.rewards.weights",
        "write_completions": "rbrctl.rewards.synthesis.job",
        "write_weights": "rbrctl.rewards.weights",
    },
)
