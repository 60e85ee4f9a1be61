"""``--grader endpoint``: a model behind an OpenAI-compatible endpoint."""

from rbrctl.errors import UsageError
from rbrctl.graders.interface import OpenedGrader, OpenRequest


class EndpointKind:
    """Opens the grader that asks an endpoint."""

    help = "endpoint, whose model --model names"
    asks_endpoint = True
    sees = frozenset({"statement", "question", "examples"})

    def check(self, argument: str) -> None:
        """Raise UsageError for an argument: the model has an option of its own."""
        if argument:
            raise UsageError(
                f"endpoint:{argument}: the model is not named here, but with --model NAME "
                "(in Python: EndpointSettings)"
            )

    async def open(self, request: OpenRequest) -> OpenedGrader:
        """Probe the endpoint unless the request is offline. Raises UsageError or GraderError."""
        from rbrctl.graders.cache import AnswerCache
        from rbrctl.graders.endpoint.opening import open_grader

        if request.settings is None:
            raise UsageError("an endpoint needs a model: name it with --model NAME")
        cache = request.cache or AnswerCache(None)
        grader = await open_grader(
            request.ruleset,
            request.settings,
            cache,
            sample=request.sample,
            offline=request.offline,
        )
        classifier = grader if request.ruleset.policy else None
        return OpenedGrader(grader, classifier, grader, cache.is_kept)


KIND = EndpointKind()
