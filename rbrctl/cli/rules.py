"""Which rule set a command is about."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rbrctl.ruleset.sources import Source

STANDARD_INPUT = "-"


def default_rules(given: str | None) -> str:
    """Give the rule set that was asked for, else ``rules/`` here, else the one that ships."""
    return given or ("rules/" if Path("rules").is_dir() else "builtin:safety")


def rules_source(path: str) -> "Source":
    """Open a rule set: a folder, a file, ``builtin:NAME``, or ``-`` for standard input."""
    from rbrctl.ruleset.sources import TextSource, open_source
    from rbrctl.ruleset.yaml_tree import MAX_BYTES

    if path == STANDARD_INPUT:
        return TextSource("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1))
    return open_source(path)
