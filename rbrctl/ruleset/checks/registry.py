"""
All ids that findings may have: the checks, and the pages of what is found elsewhere.

A check is a module of this folder that defines ``ID``; it is found by being there. The ids that
the loader, the unit tests and the comments report have no check of their own: their pages are in
``pages.md``.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rbrctl.lazy import variants
from rbrctl.ruleset.checks.interface import Check, check_of
from rbrctl.ruleset.findings import Severity

_PAGES = Path(__file__).parent / "pages.md"
_HEADING = re.compile(r"^# (?P<id>[a-z-]+) \((?P<severity>[a-z]+)\)\n", re.MULTILINE)


@cache
def all_checks() -> dict[str, Check]:
    """Return every id with its check or page: first what keeps a set from being loaded."""
    modules = variants("rbrctl.ruleset.checks", "ID")
    # Every check draws on one budget for proofs, so the costliest has to wait.
    checks = sorted(map(check_of, modules), key=lambda check: check.runs_last)
    return {check.id: check for check in (*_pages(_PAGES.read_text("utf-8")), *checks)}


def _pages(text: str) -> Iterator[Check]:
    """Read pages that each begin with a heading ``# id (severity)``."""
    _, *parts = _HEADING.split(text)
    for id, severity, page in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        yield Check(id, Severity(severity), page.strip(), function=None, needs_sound_axioms=False)
