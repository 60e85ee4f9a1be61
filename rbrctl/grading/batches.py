"""The questions of transcripts, written as batch files that a server answers later."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rbrctl.graders.batches.requests import requests_of, write_shards
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.opening import open_grader
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.grading.engine import Engine, EngineOptions
from rbrctl.grading.plan import Ask
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


@dataclass(frozen=True, slots=True)
class BatchFiles:
    """The files that hold the questions of a batch."""

    paths: tuple[Path, ...]
    mode: str
    """The mode in which the questions are asked."""

    def count_questions(self) -> int:
        """Return the number of questions, one on each line of the files."""
        return sum(_count_lines(path) for path in self.paths)


async def write_batch_files(
    ruleset: RuleSet,
    settings: EndpointSettings,
    cache: AnswerCache,
    transcripts: Iterable[Transcript],
    prefix: Path,
    ask: Ask = Ask.NEEDED,
) -> BatchFiles:
    """
    Write each question that the cache does not answer to ``PREFIX-00001.jsonl`` and so on.

    The cache is closed at the end. Raises UsageError if the mode is not one that batches have,
    NothingMatchedError if the rules ask nothing, and FileError.
    """
    grader = await open_grader(ruleset, settings, cache, offline=True, keep_assumptions=True)
    engine = Engine(Judge(ruleset), grader, EngineOptions(ask))
    try:
        work = ((item, engine.questions(engine.ungraded(item))) for item in transcripts)
        paths = write_shards(requests_of(grader, cache, work), prefix)
        return BatchFiles(tuple(paths), grader.identity.mode or "")
    finally:
        await grader.close()


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
