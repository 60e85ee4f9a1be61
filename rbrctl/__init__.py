"""Behaviour policies for language models, kept as code: written, checked, graded and compared."""

__version__ = "0.1.0"
