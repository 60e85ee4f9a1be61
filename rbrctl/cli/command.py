"""The class of all commands: global options, and defaults from environment and configuration."""

import importlib
from functools import partial
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from rbrctl.cli.conversion import lighten
from rbrctl.cli.options import global_options
from rbrctl.cli.parameters import environment_name, options_by_name, parameters_of
from rbrctl.cli.registry import CommandEntry, GroupEntry


def command_path(context: Any) -> tuple[str, ...]:
    """Give the names below the root, down to this context's: ``("grader", "train")``."""
    names: list[str] = []
    while context is not None and context.parent is not None:
        names.append(context.info_name)
        context = context.parent
    return tuple(reversed(names))


class Command(TyperCommand):
    """A command whose options can also be set by the environment and the configuration."""

    def __init__(self, name: str | None, **settings: Any) -> None:
        """Complete what Typer made of a function."""
        super().__init__(name, **{**settings, "add_help_option": False})
        own = [lighten(parameter) for parameter in self.params]
        self.params = [*own, *parameters_of(global_options)]
        for option, parameter in options_by_name(self.params).items():
            if parameter.envvar is None:
                parameter.envvar = environment_name(option)
            # Usage errors name the variable themselves, where it is the one at fault.
            parameter.show_envvar = False

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Parse the arguments, with defaults from the configuration files."""
        if parent is not None and not extra.get("resilient_parsing"):
            from rbrctl.cli.configuration import LazyDefaults, defaults

            path = (*command_path(parent), info_name or "")
            root = parent.find_root().command
            defaults_of = partial(defaults, path, self.params, root)
            extra.setdefault("default_map", LazyDefaults(defaults_of))
        return super().make_context(info_name, args, parent, **extra)


def set_by_repository(context: Any, name: str) -> bool:
    """Return True if a parameter's value comes from a file in a repository."""
    source = context.get_parameter_source(name)
    if source is None or source.name != "DEFAULT_MAP":
        return False
    from rbrctl.cli.configuration import LazyDefaults

    defaults = context.default_map
    return isinstance(defaults, LazyDefaults) and defaults.sets_untrusted(name)


def load_command(entry: CommandEntry) -> Any:
    """Import a command's module and make a command of its function ``command``."""
    module = importlib.import_module(f"rbrctl.cli.commands.{entry.module}")
    application = typer.Typer(add_completion=False, rich_markup_mode=None)
    application.command(entry.name, cls=Command, short_help=entry.summary)(module.command)
    return get_command(application)


def stand_in(entry: CommandEntry | GroupEntry) -> Any:
    """Make a command that has only a name and a summary: enough for a list of commands."""
    return TyperCommand(entry.name, help=entry.summary, rich_markup_mode=None)
