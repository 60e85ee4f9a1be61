"""
Options from files: ``[tool.rbrctl]`` in ``pyproject.toml``, or ``rbrctl.toml``.

A key is the long name of an option (``min-accuracy`` or ``min_accuracy``) and sets it for every
command that has it; a table named after a command (``[tool.rbrctl.grade]``,
``[tool.rbrctl.grader.train]``) sets it there alone and wins. Options given on the command line and
``RBRCTL_*`` variables win over both. The user's own ``~/.config/rbrctl/config.toml`` is read in the
same way and yields to the repository's file. That one is untrusted: what it may set, and within
which bounds, is declared in ``option_trust``.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbrctl.cli.option_trust import TRUST
from rbrctl.cli.parameters import is_flag, is_path, options_by_name
from rbrctl.cli.repository_settings import RepositorySetting, check_option, check_value
from rbrctl.errors import UsageError, cannot
from rbrctl.wording import did_you_mean

MAX_SETTINGS_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """One file's settings, as they stand in it."""

    path: Path
    table: Mapping[str, Any]
    own: bool
    """True for the user's own file, false for one from a repository."""

    def place(self, key: str) -> str:
        """Return ``file:line`` of the first line that sets a key, or the file alone."""
        pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except OSError:
            lines = []
        for number, line in enumerate(lines, start=1):
            if pattern.match(line):
                return f"{self.path}:{number}"
        return str(self.path)

    def repository_setting(self, key: str) -> RepositorySetting:
        """Return a key of this file for the checks that hold for a repository's files."""
        from rbrctl.ruleset.sources import repository_root

        root = repository_root(self.path.parent)
        return RepositorySetting(_option(key), key, self.place(key), root)


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        # A device or a pipe could have no end.
        if not path.is_file():
            raise UsageError(f"{path} is not a regular file; settings must be in a TOML file")
        with path.open("rb") as file:
            content = file.read(MAX_SETTINGS_BYTES + 1)
        if len(content) > MAX_SETTINGS_BYTES:
            raise UsageError(f"{path} is larger than {MAX_SETTINGS_BYTES // 2**20} MB")
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise cannot("read", path, error) from error


