"""
The registry of losses: every module of this package but ``interface`` defines one.

A module ``squared_hinge.py`` with a module-level ``LOSS`` adds the loss ``squared-hinge`` to the
solver, the command line, weights files and reports. No other file has to change.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from rbrctl.errors import UsageError
from rbrctl.wording import hint_for

if TYPE_CHECKING:
    from rbrctl.rewards.losses.interface import Loss

DEFAULT_LOSS = "hinge"
_INTERFACE = "interface"


def loss_names() -> tuple[str, ...]:
    """
    Return the names of all losses, the default first.

    No loss is imported, so that the help of the command line works without numpy.
    """
    modules = (module.name for module in iter_modules(__path__) if module.name != _INTERFACE)
    names = sorted(module.replace("_", "-") for module in modules)
    return tuple(sorted(names, key=lambda name: name != DEFAULT_LOSS))


def loss_named(name: str = DEFAULT_LOSS) -> "Loss":
    """Return the loss with this name. Raise UsageError if there is none."""
    if name not in loss_names():
        raise UsageError(f"there is no loss '{name}'; {hint_for(name, loss_names())}")
    loss: Loss = import_module(f"{__name__}.{name.replace('-', '_')}").LOSS
    return loss
