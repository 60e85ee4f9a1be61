"""Formats in which reports are written: one module a format, found by the registry."""
