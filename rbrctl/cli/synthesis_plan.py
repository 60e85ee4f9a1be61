"""What ``reward synth`` is to write, from ``--plan`` and ``--describe``."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rbrctl.errors import UsageError
from rbrctl.wording import hint_for

if TYPE_CHECKING:
    from rbrctl.ruleset.model import RuleSet

LEFT_OUT = "none"
MOST = 1000


def parse_descriptions(texts: Iterable[str]) -> dict[str, str]:
    """Return the texts of --describe RANK=TEXT by rank. Raise UsageError."""
    descriptions: dict[str, str] = {}
    for text in texts:
        rank, separator, words = (each.strip() for each in text.partition("="))
        if not separator or not words:
            raise UsageError(f"--describe {text}: write RANK=TEXT")
        if rank in descriptions:
            raise UsageError(f"--describe {text}: {rank} is described already")
        descriptions[rank] = words
    return descriptions


def parse_counts(ruleset: "RuleSet", texts: Iterable[str]) -> dict[str, dict[str, int]]:
    """
    Return the counts of --plan CLASS=RANK:N,... by response class; empty for CLASS=none.

    Raises UsageError.
    """
    counts: dict[str, dict[str, int]] = {}
    for text in texts:
        spelling, _, entries = text.partition("=")
        name = ruleset.resolve_response_class(spelling.strip())
        if name is None:
            hint = hint_for(spelling.strip(), ruleset.response_classes)
            raise UsageError(f"--plan {text}: there is no response class of that name; {hint}")
        if name in counts:
            raise UsageError(f"--plan {text}: {name} has a plan already")
        counts[name] = {} if entries.strip() == LEFT_OUT else _counts(text, entries)
    return counts


def _counts(text: str, entries: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in entries.split(","):
        rank, _, count = (each.strip() for each in entry.partition(":"))
        if not rank or not (count.isascii() and count.isdecimal()) or len(count) > 4:
            raise UsageError(f"--plan {text}: write CLASS=RANK:N,RANK:N or CLASS={LEFT_OUT}")
        if int(count) > MOST:
            raise UsageError(f"--plan {text}: at most {MOST:,} completions of a rank are written")
        if rank in counts:
            raise UsageError(f"--plan {text}: {rank} is given twice")
        counts[rank] = int(count)
    return {rank: count for rank, count in counts.items() if count}
