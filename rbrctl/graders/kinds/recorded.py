"""``--grader recorded:RESULTS``: the answers of a results file, given again without any call."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rbrctl.errors import GraderError, NothingMatchedError, UsageError
from rbrctl.graders.interface import GraderNote, OpenedGrader, OpenRequest
from rbrctl.records.models import Answer, GraderIdentity, Result, Transcript
from rbrctl.records.problems import ProblemHandler
from rbrctl.records.results import read_results

NOT_RECORDED = "the recorded results have no answer to this proposition about this content"


class RecordedGrader:
    """
    Answers as a results file does, joined on the content's digest; a Grader.

    Answers keep their source, digest and details. A proposition that was not asked in that run is
    an error now. If the file has the same content more than once, the first answer that is not an
    error is taken.
    """

    def __init__(self, path: Path, on_problem: ProblemHandler) -> None:
        """
        Read the whole file; ``on_problem`` is called with each bad line, which is left out.

        Raises FileError, NothingMatchedError if the file has no results, and GraderError if it has
        results of several graders.
        """
        self._answers: dict[str, dict[str, Answer]] = {}
        self._digests: dict[str, str] = {}
        recorded: GraderIdentity | None = None
        for result in read_results(path, on_problem):
            if recorded is None:
                recorded = result.grader
            elif result.grader != recorded:
                raise GraderError(
                    f"{path}: results of several graders ({recorded.kind} {recorded.digest},"
                    f" {result.grader.kind} {result.grader.digest}); replay one grader's at a time"
                )
            self._take(result)
        if recorded is None:
            raise NothingMatchedError(f"{path}: no results to replay")
        self._recorded = recorded

    @property
    def identity(self) -> GraderIdentity:
        """The grader that gave the answers; replaying does not change them."""
        return self._recorded

    @property
    def question_digests(self) -> Mapping[str, str]:
        """The digest of each proposition's recorded answers."""
        return self._digests

    @property
    def asks_together(self) -> bool:
        """True: all answers are in memory."""
        return True

    @property
    def concurrency(self) -> int:
        """Always 1, because no call is made."""
        return 1

    @property
    def notes(self) -> Sequence[GraderNote]:
        """A note that names the grader whose answers these are."""
        grader = self._recorded
        whose = " ".join(filter(None, (grader.kind, grader.model, grader.mode)))
        return (GraderNote(f"answers replayed of: {whose}"),)

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """Return the recorded answers; see Grader."""
        known = self._answers.get(transcript.content_digest, {})
        return {
            name: known.get(name) or Answer(error=NOT_RECORDED, digest=self._digests.get(name))
            for name in propositions
        }

    async def close(self) -> None:
        """Release nothing."""

    def _take(self, result: Result) -> None:
        answers = self._answers.setdefault(result.content_digest, {})
        for name, answer in result.answers.items():
            self._digests.setdefault(name, answer.digest or f"recorded {name}")
            if name not in answers or answers[name].error is not None:
                answers[name] = answer


class RecordedKind:
    """Opens the grader that repeats the answers of a results file."""

    help = "recorded:RESULTS (answers of an earlier run)"
    asks_endpoint = False
    sees: frozenset[str] = frozenset()

    def check(self, argument: str) -> None:
        """Raise UsageError if no results file is named."""
        if not argument:
            raise UsageError("which results? Write recorded:RESULTS.jsonl")

    async def open(self, request: OpenRequest) -> OpenedGrader:
        """Read the results. Raises FileError, NothingMatchedError or GraderError."""
        return OpenedGrader(RecordedGrader(Path(request.argument), request.on_problem))


KIND = RecordedKind()
