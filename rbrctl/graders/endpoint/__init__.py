"""The grader behind an OpenAI-compatible endpoint: transport, limits, modes and their reading."""
