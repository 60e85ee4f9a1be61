"""
Commands and groups that import a command's module only when it is asked for.

Every command also has the global options, and takes defaults from the environment and from
configuration files.
"""

import importlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from rbrctl.cli.options import global_options, root_options
from rbrctl.cli.parameters import (
    convert_without_pydantic,
    environment_name,
    options_by_name,
    parameters_of,
)
from rbrctl.cli.registry import CommandEntry, Entry, GroupEntry
from rbrctl.errors import UsageError
from rbrctl.reports.terminal import printable
from rbrctl.wording import did_you_mean


def command_path(context: Any) -> tuple[str, ...]:
    """Return the names of the groups and the command of a context: ``("grader", "train")``."""
    names: list[str] = []
    while context is not None and context.parent is not None:
        names.append(context.info_name)
        context = context.parent
    return tuple(reversed(names))


class Command(TyperCommand):
    """A command whose options can also be set by the environment and the configuration."""

    def __init__(self, name: str | None, **settings: Any) -> None:
        """Add the global options and the variables to the parameters that Typer made."""
        super().__init__(name, **{**settings, "add_help_option": False})
        own = [convert_without_pydantic(parameter) for parameter in self.params]
        self.params = [*own, *parameters_of(global_options)]
        for option, parameter in options_by_name(self.params).items():
            if parameter.envvar is None:
                parameter.envvar = environment_name(option)
            # A usage error names the variable itself if its value is wrong.
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
    """Import the module of a command and make a command from its function ``command``."""
    module = importlib.import_module(f"rbrctl.cli.commands.{entry.module}")
    application = typer.Typer(add_completion=False, rich_markup_mode=None)
    application.command(entry.name, cls=Command, short_help=entry.summary)(module.command)
    return get_command(application)


def stand_in(entry: CommandEntry | GroupEntry) -> Any:
    """Return a command with only a name and a summary, which is enough for a list."""
    return TyperCommand(entry.name, help=entry.summary, rich_markup_mode=None)


class NoCommandGivenError(Exception):
    """A group was named without a command; its help page is shown."""

    def __init__(self, context: Any) -> None:
        """Keep the context of the group."""
        super().__init__()
        self.context = context


class LazyGroup(TyperGroup):
    """A group that knows its commands by their entries and loads one at its first use."""

    def __init__(self, name: str, entries: tuple[Entry, ...], **settings: Any) -> None:
        """List ``entries`` without importing them."""
        super().__init__(
            name=name,
            rich_markup_mode=None,
            add_help_option=False,
            no_args_is_help=False,
            **settings,
        )
        self.entries: dict[str, Entry] = {entry.name: entry for entry in entries}
        self._listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the registry."""
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command, or return a stand-in if only its name and summary are needed."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        if self._listing:
            return stand_in(entry)
        self.commands[cmd_name] = load_entry(entry)
        return self.commands[cmd_name]

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete names without importing what they stand for."""
        self._listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._listing = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help page if no command is named."""
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing and not args:
            raise NoCommandGivenError(ctx)
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the named command; raises UsageError with the most similar name."""
        name = args[0]
        if name not in self.entries and not ctx.resilient_parsing and not name.startswith("-"):
            message = f"there is no command '{printable(name)}'"
            guess = did_you_mean(name, self.entries)
            listed = f"'{ctx.command_path} --help' lists the commands"
            raise UsageError(f"{message}; {guess or listed}")
        return super().resolve_command(ctx, args)

    def names_at(self, path: Sequence[str]) -> list[str]:
        """Return the names of the commands in the group at ``path``; a command has none."""
        entries = tuple(self.entries.values())
        for name in path:
            groups = [e for e in entries if e.name == name and isinstance(e, GroupEntry)]
            entries = groups[0].commands if groups else ()
        return [entry.name for entry in entries]

    def all_commands(self) -> Iterator[Any]:
        """Load every command below, one after another."""
        for name in self.entries:
            command = self.get_command(None, name)
            if isinstance(command, LazyGroup):
                yield from command.all_commands()
            else:
                yield command


def load_entry(entry: Entry) -> Any:
    """Return the command or group of an entry."""
    if isinstance(entry, GroupEntry):
        return LazyGroup(
            entry.name,
            entry.commands,
            help=entry.summary,
            params=parameters_of(global_options),
        )
    return load_command(entry)


def root_group(entries: tuple[Entry, ...]) -> LazyGroup:
    """Return the root group of the program, with the version and completion options."""
    parameters = [*parameters_of(root_options, completion=True), *parameters_of(global_options)]
    return LazyGroup(
        "rbrctl",
        entries,
        help=(
            "Keep the behaviour policy of a language model as code: write it as rules, check the "
            "rules, grade transcripts with them, compare versions, and make a reward for training."
        ),
        params=parameters,
    )
