"""
The commands that exist: a name, the one line that help shows, and the module that holds it.

A command is added by one line here and one module, ``rbrctl/cli/commands/NAME.py`` (for a command
of a group ``GROUP_NAME.py``), which defines a function ``command``. Nothing of the module is
imported before the command is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command that is listed without importing it."""

    name: str
    summary: str
    module: str
    """Its module's name within ``rbrctl.cli.commands``."""


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A group of commands."""

    name: str
    summary: str
    commands: tuple[CommandEntry, ...] = field(default=())


Entry = CommandEntry | GroupEntry

ENTRIES: tuple[Entry, ...] = ()


def names_at(path: Sequence[str], entries: tuple[Entry, ...] | None = None) -> list[str]:
    """Give the names of the commands and groups in the group at ``path``; none below a command."""
    level = ENTRIES if entries is None else entries
    for name in path:
        groups = [entry for entry in level if entry.name == name and isinstance(entry, GroupEntry)]
        level = groups[0].commands if groups else ()
    return [entry.name for entry in level]
