"""What can be proved about a sound rule set: one small module a check, and what runs them all."""
