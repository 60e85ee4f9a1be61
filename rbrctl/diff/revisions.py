"""The two sides of a comparison: what the arguments name, and what is meant where they do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rbrctl.errors import FileError, NothingMatchedError, RuleSetError, UsageError
from rbrctl.ruleset.findings import Severity
from rbrctl.ruleset.git_commands import Git
from rbrctl.ruleset.loader import Loaded, read
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.opening import open_source
from rbrctl.ruleset.sources import BUILTIN_PREFIX, GIT_PREFIX, FolderSource, Source

DEFAULT_RULES = "rules"
_SHOWN_ERRORS = 5
_RESULT_SUFFIXES = (".jsonl", ".ndjson", ".json")

_TARGET_BRANCHES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "CHANGE_TARGET",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
)
"""Where CI services put the name of the branch that a pull request goes to."""


@dataclass(frozen=True, slots=True)
class RuleSide:
    """One side that is a rule set."""

    label: str
    ruleset: RuleSet
    texts: Mapping[str, str]


def is_results(argument: str | None) -> bool:
    """Tell whether an argument names a results file rather than a rule set."""
    return argument is not None and argument.endswith(_RESULT_SUFFIXES)


def rule_sides(
    old: str | None, new: str | None, base: str | None, environment: Mapping[str, str]
) -> tuple[RuleSide, RuleSide]:
    """
    Load both sides; with one argument, or none, the old side is what the new one grew from.

    Raises NothingMatchedError where that is the same commit with nothing changed since,
    RuleSetError naming the side that is not sound, UsageError and FileError.
    """
    if new is not None and base is not None:
        raise UsageError("--base is for one side: with OLD and NEW there is nothing to look for")
    if new is not None and old is not None:
        return _loaded("old", _opened(old)), _loaded("new", _opened(new))
    path = old or DEFAULT_RULES
    if path.startswith((BUILTIN_PREFIX, GIT_PREFIX)):
        raise UsageError(f"'{path}' alone has nothing to be compared with; give OLD and NEW")
    current = _opened(path)
    # A file of a folder's set stands for the whole set, on both sides.
    place = current.path if isinstance(current, FolderSource) else Path(path)
    before = open_source(_earlier(place, base, environment))
    if _same_files(before, current):
        raise NothingMatchedError(
            f"there is nothing to compare: {path} is just as in {before.label}; name what to "
            "compare with as OLD, or with --base"
        )
    return _loaded("old", before), _loaded("new", current)


def _opened(argument: str) -> Source:
    """Open a side; of a bare revision say how it is written."""
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


def _earlier(path: Path, base: str | None, environment: Mapping[str, str]) -> str:
    """Give the revision that a path's rules grew from, as ``git:REVISION:PATH``."""
    folder = path if path.is_dir() else path.parent
    git = Git(folder)
    relative = (git.prefix(folder) + ("" if path.is_dir() else path.name)).rstrip("/")
    target = base or _target(git, environment)
    commit = git.commit("HEAD") if target is None else git.merge_base(target)
    if not git.entries(commit, relative):
        before = "HEAD" if target is None else f"the merge base with {target}"
        raise NothingMatchedError(f"there is nothing to compare with: {before} has no {path} yet")
    return f"{GIT_PREFIX}{target}...:{relative}" if target else f"{GIT_PREFIX}HEAD:{relative}"


def _target(git: Git, environment: Mapping[str, str]) -> str | None:
    """Find the branch that CI says a change goes to; None outside of a pull request."""
    for variable in _TARGET_BRANCHES:
        name = environment.get(variable, "").removeprefix("refs/heads/")
        if not name:
            continue
        try:
            git.merge_base(f"origin/{name}")
        except UsageError as error:
            try:
                git.merge_base(name)
            except UsageError:
                raise UsageError(f"{error} (the target branch, from {variable})") from None
            return name
        return f"origin/{name}"
    return None


def _same_files(old: Source, new: Source) -> bool:
    """
    Tell whether nothing could differ: the old side is the commit at hand, and no file changed.

    Where the branch has commits of its own, equal files are an answer and no slip.
    """
    commit = getattr(old, "commit", None)
    git = getattr(old, "git", None)
    if not isinstance(git, Git) or commit != git.commit("HEAD"):
        return False
    return _contents(old) == _contents(new)


def _contents(source: Source) -> list[tuple[str, bytes]]:
    prefix = f"{source.label.rstrip('/')}/"
    return sorted((file.name.removeprefix(prefix), file.content) for file in source.files())


def _loaded(side: str, source: Source) -> RuleSide:
    loaded = read(source)
    if loaded.ruleset is None:
        raise RuleSetError(_unsound(side, loaded))
    return RuleSide(loaded.label, loaded.ruleset, loaded.findings.texts)


def _unsound(side: str, loaded: Loaded) -> str:
    errors = [each for each in loaded.findings.items if each.severity is Severity.ERROR]
    lines = [f"the {side} side, {loaded.label}, is not a sound rule set:"]
    for error in errors[:_SHOWN_ERRORS]:
        place = f"{error.place}: " if error.place else ""
        lines.append(f"{place}{error.message}{f'; {error.hint}' if error.hint else ''}")
    if len(errors) > _SHOWN_ERRORS:
        lines.append(f"and {len(errors) - _SHOWN_ERRORS} more")
    return "\n".join(lines)
