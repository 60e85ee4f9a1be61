"""From what a user calls a rule set to the source of its files."""

import os
import re
from pathlib import Path

from rbrctl.errors import FileError, cannot
from rbrctl.ruleset.sources import (
    BUILTIN_PREFIX,
    GIT_PREFIX,
    SUFFIXES,
    FileSource,
    FolderSource,
    Source,
    builtin_source,
    read_rule_file,
    repository_root,
)

_ROOT_KEY = re.compile(rb"^rbrctl[ \t]*:", re.MULTILINE)


def open_source(spec: str | Path) -> Source:
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
