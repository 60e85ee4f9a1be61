"""Modules that are imported only when they are needed, so that start-up stays fast."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType


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


def variants(package: str, name: str) -> list[ModuleType]:
    """
    Import the modules of a package's folder and return those that define ``name``, in name order.

    This is how a registry finds its parts: a module is registered by lying in the folder. Modules
    without the name (the interface, the registry itself, shared helpers) are passed over.
    """
    from pkgutil import iter_modules

    folders = import_module(package).__path__
    modules = [
        import_module(f"{package}.{found.name}")
        for found in sorted(iter_modules(folders), key=lambda found: found.name)
    ]
    return [module for module in modules if hasattr(module, name)]
