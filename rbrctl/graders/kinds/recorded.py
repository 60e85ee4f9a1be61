"""``--grader recorded:RESULTS``: the answers of a results file, given again without any call."""

from pathlib import Path

from rbrctl.errors import UsageError
from rbrctl.graders.interface import OpenedGrader, OpenRequest


class RecordedKind:
    """Opens the grader that repeats the answers of a results file."""

    help = "recorded:RESULTS (answers of an earlier run)"
    asks_endpoint = False

    def check(self, argument: str) -> None:
        """Raise UsageError if no results file is named."""
        if not argument:
            raise UsageError("which results? Write recorded:RESULTS.jsonl")

    async def open(self, request: OpenRequest) -> OpenedGrader:
        """Read the results. Raises FileError, NothingMatchedError or GraderError."""
        from rbrctl.graders.recorded import RecordedGrader

        return OpenedGrader(RecordedGrader(Path(request.argument), request.on_problem))


KIND = RecordedKind()
