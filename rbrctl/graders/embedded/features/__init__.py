"""What is measured of a transcript: families of cues by theme, structure, and overlap."""
