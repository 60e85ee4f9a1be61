"""Weights fitted to pairs, and how well they order pairs of prompts that the fit did not see."""
