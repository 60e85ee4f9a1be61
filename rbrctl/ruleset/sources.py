"""The places that rule files are read from: a folder, one file, or what ships with the package."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rbrctl.errors import FileError, UsageError, cannot
from rbrctl.ruleset.yaml_tree import MAX_BYTES
from rbrctl.suggestions import hint_for

BUILTIN_PREFIX = "builtin:"
GIT_PREFIX = "git:"
_IN_A_CHECKOUT = {"safety": "rules", "fixtures": "fixtures"}
BUILTIN_NAMES = tuple(_IN_A_CHECKOUT)
BUILTIN_RULES = ("safety",)
"""Those that are rule sets; the others are data."""
BUILTIN_DATA = ("fixtures",)
MAX_FILES = 10_000
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The raw content of one file, and the name that findings call it by."""

    name: str
    content: bytes


class Source(Protocol):
    """A place that rule files are read from."""

    @property
    def label(self) -> str:
        """What messages call it."""
        ...

    def files(self) -> list[SourceFile]:
        """Read all files of the set, in name order; raises FileError."""
        ...

    def base(self, path: str) -> "Source":
        """Open the base set that a ``base: PATH`` in this set names; raises UsageError."""
        ...


def builtin_path(spec: str, names: Collection[str] = BUILTIN_NAMES) -> Path:
    """Find what ships as ``builtin:NAME``, of ``names``; raises UsageError for any other."""
    name = spec.removeprefix(BUILTIN_PREFIX)
    if name not in names:
        raise UsageError(f"{spec}: there is no such built-in; {hint_for(name, names)}")
    package = Path(__file__).parent.parent
    # An installed wheel carries them inside the package; a checkout has them beside it.
    installed = package / "builtin" / name
    return installed if installed.is_dir() else package.parent / _IN_A_CHECKOUT[name]


def builtin_source(spec: str) -> "FolderSource":
    """Open the rule set that ships as ``builtin:NAME``; raises UsageError for an unknown name."""
    return FolderSource(builtin_path(spec, BUILTIN_RULES), spec)


def repository_root(folder: Path) -> Path:
    """Find the nearest folder above (or at) ``folder`` with ``.git``; else the folder itself."""
    resolved = folder.resolve()
    for candidate in (resolved, *resolved.parents):
        if (candidate / ".git").exists():
            return candidate
    return resolved


@dataclass(frozen=True, slots=True)
class FileSource:
    """One YAML file that is a whole rule set."""

    path: Path

    @property
    def label(self) -> str:
        """The path as it was given."""
        return str(self.path)

    def files(self) -> list[SourceFile]:
        """Read the file."""
        return [_read(self.path, self.label)]

    def base(self, path: str) -> Source:
        """Open a base beside the file."""
        return FolderSource(self.path.parent, str(self.path.parent)).base(path)


@dataclass(frozen=True, slots=True)
class TextSource:
    """A whole rule set that was read elsewhere, as from standard input."""

    label: str
    content: bytes

    def files(self) -> list[SourceFile]:
        """Give the text."""
        return [SourceFile(self.label, self.content)]

    def base(self, path: str) -> Source:
        """Open a base relative to the current folder."""
        return FolderSource(Path(), ".").base(path)


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A folder whose YAML files, at any depth, are one rule set."""

    path: Path
    label: str

    def files(self) -> list[SourceFile]:
        """Read all ``.yaml`` and ``.yml`` files below the folder that are not hidden."""
        found: list[str] = []
        for folder, subfolders, names in os.walk(self.path, onerror=_refuse):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            found += [
                os.path.relpath(os.path.join(folder, name), self.path)
                for name in names
                if name.endswith(SUFFIXES) and not name.startswith(".")
            ]
            if len(found) > MAX_FILES:
                raise FileError(f"{self.label}: more than {MAX_FILES:,} YAML files")
        root = repository_root(self.path)
        return [self._read_inside(name, root) for name in sorted(found)]

    def _read_inside(self, name: str, root: Path) -> SourceFile:
        path = self.path / name
        display = f"{self.label.rstrip('/')}/{name}" if self.label != "." else name
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise FileError(f"{display}: a link out of the repository; rule files stay inside it")
        return _read(path, display)

    def base(self, path: str) -> Source:
        """Open ``builtin:NAME`` or a folder relative to this one and inside its repository."""
        if path.startswith(BUILTIN_PREFIX):
            return builtin_source(path)
        target = (self.path / path).resolve()
        if not target.is_relative_to(repository_root(self.path)):
            raise UsageError(f"'{path}' is outside the repository; a base must stay inside it")
        if not target.is_dir():
            raise UsageError(f"'{path}' is not a folder; a base is 'builtin:NAME' or a folder")
        display = os.path.relpath(target)
        return FolderSource(Path(display), display)


def _refuse(error: OSError) -> None:
    raise cannot("read", error.filename, error) from error


def read_rule_file(path: Path, display: str) -> bytes:
    """
    Read a rule file; of one that is too large, only as much as shows it.

    Whoever parses it reports a content of more than MAX_BYTES. Raises FileError for what is
    unreadable or no regular file: a pipe or a device could be without an end.
    """
    try:
        if not path.is_file():
            raise FileError(f"{display}: not a regular file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise cannot("read", display, error) from error


def _read(path: Path, display: str) -> SourceFile:
    return SourceFile(display, read_rule_file(path, display))