def _tool_table(path: Path, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tool = data.get("tool", {})
    table = tool.get("rbrctl") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: 'tool.rbrctl' is not a table; write it as [tool.rbrctl]")
    return table


def _folder_file(folder: Path) -> ConfigurationFile | None:
    path = folder / "rbrctl.toml"
    if path.is_file():
        data = _parse(path)
        table = _tool_table(path, data)
        return ConfigurationFile(path, data if table is None else table, own=False)
    path = folder / "pyproject.toml"
    if path.is_file():
        table = _tool_table(path, _parse(path))
        if table is not None:
            return ConfigurationFile(path, table, own=False)
    return None


def repository_file(start: Path) -> ConfigurationFile | None:
    """
    Find the nearest configuration from ``start`` up to its repository's root.

    Outside of a repository only ``start`` itself is looked at: a file that someone left in a
    shared parent folder is nobody's choice. ``rbrctl.toml`` wins over ``pyproject.toml``.
    """
    folders = [start, *start.parents]
    roots = [number for number, folder in enumerate(folders) if (folder / ".git").exists()]
    for folder in folders[: roots[0] + 1] if roots else [start]:
        found = _folder_file(folder)
        if found is not None:
            return found
    return None


def own_file(environment: Mapping[str, str]) -> ConfigurationFile | None:
    """Find the user's own ``rbrctl/config.toml`` under XDG_CONFIG_HOME or ``~/.config``."""
    base = environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    path = Path(base) / "rbrctl" / "config.toml"
    if not os.path.isabs(base) or not path.is_file():
        return None
    return ConfigurationFile(path, _parse(path), own=True)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for an option, and where it comes from."""

    value: Any
    source: str
    own: bool = True
    """True where the user set it, false where a file in a repository did."""


class Reader:
    """Reads the settings of one command, and refuses keys that no command has."""

    def __init__(self, path: Sequence[str], parameters: Sequence[Any], root: Any) -> None:
        """Read for the command at ``path`` with these parameters, in the program ``root``."""
        self.path = path
        self.root = root
        self.options = options_by_name(parameters)
        self._others: Iterator[Any] | None = None
        self._elsewhere: set[str] = set()

    def read(
        self, file: ConfigurationFile, own: Mapping[str, Setting] | None = None
    ) -> dict[str, Setting]:
        """
        Return a file's settings by option; those of an inner table win.

        ``own`` are the user's own settings, which a repository's file may only make stricter.
        """
        found: dict[str, Setting] = {}
        table: Any = file.table
        for depth in range(len(self.path) + 1):
            for key, value in table.items():
                if isinstance(value, dict):
                    self._check_table(file, (*self.path[:depth], key))
                    continue
                self._check_key(file, key, value, own_table=depth == len(self.path))
                parameter = self.options.get(_option(key))
                if parameter is not None:
                    read = _value(parameter, key, value, file)
                    if not file.own:
                        users = (own or {}).get(_option(key))
                        checked = file.repository_setting(key)
                        check_value(checked, parameter, read, users and users.value)
                    found[_option(key)] = Setting(read, file.place(key), file.own)
            table = table.get(self.path[depth], {}) if depth < len(self.path) else {}
            if not isinstance(table, dict):
                # An option may share a group's name: then there is no table for the group.
                table = {}
        return found

    def _check_table(self, file: ConfigurationFile, path: Sequence[str]) -> None:
        names = self.root.names_at(path[:-1])
        if path[-1] not in names:
            name = ".".join(path)
            raise UsageError(
                f"{file.path}: the table '{name}' names no command" + _guess(path[-1], names)
            )

    def _check_key(self, file: ConfigurationFile, key: str, value: Any, own_table: bool) -> None:
        option = _option(key)
        if not file.own:
            check_option(file.repository_setting(key), value, known=option in self.options)
        if option in self.options or (not own_table and self._exists(option)):
            return
        raise UsageError(
            f"{file.place(key)}: there is no option '{key}'"
            + _guess(option, [*self.options, *self._elsewhere])
        )

    def _exists(self, option: str) -> bool:
        # Other commands are loaded one by one, and only until one has the option.
        if option in TRUST:
            return True
        if self._others is None:
            self._others = self.root.all_commands()
        while option not in self._elsewhere:
            command = next(self._others, None)
            if command is None:
                return False
            self._elsewhere.update(options_by_name(command.params))
        return True


def _option(key: str) -> str:
    return key.replace("_", "-")


def _guess(name: str, known: Sequence[str]) -> str:
    guess = did_you_mean(name, known)
    return f"; {guess}" if guess else ""


def _value(parameter: Any, key: str, value: Any, file: ConfigurationFile) -> Any:
    """Turn a TOML value into what the command line would have said."""
    if is_flag(parameter):
        if not isinstance(value, bool):
            raise UsageError(f"{file.place(key)}: '{key}' is a flag; write true or false")
        return value
    if getattr(parameter, "multiple", False) or parameter.nargs == -1:
        items = value if isinstance(value, list) else [value]
        return [_scalar(parameter, key, item, file) for item in items]
    return _scalar(parameter, key, value, file)


def _scalar(parameter: Any, key: str, value: Any, file: ConfigurationFile) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{file.place(key)}: '{key}' needs a string or a number")
    if isinstance(value, str) and is_path(parameter) and ":" not in value and value != "-":
        # A path in a file is relative to that file, wherever the command runs.
        return os.path.relpath(file.path.parent / value)
    return str(value)


def defaults(path: Sequence[str], parameters: Sequence[Any], root: Any) -> dict[str, Setting]:
    """
    Return the configured settings of the command at ``path``, by the names of its parameters.

    Raises UsageError for a key that no command has and for a key that a repository may not set, and
    FileError for a file that cannot be read.
    """
    reader = Reader(path, parameters, root)
    found: dict[str, Setting] = {}
    for file in (own_file(os.environ), repository_file(Path.cwd())):
        if file is not None:
            found.update(reader.read(file, dict(found)))
    return {reader.options[option].name: setting for option, setting in found.items()}


class LazyDefaults(Mapping[str, Any]):
    """Configured defaults that are read when the parser first asks: ``--help`` never does."""

    def __init__(self, read: Callable[[], dict[str, Setting]]) -> None:
        """Call ``read`` once, when something is asked."""
        self._read = read
        self._settings: dict[str, Setting] | None = None

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings with their places."""
        if self._settings is None:
            self._settings = self._read()
        return self._settings

    def __getitem__(self, name: str) -> Any:
        """Return the configured value of a parameter."""
        return self.settings[name].value

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the parameters that are configured."""
        return iter(self.settings)

    def __len__(self) -> int:
        """Count the parameters that are configured."""
        return len(self.settings)

    def sets_untrusted(self, name: str) -> bool:
        """Return True if a file in a repository sets the parameter of that name."""
        return name in self.settings and not self.settings[name].own
