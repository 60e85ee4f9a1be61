"""A rule set as it stands in a commit: ``git:REVISION:PATH``, or its merge base with three dots."""

import posixpath
from dataclasses import dataclass
from pathlib import Path

from rbrctl.errors import FileError, UsageError
from rbrctl.ruleset.git_commands import LINK_MODE, Git, TreeEntry
from rbrctl.ruleset.sources import (
    BUILTIN_PREFIX,
    GIT_PREFIX,
    MAX_FILES,
    RuleSource,
    SourceFile,
    builtin_source,
)
from rbrctl.ruleset.yaml_tree import MAX_BYTES

_MERGE_BASE = "..."
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class GitSource:
    """The YAML files at or below a path of a commit."""

    git: Git
    commit: str
    path: str
    """From the repository's root; empty for the root."""
    label: str

    def files(self) -> list[SourceFile]:
        """Read the files that are not hidden, in name order; raises FileError."""
        entries = [
            entry for entry in self.git.entries(self.commit, self.path) if self._wanted(entry)
        ]
        if len(entries) > MAX_FILES:
            raise FileError(f"{self.label}: more than {MAX_FILES:,} YAML files")
        for entry in entries:
            if entry.mode == LINK_MODE:
                raise FileError(
                    f"{self._display(entry)}: a link; rule files of a commit are files themselves"
                )
            if entry.size > MAX_BYTES:
                raise FileError(f"{self._display(entry)}: larger than {MAX_BYTES // 2**20} MB")
        entries.sort(key=self._relative)
        return [
            SourceFile(self._display(entry), content)
            for entry, content in zip(entries, self.git.blobs(entries), strict=True)
        ]

    def _relative(self, entry: TreeEntry) -> str:
        return entry.path if not self.path else entry.path.removeprefix(self.path).lstrip("/")

    def _wanted(self, entry: TreeEntry) -> bool:
        relative = self._relative(entry)
        if not relative:
            return True
        hidden = any(part.startswith(".") for part in relative.split("/"))
        return relative.endswith(_SUFFIXES) and not hidden

    def _display(self, entry: TreeEntry) -> str:
        relative = self._relative(entry)
        return f"{self.label.rstrip('/')}/{relative}" if relative else self.label

    def base(self, path: str) -> RuleSource:
        """Open ``builtin:NAME``, or a folder of the same commit relative to this one."""
        if path.startswith(BUILTIN_PREFIX):
            return builtin_source(path)
        target = posixpath.normpath(posixpath.join(self.path, path))
        if path.startswith("/") or target == ".." or target.startswith("../"):
            raise UsageError(f"'{path}' is outside the repository; a base must stay inside it")
        target = "" if target == "." else target
        revision = self.label.removeprefix(GIT_PREFIX).partition(":")[0]
        label = f"{GIT_PREFIX}{revision}:{target}"
        if not self.git.entries(self.commit, target):
            raise UsageError(f"'{path}' is not a folder of this commit; there is no {label}")
        return GitSource(self.git, self.commit, target, label)


def open_git_source(spec: str, folder: Path | None = None) -> GitSource:
    """
    Open ``git:REVISION:PATH``, or ``git:REVISION...:PATH`` for its merge base with HEAD.

    As in git itself, PATH counts from the repository's root, and from ``folder`` (by default the
    current one) where it begins with ``./`` or ``../``. Raises UsageError.
    """
    here = Path.cwd() if folder is None else folder
    revision, colon, path = spec.removeprefix(GIT_PREFIX).partition(":")
    if not revision or not colon:
        raise UsageError(
            f"'{spec}' is not 'git:REVISION:PATH', such as 'git:main:rules' or 'git:main...:rules'"
        )
    git = Git(here)
    if revision.endswith(_MERGE_BASE):
        commit = git.merge_base(revision.removesuffix(_MERGE_BASE))
    else:
        commit = git.commit(revision)
    from_root = posixpath.normpath(
        posixpath.join(git.prefix(here), path) if path.startswith(("./", "../")) else path or "."
    )
    if from_root.startswith(("/", "../")) or from_root == "..":
        raise UsageError(f"'{path}' is outside the repository")
    from_root = "" if from_root == "." else from_root
    if not git.entries(commit, from_root):
        raise UsageError(f"'{path}' is not there in '{revision}' (commit {commit[:12]})")
    return GitSource(git, commit, from_root, spec)
