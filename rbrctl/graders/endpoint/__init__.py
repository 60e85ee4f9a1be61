"""The grader that asks a model behind an OpenAI-compatible endpoint."""
