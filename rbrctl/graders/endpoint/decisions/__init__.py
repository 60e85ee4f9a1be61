"""Questions that a server answers with probabilities: decisions and System One."""
