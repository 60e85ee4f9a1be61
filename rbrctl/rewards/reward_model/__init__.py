"""A reward model's server, asked for the scores that completions lack."""
