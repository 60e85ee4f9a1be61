"""
Options from files: ``[tool.rbrctl]`` in ``pyproject.toml``, or ``rbrctl.toml``.

A key is the long name of an option (``min-accuracy`` or ``min_accuracy``) and sets it for every
command that has it; a table named after a command (``[tool.rbrctl.grade]``,
``[tool.rbrctl.grader.train]``) sets it there alone and wins. Options given on the command line and
``RBRCTL_*`` variables win over both. The user's own ``~/.config/rbrctl/config.toml`` is read in the
same way and yields to the repository's file, except for what may send a key somewhere: that is
taken from the user's own file only.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rbrctl.cli.parameters import environment_name, is_flag, is_path, options_by_name
from rbrctl.errors import FileError, UsageError
from rbrctl.reports.terminal import printable

PRIVATE_OPTIONS = frozenset({"base-url", "api-key-env", "header", "headers", "proxy"})
"""What may send a key somewhere: a pull request must not be able to redirect a CI secret."""


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """One file's settings, as they stand in it."""

    path: Path
    table: Mapping[str, Any]
    title: str
    """How the table is called in messages: ``[tool.rbrctl]`` or nothing."""
    own: bool
    """True for the user's own file, false for one from a repository."""

    def place(self, key: str) -> str:
        """Give ``file:line`` of a key: the first line that sets it, or the file alone."""
        pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except OSError:
            lines = []
        for number, line in enumerate(lines, start=1):
            if pattern.match(line):
                return f"{self.path}:{number}"
        return str(self.path)


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error


def _tool_table(path: Path, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tool = data.get("tool", {})
    table = tool.get("rbrctl") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: [tool.rbrctl] is not a table")
    return table


def _folder_file(folder: Path) -> ConfigurationFile | None:
    path = folder / "rbrctl.toml"
    if path.is_file():
        data = _parse(path)
        table = _tool_table(path, data)
        if table is None:
            return ConfigurationFile(path, data, "", own=False)
        return ConfigurationFile(path, table, "[tool.rbrctl] ", own=False)
    path = folder / "pyproject.toml"
    if path.is_file():
        table = _tool_table(path, _parse(path))
        if table is not None:
            return ConfigurationFile(path, table, "[tool.rbrctl] ", own=False)
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
    return ConfigurationFile(path, _parse(path), "", own=True)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for an option, and where it comes from."""

    value: Any
    source: str


def _normalised(key: str) -> str:
    return key.replace("_", "-")


def _settings(
    file: ConfigurationFile, path: Sequence[str], known: "KnownOptions"
) -> dict[str, Setting]:
    """Give the settings of one file for the command at ``path``, the innermost table winning."""
    found: dict[str, Setting] = {}
    table: Any = file.table
    for depth in range(len(path) + 1):
        for key, value in table.items():
            if isinstance(value, dict):
                known.check_table(file, (*path[:depth], key))
                continue
            option = _normalised(key)
            known.check_option(file, path[:depth], key)
            if option in PRIVATE_OPTIONS and not file.own:
                raise UsageError(_redirect_message(file, key))
            if option in known.of_command:
                place = file.place(key)
                parameter = known.of_command[option]
                found[option] = Setting(_value(parameter, value, key, place, file), place)
        table = table.get(path[depth], {}) if depth < len(path) else {}
    return found


def _redirect_message(file: ConfigurationFile, key: str) -> str:
    option = _normalised(key)
    return (
        f"{file.place(key)}: '{key}' may not be set by a file in a repository, since it could send "
        f"a key elsewhere; use --{option}, {environment_name(option)}, or your own "
        "~/.config/rbrctl/config.toml"
    )


def _value(parameter: Any, value: Any, key: str, place: str, file: ConfigurationFile) -> Any:
    """Turn a TOML value into what the command line would have said."""
    several = bool(getattr(parameter, "multiple", False))
    if is_flag(parameter):
        if not isinstance(value, bool):
            raise UsageError(f"{place}: '{key}' is a switch: write true or false")
        return value
    if several:
        return [
            _scalar(parameter, item, key, place, file)
            for item in (value if isinstance(value, list) else [value])
        ]
    return _scalar(parameter, value, key, place, file)


def _scalar(parameter: Any, value: Any, key: str, place: str, file: ConfigurationFile) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{place}: '{key}' takes one value: write a string or a number")
    if isinstance(value, str) and is_path(parameter) and ":" not in value and value != "-":
        return os.path.relpath(file.path.parent / value)
    return str(value)


class KnownOptions:
    """The options that exist: those of the command at hand, and, if need be, of all others."""

    def __init__(self, parameters: Sequence[Any]) -> None:
        """Start from the parameters of the command at hand."""
        self.of_command = options_by_name(parameters)
        self._others: Iterator[tuple[tuple[str, ...], Any]] | None = None
        self._elsewhere: set[str] = set()

    def check_table(self, file: ConfigurationFile, path: Sequence[str]) -> None:
        """Raise UsageError where no command or group has the name of a table."""
        from rbrctl.cli.registry import names_at

        names = names_at(path[:-1])
        if path[-1] not in names:
            raise UsageError(
                f"{file.path}: [{'.'.join(path)}]: there is no such command"
                + _did_you_mean(path[-1], names)
            )

    def check_option(self, file: ConfigurationFile, path: Sequence[str], key: str) -> None:
        """Raise UsageError where a key is no option of any command that its table is for."""
        option = _normalised(key)
        if option in self.of_command or option in PRIVATE_OPTIONS or self._found(option):
            return
        names = [*self.of_command, *self._elsewhere]
        raise UsageError(
            f"{file.place(key)}: {file.title}there is no option '{printable(key)}'"
            + _did_you_mean(option, names)
        )

    def _found(self, option: str) -> bool:
        # Other commands are loaded one by one, and only until one has the option.
        if self._others is None:
            from rbrctl.cli.groups import all_commands

            self._others = all_commands()
        while option not in self._elsewhere:
            following = next(self._others, None)
            if following is None:
                return False
            self._elsewhere.update(options_by_name(following[1].params))
        return True


def _did_you_mean(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def defaults(path: Sequence[str], parameters: Sequence[Any]) -> dict[str, Setting]:
    """
    Give the configured settings for a command, by the names of its function's parameters.

    Raises UsageError for what no command understands and for what a repository may not set,
    FileError for a file that cannot be read.
    """
    known = KnownOptions(parameters)
    found: dict[str, Setting] = {}
    for file in (own_file(os.environ), repository_file(Path.cwd())):
        if file is not None:
            found.update(_settings(file, path, known))
    return {known.of_command[option].name: setting for option, setting in found.items()}


class LazyDefaults(Mapping[str, Any]):
    """Configured defaults that are read when the parser first asks: ``--help`` never does."""

    def __init__(self, path: Sequence[str], parameters: Sequence[Any]) -> None:
        """Serve the command at ``path``."""
        self._path = path
        self._parameters = parameters
        self._loaded: dict[str, Setting] | None = None

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings with their places."""
        if self._loaded is None:
            self._loaded = defaults(self._path, self._parameters)
        return self._loaded

    def __getitem__(self, name: str) -> Any:
        """Give a parameter's configured value."""
        return self.settings[name].value

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the parameters that are configured."""
        return iter(self.settings)

    def __len__(self) -> int:
        """Count the parameters that are configured."""
        return len(self.settings)
