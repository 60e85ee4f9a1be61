"""The places that rule files are read from: a folder, one file, or what ships with the package."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rbrctl.errors import FileError, UsageError, cannot
from rbrctl.ruleset.yaml_tree import MAX_BYTES
from rbrctl.wording import hint_for

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


class RuleSource(Protocol):
    """A place that rule files are read from."""

    @property
    def label(self) -> str:
        """Name of the source in messages."""
        ...

    def files(self) -> list[SourceFile]:
        """Read all files of the set, in name order; raises FileError."""
        ...

    def base(self, path: str) -> "RuleSource":
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

    def base(self, path: str) -> RuleSource:
        """Open a base beside the file."""
        return FolderSource(self.path.parent, str(self.path.parent)).base(path)


@dataclass(frozen=True, slots=True)
class TextSource:
    """A whole rule set that was read elsewhere, as from standard input."""

    label: str
    content: bytes

    def files(self) -> list[SourceFile]:
        """Return the text."""
        return [SourceFile(self.label, self.content)]

    def base(self, path: str) -> RuleSource:
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

    def base(self, path: str) -> RuleSource:
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


_ROOT_KEY = re.compile(rb"^rbrctl[ \t]*:", re.MULTILINE)


def open_source(spec: str | Path) -> RuleSource:
    """
    Open a rule set's source: a folder, a YAML file, ``builtin:NAME`` or ``git:REVISION:PATH``.

    A file that belongs to a folder's set (the nearest folder above it, inside the repository, in
    which exactly one file has the key ``rbrctl``) opens that whole set. Raises FileError or
    UsageError.
    """
    text = str(spec)
    if text.startswith(BUILTIN_PREFIX):
        return builtin_source(text)
    if text.startswith(GIT_PREFIX):
        # Few sets come from git, and a start-up need not wait for it.
        from rbrctl.ruleset.git_source import open_git_source

        return open_git_source(text)
    path = Path(spec)
    try:
        if path.is_dir():
            return FolderSource(path, text)
        if path.is_file():
            return _source_of_file(path)
        if path.exists():
            raise FileError(f"{text}: neither a folder nor a file; name a rule set's folder")
    except OSError as error:
        raise cannot("read", text, error) from error
    raise FileError(f"{text}: no such file or folder; name a rule set's folder or 'builtin:safety'")


def _source_of_file(path: Path) -> FolderSource | FileSource:
    root = repository_root(path.parent)
    folder = path.resolve().parent
    while folder == root or root in folder.parents:
        roots = [each for each in _yaml_files_in(folder) if _has_root_key(each)]
        if len(roots) == 1:
            display = os.path.relpath(folder)
            return FolderSource(Path(display), display)
        if roots or folder == root:
            break
        folder = folder.parent
    return FileSource(path)


def _yaml_files_in(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix in SUFFIXES and each.is_file())


def _has_root_key(path: Path) -> bool:
    try:
        return _ROOT_KEY.search(read_rule_file(path, str(path))) is not None
    except FileError:
        return False
