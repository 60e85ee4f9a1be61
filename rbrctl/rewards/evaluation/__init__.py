"""The check of a reward before training, and the safety figures of a policy."""
