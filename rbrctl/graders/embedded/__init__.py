"""The offline grader: a small shipped model over hand-made features, in pure Python."""

from rbrctl.graders.embedded.grader import EmbeddedGrader
from rbrctl.graders.embedded.model import EmbeddedModel
from rbrctl.graders.embedded.model_file import load_model

__all__ = ["EmbeddedGrader", "EmbeddedModel", "load_model"]
