"""The few things that are asked of git: where a repository is, and what a revision of it holds."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rbrctl.errors import FileError, UsageError
from rbrctl.ruleset.yaml_tree import MAX_BYTES

_TIMEOUT_SECONDS = 120


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
        self._folder = Path(self._text(["rev-parse", "--show-toplevel"], _no_repository(folder)))

    @property
    def root(self) -> Path:
        """The repository's root."""
        return self._folder

    def _run(
        self, arguments: Sequence[str], given: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        command = ["git", "--no-optional-locks", "--literal-pathspecs", *arguments]
        try:
            return subprocess.run(  # noqa: S603 - a list, never a shell; revisions follow --end-of-options
                command,
                cwd=self._folder,
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
            reason = f" (git says: {detail[0]})" if detail else ""
            raise UsageError(f"{failure}{reason}")
        return outcome.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def commit(self, revision: str) -> str:
        """Give the commit that a revision names; raises UsageError where there is none."""
        if "\0" in revision:
            raise UsageError("a revision cannot hold a NUL character")
        asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        outcome = self._run(asked)
        commit = outcome.stdout.decode("ascii", "replace").strip()
        if outcome.returncode or not commit:
            raise UsageError(f"there is no revision '{revision}'{self._fetch_hint()}")
        return commit

    def merge_base(self, revision: str) -> str:
        """Give the commit at which HEAD left a revision; raises UsageError where there is none."""
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

    def entries(self, commit: str, path: str) -> list[TreeEntry]:
        """List the files of a commit at or below a path from the root, in git's order."""
        arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit]
        outcome = self._run([*arguments, "--", path] if path else arguments)
        if outcome.returncode:
            raise UsageError(f"the files of commit {commit[:12]} cannot be listed")
        entries = []
        for line in outcome.stdout.split(b"\0"):
            if line:
                head, _, name = line.partition(b"\t")
                mode, kind, blob, size = head.decode("ascii").split()
                if kind == "blob":
                    shown = name.decode("utf-8", "surrogateescape")
                    entries.append(TreeEntry(shown, mode, blob, int(size)))
        return entries

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
                raise FileError(f"{entry.path}: its content is not in this clone of the repository")
            start, size = end + 1, int(fields[2])
            contents.append(outcome.stdout[start : start + size])
            at = start + size + 1
        return contents

    def prefix(self, folder: Path) -> str:
        """Give a folder's path from the root with a slash at its end; empty for the root."""
        relative = folder.resolve().relative_to(self.root.resolve()).as_posix()
        return "" if relative == "." else f"{relative}/"


def _no_repository(folder: Path) -> str:
    return f"'{folder}' is in no git repository, and a revision cannot be read without one"
