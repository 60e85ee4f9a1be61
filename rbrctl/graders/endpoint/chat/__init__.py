"""Questions as chat completions, and the yes or no in the replies."""
