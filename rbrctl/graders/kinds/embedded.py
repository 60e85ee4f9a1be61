"""``--grader embedded``: the grader that ships with the package and asks nobody."""

from pathlib import Path

from rbrctl.graders.interface import OpenedGrader, OpenRequest


class EmbeddedKind:
    """Opens the offline grader, with the shipped model or with one from a file."""

    help = "embedded (offline) or embedded:MODEL_FILE"
    asks_endpoint = False
    sees = frozenset({"cues"})

    def check(self, argument: str) -> None:
        """Accept any argument: it names a model file, and none means the shipped model."""

    async def open(self, request: OpenRequest) -> OpenedGrader:
        """Load the model. Raises FileError or GraderError for a bad model file."""
        from rbrctl.graders.embedded import EmbeddedGrader, load_model

        model = load_model(Path(request.argument) if request.argument else None)
        return OpenedGrader(EmbeddedGrader(request.ruleset, model))


KIND = EmbeddedKind()
