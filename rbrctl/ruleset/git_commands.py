"""
The few things that are asked of git: where a repository is, and what a revision of it holds.

A repository's own configuration is untrusted: it can name commands (a remote's upload-pack, an
``ext::`` address, a file-system monitor, hooks) that git runs when it looks for a missing object or
refreshes an index. Every call therefore runs with all of that switched off.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rbrctl.errors import FileError, UsageError
from rbrctl.ruleset.yaml_tree import MAX_BYTES

_TIMEOUT_SECONDS = 120
_OPTIONS = (
    "--no-optional-locks",
    "--literal-pathspecs",
    "--no-pager",
    # A commit is judged by what its own files say, not by what refs/replace puts in their place.
    "--no-replace-objects",
)
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.askPass": "",
    "credential.helper": "",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "protocol.file.allow": "never",
    # A folder of the working tree that looks like a bare repository would bring its own settings.
    "safe.bareRepository": "explicit",
}
_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    # Older versions of git do not know the variable above; without a protocol they cannot fetch.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
}
_POINTERS = frozenset(
    {
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE"),
        *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX"),
        *("GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_EXTERNAL_DIFF"),
    }
)
"""Variables that point git at another repository than the one around the folder. Hooks inherit
them, and the question here is always about a folder. What only configures git stays."""


LINK_MODE = "120000"
"""The mode of a symbolic link in a commit."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a commit."""

    path: str
    """From the repository's root, with forward slashes."""
    mode: str
    blob: str
    size: int


