"""
The gates that the old side's settings ask for, when a revision is compared.

A pull request can change ``rbrctl.toml`` together with the rules. What it takes away there still
holds for it: the gates are read as they stood in the commit that it started from.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from rbrctl.diff.gates import Gate, asked_gates
from rbrctl.errors import UsageError
from rbrctl.ruleset.git_source import GitSource
from rbrctl.ruleset.sources import RuleSource

_KEYS = ("fail-on", "fail_on")


def gates_of_old_side(source: RuleSource | None, start: Path) -> tuple[Gate, ...]:
    """
    Return the gates of ``fail-on`` in the settings of a commit, looked for from ``start`` upward.

    There are none where the old side is no revision, or where its settings could not be read then.
    """
    if not isinstance(source, GitSource) or not start.resolve().is_relative_to(
        source.git.root.resolve()
    ):
        return ()
    table = _table(source, PurePosixPath(source.git.prefix(start)))
    own = table.get("diff")
    texts = [
        str(word)
        for settings in (table, own if isinstance(own, dict) else {})
        for key in _KEYS
        if key in settings
        for word in (settings[key] if isinstance(settings[key], list) else [settings[key]])
    ]
    try:
        return asked_gates(texts)
    except UsageError:
        return ()


def _table(source: GitSource, folder: PurePosixPath) -> Mapping[str, Any]:
    for name in _candidates(folder):
        content = source.git.file(source.commit, name)
        if content is None:
            continue
        try:
            data = tomllib.loads(content.decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            # The change may be the one that repairs it.
            continue
        tool = data.get("tool")
        table = tool.get("rbrctl") if isinstance(tool, dict) else None
        if isinstance(table, dict):
            return table
        if name.endswith("rbrctl.toml"):
            return data
    return {}


def _candidates(folder: PurePosixPath) -> Iterator[str]:
    for each in (folder, *folder.parents):
        for name in ("rbrctl.toml", "pyproject.toml"):
            yield str(each / name)
