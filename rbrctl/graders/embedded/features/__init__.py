"""What the offline grader measures: cue families, structure, overlap and stance."""
