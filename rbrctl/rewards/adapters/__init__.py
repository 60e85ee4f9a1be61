"""Thin adapters of the exact shape that each trainer or evaluation tool calls."""
