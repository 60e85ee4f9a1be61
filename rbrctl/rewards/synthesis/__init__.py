"""Synthetic completions of each rank, written by a model that the user names."""
