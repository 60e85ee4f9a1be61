"""What a grader is shown: quoting that nothing can break out of, and the texts around it."""
