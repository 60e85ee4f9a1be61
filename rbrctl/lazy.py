"""Public names that are imported when they are first asked for, so that start-up stays fast."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazily(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """
    Make the ``__getattr__`` of a package (PEP 562).

    ``modules`` names the module that defines each public name. Any other name raises
    AttributeError, as it does in a package without one.
    """

    def attribute(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        value: object = getattr(import_module(modules[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return attribute
