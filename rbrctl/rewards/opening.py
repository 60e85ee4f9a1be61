"""The grader that a reward asks."""

from pathlib import Path

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.interface import Grader
from rbrctl.ruleset.model import RuleSet

GraderChoice = str | EndpointSettings | Grader
"""``embedded`` or ``embedded:MODEL_FILE``; an endpoint's settings; or a grader for these rules."""


async def open_chosen(choice: GraderChoice, ruleset: RuleSet, answers: Path | None) -> Grader:
    """
    Open the grader inside the event loop that it will live in; an endpoint is probed.

    ``answers`` is the file in which an endpoint's answers are kept; None keeps them in memory.
    Raises UsageError, GraderError or FileError.
    """
    if isinstance(choice, EndpointSettings):
        return await _open_endpoint(choice, ruleset, answers)
    if not isinstance(choice, str):
        return choice
    kind, _, model = choice.partition(":")
    if kind != "embedded":
        raise UsageError(
            f"'{choice}' is no grader that can be opened by name: give embedded, "
            "embedded:MODEL_FILE, EndpointSettings or a grader object"
        )
    return _open_embedded(model, ruleset)


def _open_embedded(model: str, ruleset: RuleSet) -> Grader:
    from rbrctl.graders.embedded import EmbeddedGrader, load_model

    return EmbeddedGrader(ruleset, load_model(Path(model) if model else None))


async def _open_endpoint(
    settings: EndpointSettings, ruleset: RuleSet, answers: Path | None
) -> Grader:
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.endpoint.opening import open_grader

    return await open_grader(ruleset, settings, AnswerCache(answers))
