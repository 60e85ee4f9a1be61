"""Weights fitted to comparisons, and what they are worth on prompts that the fit did not see."""
