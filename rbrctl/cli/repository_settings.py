"""Checks of the settings that a file in a repository makes."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbrctl.cli.option_trust import COSTLY_WORDS, REFUSED, TRUST, Trust
from rbrctl.cli.parameters import environment_name
from rbrctl.errors import UsageError

_OWN_FILE = "~/.config/rbrctl/config.toml"
_PREFIXES = ("builtin:", "git:")


@dataclass(frozen=True, slots=True)
class RepositorySetting:
    """One key of a file in a repository, and its place."""

    option: str
    key: str
    place: str
    root: Path
    """The repository's root, resolved."""

    def refuse(self, reason: str) -> UsageError:
        """Return the error that says why, and where the option may be set instead."""
        return UsageError(
            f"{self.place}: '{self.key}' may not be set by a file in a repository, because "
            f"{reason}; "
            f"use --{self.option}, {environment_name(self.option)} or your own {_OWN_FILE}"
        )

    def limit(self, value: Any, why: str) -> UsageError:
        """Return the error for a value that a repository's file may not give the option."""
        return UsageError(
            f"{self.place}: a file in a repository may not set '{self.key}' to {value}: {why}; "
            f"use --{self.option}, {environment_name(self.option)} or your own {_OWN_FILE}"
        )


def check_option(setting: RepositorySetting, value: Any, *, known: bool) -> None:
    """Raise UsageError for an option that a repository's file may not set, whatever its value."""
    trust = TRUST.get(setting.option)
    if trust in REFUSED:
        raise setting.refuse(REFUSED[trust])
    if "://" in str(value):
        raise setting.refuse(REFUSED[Trust.KEY])
    if trust is None and known:
        raise setting.refuse("no rule allows it")


def check_value(setting: RepositorySetting, parameter: Any, value: Any, own: Any) -> None:
    """
    Raise UsageError for a value that goes beyond what a repository's file may say.

    ``value`` is what the command would read; ``own`` is the user's own setting, or None.
    """
    values = value if isinstance(value, list) else [value]
    match TRUST.get(setting.option):
        case Trust.INPUT | Trust.PRODUCT as trust:
            for path in values:
                _check_path(setting, path, product=trust is Trust.PRODUCT)
        case Trust.GRADER:
            _check_grader(setting, str(value))
        case Trust.CHOICE:
            if str(value) in COSTLY_WORDS[setting.option]:
                raise setting.limit(value, REFUSED[Trust.SPENDING])
        case Trust.GATES:
            _check_gates(setting, values, _listed(own))
        case Trust.FLOOR:
            _check_floor(setting, values, _listed(own))
        case Trust.CEILING:
            _check_ceiling(setting, value, parameter.default if own is None else own)
        case _:
            pass


def _listed(own: Any) -> list[Any]:
    return [] if own is None else own if isinstance(own, list) else [own]


def _check_path(setting: RepositorySetting, value: Any, *, product: bool) -> None:
    text = str(value)
    if setting.option == "cache" and text == "none":
        raise setting.limit(text, "cached answers would be asked and paid for again")
    if text == "-" or (not product and text.startswith(_PREFIXES)):
        return
    # Resolved as the command will open it: relative to the folder where it runs.
    target = Path(os.path.realpath(text))
    if not target.is_relative_to(setting.root):
        deed = "written" if product else "read"
        raise setting.limit(
            text, f"the path is outside the repository {setting.root}, where nothing may be {deed}"
        )
    inside = target.relative_to(setting.root).parts
    if product and any(part.lower() == ".git" for part in inside):
        raise setting.limit(text, "files below .git are commands and settings of git")


def _check_grader(setting: RepositorySetting, value: str) -> None:
    kind, _, file = value.partition(":")
    if kind == "endpoint":
        raise setting.limit(value, REFUSED[Trust.SPENDING])
    if file:
        _check_path(setting, file, product=False)


def _check_ceiling(setting: RepositorySetting, value: Any, most: Any) -> None:
    wanted, limit = _number(value), _number(most)
    # Text that is no number is reported by the parser, which says more about it.
    if wanted is not None and limit is not None and not wanted <= limit:
        raise setting.limit(value, f"it may only lower the limit of {most}")


def _check_floor(setting: RepositorySetting, values: Sequence[Any], own: Sequence[Any]) -> None:
    wanted, least = _shares(values), _shares(own)
    for name, floor in least.items():
        # A rule's own share stands in place of the one for all rules.
        lowest = wanted.get(name, wanted.get("", -math.inf))
        if not lowest >= floor:
            raise setting.limit(_shown(values), f"your own setting requires {_shown(own)}")
    for name, share in wanted.items():
        if not share >= least.get(name, least.get("", share)):
            raise setting.limit(_shown(values), f"your own setting requires {_shown(own)}")


def _check_gates(setting: RepositorySetting, values: Sequence[Any], own: Sequence[Any]) -> None:
    from rbrctl.diff.gates import parse_gates

    gates = parse_gates([str(value) for value in values])
    if not gates:
        raise setting.limit(_shown(values), "it may only add gates to the default gates")
    for needed in parse_gates([str(value) for value in own]) if own else ():
        if not any(each.kind is needed.kind and each.limit <= needed.limit for each in gates):
            raise setting.limit(_shown(values), f"your own setting requires '{needed}'")


def _shares(values: Sequence[Any]) -> Mapping[str, float]:
    shares: dict[str, float] = {}
    for value in values:
        name, _, text = str(value).rpartition("=")
        number = _number(text)
        if number is not None:
            shares[name] = number
    return shares


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _shown(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values))
