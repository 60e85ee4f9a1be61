"""Who answers propositions about a transcript, and how a whole file is answered."""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.graders.embedded.grader import EmbeddedGrader
    from rbrctl.graders.embedded.model_file import load_model
    from rbrctl.graders.endpoint.opening import open_grader
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.graders.interface import Grader

__all__ = ["EmbeddedGrader", "EndpointSettings", "Grader", "load_model", "open_grader"]

__getattr__ = lazily(
    __name__,
    {
        "EmbeddedGrader": "rbrctl.graders.embedded.grader",
        "load_model": "rbrctl.graders.embedded.model_file",
        "open_grader": "rbrctl.graders.endpoint.opening",
        "EndpointSettings": "rbrctl.graders.endpoint.settings",
        "Grader": "rbrctl.graders.interface",
    },
)
