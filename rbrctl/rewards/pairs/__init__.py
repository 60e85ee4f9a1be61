"""Completions that can be compared: read, given their features, and paired by what orders them."""
