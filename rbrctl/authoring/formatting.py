"""
The canonical form of a rule file: the order of keys, spaces, blank lines and wrapping.

Every step is an edit of the text. After each the result is parsed again and held against what was
there: the same values and the same comments, or the step is undone.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rbrctl.authoring.format_steps import reordered, spaced, tidy_lines, with_blank_lines, wrapped
from rbrctl.authoring.parsed_text import ParsedText, parse_text
from rbrctl.errors import FileError, NothingMatchedError, RuleSetError, UsageError
from rbrctl.records.files import replacing
from rbrctl.ruleset.sources import (
    BUILTIN_PREFIX,
    GIT_PREFIX,
    FolderSource,
    SourceFile,
    read_rule_file,
)
from rbrctl.ruleset.yaml_tree import MAX_BYTES, Node, plain

Step = Callable[[ParsedText], list[str] | None]

_STEPS: tuple[Step, ...] = (tidy_lines, spaced, reordered, wrapped, with_blank_lines, tidy_lines)
# Ordering takes a round for each of three levels, every other step one.
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file's canonical text."""

    file: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """True if the file was not in its canonical form."""
        return self.before != self.after


def format_text(text: str, file: str) -> Formatted:
    """
    Bring one file into its canonical form.

    Raises RuleSetError where it is not the YAML that we read.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    current = text.removeprefix(mark).replace("\r\n", "\n").replace("\r", "\n")
    parse_text(text.removeprefix(mark), file)
    for step in _STEPS:
        current = _repeated(step, current, file)
    return Formatted(file, text, current)


def _repeated(step: Step, text: str, file: str) -> str:
    """Apply a step until it has nothing more to do."""
    for _ in range(_MOST_ROUNDS):
        parsed = parse_text(text, file)
        lines = step(parsed)
        after = text if lines is None else "\n".join(lines)
        if after == text or not _same(parsed, after, file):
            return text
        text = after
    return text


def _same(before: ParsedText, after: str, file: str) -> bool:
    """Return whether a text has the values and the comments of another."""
    try:
        parsed = parse_text(after, file)
    except RuleSetError:
        return False
    return _values(before.root) == _values(parsed.root) and Counter(before.comments()) == Counter(
        parsed.comments()
    )


def _values(root: Node | None) -> object:
    return None if root is None else plain(root)


def format_path(path: str, within: Path | None = None) -> list[Formatted]:
    """
    Format a file, or all YAML files below a folder, without writing anything.

    Symbolic links are not followed out of the folder, nor out of ``within``, the folder that the
    user stands in where the path is only a default.

    Raises FileError or UsageError where it cannot be read, NothingMatchedError where a folder has
    no YAML files, RuleSetError for what is not YAML.
    """
    if within is not None:
        _check_inside(path, within)
    return [format_text(_text(file), file.name) for file in _files(path)]


def write(formatted: Formatted) -> None:
    """Put a file's canonical text in the place of the old one, whole or not at all."""
    with replacing(formatted.file) as stream:
        stream.write(formatted.after.encode("utf-8"))


def _files(path: str) -> list[SourceFile]:
    if path.startswith((BUILTIN_PREFIX, GIT_PREFIX)):
        raise UsageError(f"{path}: only files can be formatted; name a folder or a file")
    place = Path(path)
    if place.is_dir():
        files = FolderSource(place, path).files()
        for file in files:
            _check_inside(file.name, place)
        if not files:
            raise NothingMatchedError(f"{path}: no YAML files; a rule set needs at least one")
        return files
    if not place.is_file():
        raise FileError(f"{path}: no such file or folder; name a rule set's folder")
    _check_inside(path, place.parent)
    return [SourceFile(path, read_rule_file(place, path))]


def _check_inside(file: str, folder: Path) -> None:
    """Raise FileError if a file is a symbolic link out of the folder that was given."""
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise FileError(
            f"{file}: a symbolic link out of {folder}, and only files inside it are formatted; "
            "name the file that it leads to"
        )


def _text(file: SourceFile) -> str:
    if len(file.content) > MAX_BYTES:
        raise FileError(f"{file.name}: larger than {MAX_BYTES // 2**20} MB; split the file")
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError:
        raise FileError(f"{file.name}: not UTF-8; save the file as UTF-8") from None