class Git:
    """
    A repository, read without touching its working tree, its index or any remote.

    Raises UsageError where there is no git or no repository.
    """

    def __init__(self, folder: Path) -> None:
        """Find the repository around ``folder``."""
        self._folder = folder
        root = Path(self._text(["rev-parse", "--show-toplevel"], _no_repository(folder)))
        if not folder.resolve().is_relative_to(root.resolve()):
            raise UsageError(
                f"'{folder}' is outside the working tree '{root}' that its repository names "
                "(core.worktree); run rbrctl inside that working tree"
            )
        self._folder = root

    @property
    def root(self) -> Path:
        """The repository's root."""
        return self._folder

    def _run(
        self, arguments: Sequence[str], given: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        settings = [word for item in _SETTINGS.items() for word in ("-c", "=".join(item))]
        command = ["git", *_OPTIONS, *settings, *arguments]
        try:
            return subprocess.run(  # noqa: S603 - a list, never a shell; revisions follow --end-of-options
                command,
                cwd=self._folder,
                env=_safe_environment(os.environ),
                input=given,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_SECONDS,
            )
        except FileNotFoundError:
            raise UsageError(
                "git is not installed, and a revision cannot be read without it"
            ) from None
        except subprocess.TimeoutExpired:
            raise FileError(f"git {arguments[0]} took more than {_TIMEOUT_SECONDS} s") from None
        except OSError as error:
            raise UsageError(f"git cannot be run in {self._folder}: {error.strerror}") from None

    def _text(self, arguments: Sequence[str], failure: str) -> str:
        outcome = self._run(arguments)
        if outcome.returncode:
            detail = outcome.stderr.decode("utf-8", "replace").strip().splitlines()
            remedy = next((line.strip() for line in detail if "safe.directory" in line), None)
            if remedy is not None:
                raise UsageError(
                    f"git does not read the repository around '{self._folder}', because it belongs "
                    f"to another user; if you trust it, run: {remedy}"
                )
            reason = f" (git says: {detail[0]})" if detail else ""
            raise UsageError(f"{failure}{reason}")
        return outcome.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def commit(self, revision: str) -> str:
        """Return the commit that a revision names; raises UsageError if there is none."""
        if "\0" in revision:
            raise UsageError("a revision cannot hold a NUL character")
        asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        outcome = self._run(asked)
        commit = outcome.stdout.decode("ascii", "replace").strip()
        if outcome.returncode or not commit:
            raise UsageError(f"there is no revision '{revision}'{self._fetch_hint()}")
        return commit

    def merge_base(self, revision: str) -> str:
        """Return the commit at which HEAD left a revision; raises UsageError if there is none."""
        commits = [self.commit(revision), self.commit("HEAD")]
        outcome = self._run(["merge-base", *commits])
        base = outcome.stdout.decode("ascii", "replace").strip()
        if outcome.returncode or not base:
            hint = self._fetch_hint()
            raise UsageError(f"'{revision}' and HEAD have no common commit{hint}")
        return base

    def _fetch_hint(self) -> str:
        outcome = self._run(["rev-parse", "--is-shallow-repository"])
        if outcome.stdout.strip() != b"true":
            return ""
        return (
            "; this is a shallow clone: fetch the history with 'git fetch --unshallow' "
            "(in GitHub Actions 'fetch-depth: 0' for actions/checkout, in GitLab 'GIT_DEPTH: 0')"
        )

    def _partial_hint(self) -> str:
        outcome = self._run(["config", "--get-regexp", r"^remote\..*\.promisor$"])
        if outcome.returncode:
            return ""
        return (
            "; this is a partial clone, and missing files are not fetched here, since the "
            "repository's own settings say how: fetch them with 'git fetch --refetch --no-filter'"
        )

    def superproject(self) -> "Git | None":
        """Return the repository that this one is a submodule of; None where it is none."""
        outcome = self._run(["rev-parse", "--show-superproject-working-tree"])
        folder = outcome.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
        return Git(Path(folder)) if folder and not outcome.returncode else None

    def submodule_commit(self, commit: str, folder: Path) -> str | None:
        """Return which commit of the submodule at ``folder`` a commit records; None for none."""
        path = self.prefix(folder).rstrip("/")
        outcome = self._run(["ls-tree", "-z", "--full-tree", commit, "--", path])
        fields = outcome.stdout.partition(b"\t")[0].decode("ascii", "replace").split()
        return fields[2] if len(fields) == 3 and fields[1] == "commit" else None

    def entries(self, commit: str, path: str) -> list[TreeEntry]:
        """List the files of a commit at or below a path from the root, in git's order."""
        arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit]
        outcome = self._run([*arguments, "--", path] if path else arguments)
        if outcome.returncode:
            hint = self._partial_hint()
            raise UsageError(f"the files of commit {commit[:12]} cannot be listed{hint}")
        entries = []
        for line in outcome.stdout.split(b"\0"):
            if line:
                head, _, name = line.partition(b"\t")
                mode, kind, blob, size = head.decode("ascii").split()
                if kind == "blob":
                    shown = name.decode("utf-8", "surrogateescape")
                    entries.append(TreeEntry(shown, mode, blob, int(size)))
        return entries

    def file(self, commit: str, path: str) -> bytes | None:
        """Return the content of one file of a commit; None where it has none of that path."""
        entries = [entry for entry in self.entries(commit, path) if entry.path == path]
        is_file = bool(entries) and entries[0].mode != LINK_MODE
        return self.blobs(entries)[0] if is_file else None

    def blobs(self, entries: Sequence[TreeEntry]) -> list[bytes]:
        """Read the content of files, in their order. Raises FileError for one that is too large."""
        for entry in entries:
            if entry.size > MAX_BYTES:
                limit = f"{MAX_BYTES // 2**20} MB"
                raise FileError(f"{entry.path}: larger than {limit}; split the file")
        asked = "".join(f"{entry.blob}\n" for entry in entries).encode("ascii")
        outcome = self._run(["cat-file", "--batch"], asked)
        contents, at = [], 0
        for entry in entries:
            end = outcome.stdout.find(b"\n", at)
            fields = outcome.stdout[at:end].split()
            if end < 0 or len(fields) != 3 or fields[1] != b"blob":
                raise FileError(
                    f"{entry.path}: its content is not in this clone of the repository"
                    f"{self._partial_hint()}"
                )
            start, size = end + 1, int(fields[2])
            contents.append(outcome.stdout[start : start + size])
            at = start + size + 1
        return contents

    def prefix(self, folder: Path) -> str:
        """Return a folder's path from the root with a slash at its end; empty for the root."""
        relative = folder.resolve().relative_to(self.root.resolve()).as_posix()
        return "" if relative == "." else f"{relative}/"


def _safe_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for git: no pointers to other repositories, and no fetching."""
    kept = {name: value for name, value in environment.items() if name not in _POINTERS}
    return kept | _ENVIRONMENT


def _no_repository(folder: Path) -> str:
    return f"'{folder}' is in no git repository, and a revision cannot be read without one"
