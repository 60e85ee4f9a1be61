"""Questions as files in the OpenAI Batch line format, and their answers back into the cache."""
