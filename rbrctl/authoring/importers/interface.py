"""
What an importer is: a module of this folder that turns another tool's file into a rule set.

To import another format, add a module with two functions; nothing else needs to change:
``recognises(content)`` returns True if a file's content has the format, and ``carry_over(content)``
returns it as ``Imported``, or raises RuleSetError if it is not of the published shape.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rbrctl.ruleset.expressions import RESERVED_NAMES


@dataclass(frozen=True, slots=True)
class Imported:
    """A rule set as plain values, ready to be written as YAML."""

    kind: str
    content: Mapping[str, Any]
    lost: tuple[str, ...] = ()
    """What could not be carried over, one sentence each."""


class Names:
    """Turns names from elsewhere into names of ours, the same into the same and none twice."""

    def __init__(self, separator: str = "_") -> None:
        """Join words with ``separator``: an underscore for names, a hyphen for rule ids."""
        self._separator = separator
        self._given: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """Return our name for a name of the other tool."""
        if name not in self._given:
            words = re.sub(r"[^a-z0-9]+", self._separator, name.lower()).strip(self._separator)
            base = words if re.match(r"[a-z]", words) else f"x{self._separator}{words}".rstrip("_-")
            if base in RESERVED_NAMES:
                base += f"{self._separator}name"
            taken, number, candidate = set(self._given.values()), 2, base
            while candidate in taken:
                candidate = f"{base}{self._separator}{number}"
                number += 1
            self._given[name] = candidate
        return self._given[name]


def unknown_keys(where: str, found: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return a sentence that names the keys without a counterpart."""
    return [f"{where}: '{key}' has no counterpart" for key in found if key not in set(known)]
