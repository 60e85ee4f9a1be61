"""The commit that a change started from, as the CI service says it in its variables and files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.ruleset.git_commands import Git

MAX_EVENT_BYTES = 16 * 1024 * 1024

_TARGET_BRANCHES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "CHANGE_TARGET",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
)
"""Variables in which CI services name the target branch of a pull request."""

_EVENTS_WITH_A_BASE = ("pull_request", "pull_request_target", "merge_group")


@dataclass(frozen=True, slots=True)
class Base:
    """The revision that a change goes to; its merge base with HEAD is what it started from."""

    revision: str
    source: str
    """The place where it was found, for messages."""
    is_exact: bool = False
    """True if it is itself the commit that the change started from."""


def ci_base(git: Git, environment: Mapping[str, str]) -> Base | None:
    """
    Return the revision that CI says a change goes to; None outside of a pull request.

    GitHub's event file is believed before the name of a branch: in the clone of a fork, the branch
    of that name is the fork's own. Raises UsageError where the revision is not in the clone.
    """
    event = _event_base(environment)
    if event is not None:
        return event
    for variable in _TARGET_BRANCHES:
        name = environment.get(variable, "").removeprefix("refs/heads/")
        if name:
            return _branch(git, name, f"the target branch, from {variable}")
    return None


def _branch(git: Git, name: str, source: str) -> Base:
    try:
        git.commit(f"origin/{name}")
    except UsageError as error:
        try:
            git.commit(name)
        except UsageError:
            raise UsageError(f"{error} ({source})") from None
        return Base(name, source)
    return Base(f"origin/{name}", source)


def _event_base(environment: Mapping[str, str]) -> Base | None:
    """Return the base that GitHub's event file names; None for an event that has none."""
    path = environment.get("GITHUB_EVENT_PATH")
    kind = environment.get("GITHUB_EVENT_NAME", "")
    if not path or kind not in _EVENTS_WITH_A_BASE:
        return None
    event = _read_event(Path(path))
    if kind == "merge_group":
        sha = _text_at(event, "merge_group", "base_sha")
    else:
        sha = _text_at(event, "pull_request", "base", "sha")
    if sha is None:
        raise UsageError(
            f"{path}: the event '{kind}' names no base commit; name what to compare with by --base"
        )
    return Base(sha, f"the base commit of the event '{kind}'")


def _read_event(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_EVENT_BYTES + 1)
        if len(content) > MAX_EVENT_BYTES:
            raise ValueError("too large")
        return json.loads(content)
    except (OSError, ValueError, RecursionError):
        raise UsageError(
            f"{path}: the event file of GITHUB_EVENT_PATH cannot be read as JSON; name what to "
            "compare with by --base"
        ) from None


def _text_at(value: Any, *keys: str) -> str | None:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    is_sha = isinstance(value, str) and len(value) in (40, 64) and value.isalnum()
    return value if is_sha else None
