"""Features, weights and rewards made of answers, and the trainers' adapters."""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.rewards.comparisons.candidates import candidates_of
    from rbrctl.rewards.comparisons.compare import compare
    from rbrctl.rewards.comparisons.orderings import rank_ordering
    from rbrctl.rewards.fitting.fit import fit
    from rbrctl.rewards.fitting.made_weights import made_weights
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.rewards.reward import RuleReward
    from rbrctl.rewards.weights import Weights
    from rbrctl.rewards.weights_file import read_weights, write_weights

__all__ = [
    "FitOptions",
    "RuleReward",
    "Weights",
    "candidates_of",
    "compare",
    "fit",
    "made_weights",
    "rank_ordering",
    "read_weights",
    "write_weights",
]

__getattr__ = lazily(
    __name__,
    {
        "candidates_of": "rbrctl.rewards.comparisons.candidates",
        "compare": "rbrctl.rewards.comparisons.compare",
        "rank_ordering": "rbrctl.rewards.comparisons.orderings",
        "fit": "rbrctl.rewards.fitting.fit",
        "made_weights": "rbrctl.rewards.fitting.made_weights",
        "FitOptions": "rbrctl.rewards.fitting.options",
        "RuleReward": "rbrctl.rewards.reward",
        "Weights": "rbrctl.rewards.weights",
        "read_weights": "rbrctl.rewards.weights_file",
        "write_weights": "rbrctl.rewards.weights_file",
    },
)
