"""What can be imported: one module a format, found by its content."""
