"""The two revisions of the rules that are compared, and which one is the old one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rbrctl.diff.ci_base import Base, ci_base
from rbrctl.errors import FileError, NothingMatchedError, RuleSetError, UsageError
from rbrctl.ruleset.findings import Severity
from rbrctl.ruleset.git_commands import Git
from rbrctl.ruleset.git_source import GitSource
from rbrctl.ruleset.loader import Loaded, read, ruleset_of
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.sources import BUILTIN_PREFIX, GIT_PREFIX, FolderSource, RuleSource, open_source

DEFAULT_RULES = "rules"
_SHOWN_ERRORS = 5
_RESULT_SUFFIXES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True, slots=True)
class Revision:
    """A rule set as it stands in a folder, a commit, or the package."""

    label: str
    """What the user calls it."""
    ruleset: RuleSet
    texts: Mapping[str, str]
    """The texts of its files, by file name."""
    source: RuleSource | None = None
    """The source that it was read from; None for one that was made in memory."""

    @classmethod
    def of(cls, loaded: Loaded, source: RuleSource | None = None) -> "Revision":
        """Return the revision that was loaded; raises RuleSetError where it has errors."""
        return cls(loaded.label, ruleset_of(loaded), loaded.findings.texts, source)


def is_results(argument: str | None) -> bool:
    """Return True where an argument names a results file, not a rule set."""
    return argument is not None and argument.endswith(_RESULT_SUFFIXES)


def load_revisions(
    old: str | None, new: str | None, base: str | None, environment: Mapping[str, str]
) -> tuple[Revision, Revision]:
    """
    Load the old and the new revision.

    With one argument or none, that is the new one, and the old one is the commit that it started
    from: the merge base with ``base``, or with the branch that ``environment`` (a CI service's
    variables) names as the target, or else HEAD, in the repository that the rules lie in. Raises
    NothingMatchedError where nothing has changed since that commit, RuleSetError with the side that
    has errors, UsageError, FileError.
    """
    if new is not None and base is not None:
        raise UsageError("--base is for one argument; leave it out with OLD and NEW")
    if new is not None and old is not None:
        return _loaded("old", _opened(old)), _loaded("new", _opened(new))
    path = old or DEFAULT_RULES
    if path.startswith((BUILTIN_PREFIX, GIT_PREFIX)):
        raise UsageError(f"'{path}' alone has nothing to be compared with; give OLD and NEW")
    current = _opened(path)
    # A file of a folder's set stands for the whole set, on both sides.
    place = current.path if isinstance(current, FolderSource) else Path(path)
    before = _earlier(place, base, environment)
    if _same_files(before, current):
        raise NothingMatchedError(
            f"there is nothing to compare: {path} is the same as in {before.label}; name what to "
            "compare with as OLD, or with --base"
        )
    return _loaded("old", before), _loaded("new", current)


def _opened(argument: str) -> RuleSource:
    """Return the source of a side; the error for a bare revision shows how to write it."""
    try:
        return open_source(argument)
    except FileError as error:
        if Path(argument).exists() or not _is_revision(argument):
            raise
        raise FileError(
            f"{error}; it is a revision: write 'git:{argument}:{DEFAULT_RULES}', or give one side "
            f"and '--base {argument}'"
        ) from None


def _is_revision(word: str) -> bool:
    try:
        return bool(Git(Path()).commit(word))
    except UsageError:
        return False


def _earlier(path: Path, base: str | None, environment: Mapping[str, str]) -> GitSource:
    """
    Return the rules at a path as they were in the commit that they started from.

    The repository is the one that the path lies in, which need not be that of the current folder.
    """
    folder = path if path.is_dir() else path.parent
    git = _repository_of(folder)
    relative = (git.prefix(folder) + ("" if path.is_dir() else path.name)).rstrip("/")
    target = _target(git, base, environment)
    if target is None:
        commit, revision, before = git.commit("HEAD"), "HEAD", "HEAD"
    elif target.is_exact:
        commit, revision = git.commit(target.revision), target.revision[:12]
        before = f"the commit {revision} ({target.source})"
    else:
        commit = _merge_base(git, target)
        is_sha = len(target.revision) >= 40
        revision = f"{target.revision[:12] if is_sha else target.revision}..."
        before = f"the merge base with {target.revision}"
    if not git.entries(commit, relative):
        raise NothingMatchedError(f"there is nothing to compare with: {before} has no {path} yet")
    return GitSource(git, commit, relative, f"{GIT_PREFIX}{revision}:{relative}")


def _repository_of(folder: Path) -> Git:
    try:
        return Git(folder)
    except UsageError as error:
        raise UsageError(
            f"{error}; rules that are in no repository are compared with others by naming both: "
            "'rbrctl diff OLD NEW'"
        ) from None


def _merge_base(git: Git, target: Base) -> str:
    try:
        return git.merge_base(target.revision)
    except UsageError as error:
        source = f" ({target.source})" if target.source else ""
        raise UsageError(f"{error}{source}") from None


def _target(git: Git, base: str | None, environment: Mapping[str, str]) -> Base | None:
    """Return what a change goes to: ``--base``, or what CI says; None where neither is given."""
    if base is not None:
        return Base(base, "")
    above = git.superproject()
    if above is None:
        return ci_base(git, environment)
    # In a submodule, CI speaks of the repository around it, which records the submodule's commit.
    target = ci_base(above, environment)
    if target is None:
        return None
    commit = above.submodule_commit(_merge_base(above, target), git.root)
    return None if commit is None else Base(commit, "recorded for the submodule", is_exact=True)


def _same_files(old: RuleSource, new: RuleSource) -> bool:
    """
    Return True where the old side is the current commit and no file has changed since.

    Where the branch has commits of its own, equal files are a proper answer, not a mistake.
    """
    commit = getattr(old, "commit", None)
    git = getattr(old, "git", None)
    if not isinstance(git, Git) or commit != git.commit("HEAD"):
        return False
    return _contents(old) == _contents(new)


def _contents(source: RuleSource) -> list[tuple[str, bytes]]:
    prefix = f"{source.label.rstrip('/')}/"
    return sorted((file.name.removeprefix(prefix), file.content) for file in source.files())


def _loaded(side: str, source: RuleSource) -> Revision:
    loaded = read(source)
    if loaded.ruleset is None:
        raise RuleSetError(_unsound(side, loaded))
    return Revision.of(loaded, source)


def _unsound(side: str, loaded: Loaded) -> str:
    errors = [each for each in loaded.findings.items if each.severity is Severity.ERROR]
    lines = [f"the {side} side, {loaded.label}, is not a sound rule set:"]
    for error in errors[:_SHOWN_ERRORS]:
        place = f"{error.place}: " if error.place else ""
        lines.append(f"{place}{error.message}{f'; {error.hint}' if error.hint else ''}")
    if len(errors) > _SHOWN_ERRORS:
        lines.append(f"and {len(errors) - _SHOWN_ERRORS} more")
    return "\n".join(lines)
