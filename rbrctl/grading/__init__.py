"""The engine that every command grades with, and grading as a call of a library."""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.grading.api import grade, grade_async
    from rbrctl.grading.engine import Engine, EngineOptions
    from rbrctl.grading.judging import AnswerDecoder, PlainDecoder, judged
    from rbrctl.grading.plan import Ask
    from rbrctl.grading.run import Destination, Run, RunSettings, open_run
    from rbrctl.grading.summary import RunSummary

__all__ = [
    "AnswerDecoder",
    "Ask",
    "Destination",
    "Engine",
    "EngineOptions",
    "PlainDecoder",
    "Run",
    "RunSettings",
    "RunSummary",
    "grade",
    "grade_async",
    "judged",
    "open_run",
]

__getattr__ = lazily(
    __name__,
    {
        "grade": "rbrctl.grading.api",
        "grade_async": "rbrctl.grading.api",
        "Engine": "rbrctl.grading.engine",
        "EngineOptions": "rbrctl.grading.engine",
        "RunSummary": "rbrctl.grading.summary",
        "AnswerDecoder": "rbrctl.grading.judging",
        "PlainDecoder": "rbrctl.grading.judging",
        "judged": "rbrctl.grading.judging",
        "Ask": "rbrctl.grading.plan",
        "Destination": "rbrctl.grading.run",
        "Run": "rbrctl.grading.run",
        "RunSettings": "rbrctl.grading.run",
        "open_run": "rbrctl.grading.run",
    },
)
