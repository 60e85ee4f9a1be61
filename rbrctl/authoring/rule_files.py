"""The YAML files of a folder, brought into canonical form and written back."""

from pathlib import Path

from rbrctl.authoring.formatting import Formatted, format_text
from rbrctl.errors import FileError, NothingMatchedError, UsageError
from rbrctl.records.files import replacing
from rbrctl.ruleset.sources import (
    BUILTIN_PREFIX,
    GIT_PREFIX,
    FolderSource,
    SourceFile,
    read_rule_file,
)
from rbrctl.ruleset.yaml_tree import MAX_BYTES


def format_path(path: str) -> list[Formatted]:
    """
    Format a file, or all YAML files below a folder, without writing anything.

    Raises FileError or UsageError where it cannot be read, NothingMatchedError where a folder has
    no YAML files, RuleSetError for what is not YAML.
    """
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
        if not files:
            raise NothingMatchedError(f"{path}: no YAML files; a rule set has some")
        return files
    if not place.is_file():
        raise FileError(f"{path}: no such file or folder; name a rule set's folder")
    return [SourceFile(path, read_rule_file(place, path))]


def _text(file: SourceFile) -> str:
    if len(file.content) > MAX_BYTES:
        raise FileError(f"{file.name}: larger than {MAX_BYTES // 2**20} MB; split the file")
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError:
        raise FileError(f"{file.name}: not UTF-8; save the file as UTF-8") from None
