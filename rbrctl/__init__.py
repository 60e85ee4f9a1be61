"""Behaviour policies for language models, kept as code: written, checked, graded and compared."""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.errors import RbrctlError
    from rbrctl.grading.api import grade, grade_async
    from rbrctl.records.models import Answer, Result, Transcript
    from rbrctl.records.transcripts import make_transcript
    from rbrctl.ruleset.loader import load
    from rbrctl.ruleset.model import RuleSet
    from rbrctl.ruleset.validation import validate
    from rbrctl.ruleset.verdict import Judge, Verdict

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Judge",
    "RbrctlError",
    "Result",
    "RuleSet",
    "Transcript",
    "Verdict",
    "grade",
    "grade_async",
    "load",
    "make_transcript",
    "validate",
]

__getattr__ = lazily(
    __name__,
    {
        "RbrctlError": "rbrctl.errors",
        "grade": "rbrctl.grading.api",
        "grade_async": "rbrctl.grading.api",
        "Answer": "rbrctl.records.models",
        "Result": "rbrctl.records.models",
        "Transcript": "rbrctl.records.models",
        "make_transcript": "rbrctl.records.transcripts",
        "validate": "rbrctl.ruleset.validation",
        "load": "rbrctl.ruleset.loader",
        "RuleSet": "rbrctl.ruleset.model",
        "Judge": "rbrctl.ruleset.verdict",
        "Verdict": "rbrctl.ruleset.verdict",
    },
)
