"""What differs between two rule sets in meaning, and between two results in accuracy."""
