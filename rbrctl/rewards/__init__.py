"""Features, weights and rewards computed from answers, and adapters for trainers."""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.rewards.fitting.fit import fit
    from rbrctl.rewards.fitting.made_weights import made_weights
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.rewards.pairs.candidates import candidates_of
    from rbrctl.rewards.pairs.compare import compare
    from rbrctl.rewards.pairs.orderings import rank_ordering
    from rbrctl.rewards.reward import RuleReward
    from rbrctl.rewards.weights import Weights, read_weights, write_weights

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
        "candidates_of": "rbrctl.rewards.pairs.candidates",
        "compare": "rbrctl.rewards.pairs.compare",
        "rank_ordering": "rbrctl.rewards.pairs.orderings",
        "fit": "rbrctl.rewards.fitting.fit",
        "made_weights": "rbrctl.rewards.fitting.made_weights",
        "FitOptions": "rbrctl.rewards.fitting.options",
        "RuleReward": "rbrctl.rewards.reward",
        "Weights": "rbrctl.rewards.weights",
        "read_weights": "rbrctl.rewards.weights",
        "write_weights": "rbrctl.rewards.weights",
    },
)
