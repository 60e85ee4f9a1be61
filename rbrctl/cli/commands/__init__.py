"""The commands: each module defines a function ``command``, and the registry lists it."""
