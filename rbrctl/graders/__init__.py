"""
Graders: who answers propositions about a transcript.

``Grader`` is the protocol; ``EmbeddedGrader`` answers offline and ``open_grader`` opens one that
asks an endpoint. A new kind of grader is a module in ``rbrctl.graders.kinds`` (``GraderKind``).
``calibrate`` fits a ``Calibration`` of a grader to labels.
"""

from typing import TYPE_CHECKING

from rbrctl.lazy import lazily

if TYPE_CHECKING:
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.calibration import Calibration, calibrate
    from rbrctl.graders.calibration_file import read_calibration, write_calibration
    from rbrctl.graders.embedded.grader import EmbeddedGrader
    from rbrctl.graders.embedded.model import EmbeddedModel
    from rbrctl.graders.embedded.model_file import load_model
    from rbrctl.graders.endpoint.opening import open_grader
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.graders.interface import (
        ClassGuess,
        Classifier,
        Grader,
        GraderKind,
        OpenedGrader,
        OpenRequest,
    )

__all__ = [
    "AnswerCache",
    "Calibration",
    "ClassGuess",
    "Classifier",
    "EmbeddedGrader",
    "EmbeddedModel",
    "EndpointSettings",
    "Grader",
    "GraderKind",
    "OpenRequest",
    "OpenedGrader",
    "calibrate",
    "load_model",
    "open_grader",
    "read_calibration",
    "write_calibration",
]

__getattr__ = lazily(
    __name__,
    {
        "AnswerCache": "rbrctl.graders.cache",
        "Calibration": "rbrctl.graders.calibration",
        "calibrate": "rbrctl.graders.calibration",
        "read_calibration": "rbrctl.graders.calibration_file",
        "write_calibration": "rbrctl.graders.calibration_file",
        "EmbeddedGrader": "rbrctl.graders.embedded.grader",
        "EmbeddedModel": "rbrctl.graders.embedded.model",
        "load_model": "rbrctl.graders.embedded.model_file",
        "open_grader": "rbrctl.graders.endpoint.opening",
        "EndpointSettings": "rbrctl.graders.endpoint.settings",
        "ClassGuess": "rbrctl.graders.interface",
        "Classifier": "rbrctl.graders.interface",
        "Grader": "rbrctl.graders.interface",
        "GraderKind": "rbrctl.graders.interface",
        "OpenRequest": "rbrctl.graders.interface",
        "OpenedGrader": "rbrctl.graders.interface",
    },
)
