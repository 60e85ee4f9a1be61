"""
Reviewed changes of the rules that a repository has accepted, in ``.rbrctl-accepted.yaml``.

Each entry names one change and the digests of both versions of the rules, so that it ends with the
next change. Whoever writes a change could accept it as well; entries therefore count only where
they stand on the old side, and those that came with the change are shown first.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbrctl.diff.revisions import Revision
from rbrctl.errors import FileError, UsageError
from rbrctl.records.files import read_whole, replacing
from rbrctl.ruleset.git_source import GitSource
from rbrctl.ruleset.sources import FileSource, FolderSource, RuleSource, repository_root
from rbrctl.ruleset.yaml_tree import YamlProblem, parse_yaml, plain

FILE = ".rbrctl-accepted.yaml"
"""The name of the file, at the root of the repository that the rules lie in."""

MAX_BYTES = 1024 * 1024

_HEAD = """\
# Reviewed changes of the rules, written by 'rbrctl diff --accept ID --reason TEXT'.
# An entry holds for the change between exactly these two digests, and may be deleted afterwards.
# Let CODEOWNERS require a review of this file.
accepted:
"""
_KEYS = ("id", "old", "new", "reason")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One change that was reviewed, between two versions of the rules."""

    id: str
    """``rule:ID``, ``class:NAME``, ``category:NAME`` or ``name:NAME``."""
    old: str
    """The digest of the old version."""
    new: str
    reason: str


@dataclass(frozen=True, slots=True)
class Acceptances:
    """The acceptances of one change: those that stood before it, and those that came with it."""

    standing: tuple[Acceptance, ...] = ()
    fresh: tuple[Acceptance, ...] = ()


def acceptances_between(old: Revision, new: Revision) -> Acceptances:
    """Return the acceptances that name the digests of both revisions. Raise FileError."""
    digests = (old.ruleset.digest, new.ruleset.digest)

    def of(revision: Revision) -> tuple[Acceptance, ...]:
        found = read_acceptances(revision.source)
        return tuple(each for each in found if (each.old, each.new) == digests)

    standing = of(old)
    return Acceptances(standing, tuple(each for each in of(new) if each not in standing))


def read_acceptances(source: RuleSource | None) -> tuple[Acceptance, ...]:
    """Return what the repository of a rule set accepts, as it stands there. Raise FileError."""
    if isinstance(source, GitSource):
        content = source.git.file(source.commit, FILE)
        return () if content is None else _parse(content, f"{FILE} of {source.label}")
    path = acceptance_path(source)
    if path is None or not path.is_file():
        return ()
    return _parse(read_whole(path, MAX_BYTES), str(path))


def acceptance_path(source: RuleSource | None) -> Path | None:
    """Return where the repository of a rule set keeps the file; None for what is in no folder."""
    if not isinstance(source, FolderSource | FileSource):
        return None
    folder = source.path if isinstance(source, FolderSource) else source.path.parent
    return repository_root(folder) / FILE


def _parse(content: bytes, name: str) -> tuple[Acceptance, ...]:
    try:
        root, findings = parse_yaml(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        raise FileError(f"{name}: not UTF-8") from None
    except YamlProblem as problem:
        root, findings = None, [problem.finding]
    if findings:
        raise FileError(f"{findings[0].place}: {findings[0].message}")
    if root is None:
        return ()
    document = plain(root)
    entries = document.get("accepted") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise FileError(f"{name}: begin it with 'accepted:' and a list")
    return tuple(_entry(entry, name) for entry in entries)


def _entry(entry: Any, name: str) -> Acceptance:
    if not isinstance(entry, dict) or set(entry) != set(_KEYS):
        raise FileError(f"{name}: each entry has the keys {', '.join(_KEYS)} and no others")
    values = [entry[key] for key in _KEYS]
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise FileError(f"{name}: {', '.join(_KEYS)} are texts that are not empty")
    return Acceptance(*values)


def accept(
    ids: Iterable[str], reason: str, old: Revision, new: Revision, known: Iterable[str]
) -> Path:
    """
    Add the acceptance of changes to the file in the new side's repository, and return its path.

    ``ids`` are ids of ``known``, or names that one of these ends with. Raises UsageError for any
    other and where the new side lies in no folder, and FileError.
    """
    if not reason.strip():
        raise UsageError("--accept needs --reason TEXT, which says why the change is right")
    path = acceptance_path(new.source)
    if path is None:
        raise UsageError(f"--accept writes {FILE} beside the new rules; NEW must be a folder")
    resolved = [_resolved(each, list(dict.fromkeys(known))) for each in ids]
    entries = [*read_acceptances(new.source)] if path.exists() else []
    for id in resolved:
        made = Acceptance(id, old.ruleset.digest, new.ruleset.digest, reason.strip())
        same = (made.id, made.old, made.new)
        entries = [each for each in entries if (each.id, each.old, each.new) != same] + [made]
    _write(path, entries)
    return path


def _resolved(asked: str, known: list[str]) -> str:
    matches = [id for id in known if asked in (id, id.partition(":")[2])]
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(matches or known) or "none"
    if matches:
        raise UsageError(f"--accept {asked}: more than one change has this name: {listed}")
    raise UsageError(f"--accept {asked}: this change is not there to accept; there are {listed}")


def _write(path: Path, entries: list[Acceptance]) -> None:
    if path.is_symlink():
        raise FileError(f"{path}: a link; the file must be in the repository itself")
    # JSON's strings are YAML's as well, and need no other quoting.
    lines = [
        "".join(
            f"{'  - ' if key == 'id' else '    '}{key}: "
            f"{json.dumps(getattr(entry, key), ensure_ascii=False)}\n"
            for key in _KEYS
        )
        for entry in entries
    ]
    with replacing(path) as stream:
        stream.write((_HEAD + "".join(lines)).encode("utf-8"))
