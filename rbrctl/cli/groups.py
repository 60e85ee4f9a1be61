"""Groups of commands that import a command's module only when it is asked for."""

from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperGroup

from rbrctl.cli.command import load_command, stand_in
from rbrctl.cli.options import global_options, root_options
from rbrctl.cli.parameters import parameters_of
from rbrctl.cli.registry import Entry, GroupEntry
from rbrctl.errors import UsageError
from rbrctl.reports.terminal import printable
from rbrctl.wording import did_you_mean


class NoCommandGivenError(Exception):
    """A group was named, but none of its commands: the answer is its help page."""

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
        """Give the names in the registry's order."""
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command, or give a stand-in where only its name and summary are asked for."""
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
        """Show help where nothing was asked."""
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing and not args:
            raise NoCommandGivenError(ctx)
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is meant; raises UsageError naming the closest one."""
        name = args[0]
        if name not in self.entries and not ctx.resilient_parsing and not name.startswith("-"):
            message = f"there is no command '{printable(name)}'"
            guess = did_you_mean(name, self.entries)
            listed = f"'{ctx.command_path} --help' lists what there is"
            raise UsageError(f"{message}; {guess or listed}")
        return super().resolve_command(ctx, args)

    def names_at(self, path: Sequence[str]) -> list[str]:
        """Give the names of the commands in the group at ``path``; none below a command."""
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
    """Make the command or group that an entry stands for."""
    if isinstance(entry, GroupEntry):
        return LazyGroup(
            entry.name,
            entry.commands,
            help=entry.summary,
            params=parameters_of(global_options),
        )
    return load_command(entry)


def root_group(entries: tuple[Entry, ...]) -> LazyGroup:
    """Make the program's own group, with its version and completion options."""
    parameters = [*parameters_of(root_options, completion=True), *parameters_of(global_options)]
    return LazyGroup(
        "rbrctl",
        entries,
        help=(
            "Keep a language model's behaviour policy as code: write it as rules, check it, "
            "grade transcripts by it, compare its versions, and make a reward of it."
        ),
        params=parameters,
    )
