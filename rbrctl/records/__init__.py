"""Transcripts, answers and results: their models, and streaming readers and writers."""
