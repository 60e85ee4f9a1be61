"""
Compare two versions of the rules, or two results of grading.

``compare`` proves for each response class whether the new rules are stricter, and shows which
graded transcripts move; ``compare_results`` shows which of two results agrees better with labels.
"""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.diff.comparison import Comparison
    from rbrctl.diff.gates import Gate, GateFailure, failures, parse_gates
    from rbrctl.diff.regrading import RegradeSource
    from rbrctl.diff.revisions import Revision, load_revisions
    from rbrctl.diff.run import compare, compare_results

__all__ = [
    "Comparison",
    "Gate",
    "GateFailure",
    "RegradeSource",
    "Revision",
    "compare",
    "compare_results",
    "failures",
    "load_revisions",
    "parse_gates",
]

__getattr__ = lazily(
    __name__,
    {
        "Comparison": "rbrctl.diff.comparison",
        "Gate": "rbrctl.diff.gates",
        "GateFailure": "rbrctl.diff.gates",
        "RegradeSource": "rbrctl.diff.regrading",
        "Revision": "rbrctl.diff.revisions",
        "compare": "rbrctl.diff.run",
        "compare_results": "rbrctl.diff.run",
        "failures": "rbrctl.diff.gates",
        "load_revisions": "rbrctl.diff.revisions",
        "parse_gates": "rbrctl.diff.gates",
    },
)
