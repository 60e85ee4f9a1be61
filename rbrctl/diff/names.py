"""Which names of a rule set were added, removed, renamed or moved to another file."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Proposition, RuleSet


class NameChange(StrEnum):
    """What happened to a name."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class ChangedName:
    """One name that one side does not have, or has in another file."""

    kind: str
    """``proposition``, ``definition``, ``rule``, ``response class`` or ``test``."""
    change: NameChange
    name: str
    old_name: str | None = None
    """For a renamed one."""
    old_file: str | None = None
    """The file that a moved one was in, relative to its rule set."""
    new_file: str | None = None
    place: Place | None = None
    """On the new side; on the old one for what was removed."""


class Placed(Protocol):
    """A part of a rule set that stands somewhere."""

    @property
    def place(self) -> Place:
        """The place of the name: file and line."""
        ...


Part = TypeVar("Part", bound=Placed)


def renamed_by(
    old: Mapping[str, Part],
    new: Mapping[str, Part],
    signature_of_old: Callable[[Part], Hashable | None],
    signature_of_new: Callable[[Part], Hashable | None],
) -> dict[str, str]:
    """
    Pair names that only one side has and whose signatures agree, old name to new.

    A signature is what a name stands for; None where that is too little to know it by. Those that
    two names of one side share pair nothing.
    """
    gone = _by_signature(old, new, signature_of_old)
    come = _by_signature(new, old, signature_of_new)
    return {name: new_name for key, name in gone.items() if (new_name := come.get(key))}


def _by_signature(
    parts: Mapping[str, Part],
    others: Mapping[str, Part],
    signature: Callable[[Part], Hashable | None],
) -> dict[Hashable, str]:
    found: dict[Hashable, str] = {}
    ambiguous: set[Hashable] = set()
    for name, part in parts.items():
        if name in others or (key := signature(part)) is None:
            continue
        if key in found:
            ambiguous.add(key)
        found[key] = name
    return {key: name for key, name in found.items() if key not in ambiguous}


def renamed_propositions(old: RuleSet, new: RuleSet) -> dict[str, str]:
    """Return pairs of propositions with the same question, as a map from old name to new."""
    return renamed_by(old.propositions, new.propositions, _asked, _asked)


def _asked(proposition: Proposition) -> Hashable | None:
    words = proposition.question or proposition.statement
    return " ".join(words.split()) if words else None


def changed_names(
    kind: str,
    old: Mapping[str, Part],
    new: Mapping[str, Part],
    renamed: Mapping[str, str],
    labels: tuple[str, str] = ("", ""),
) -> list[ChangedName]:
    """List the changes of one kind of name; ``labels`` are what the two sides' files begin with."""
    back = {new_name: old_name for old_name, new_name in renamed.items()}
    changes: list[ChangedName] = []
    for name, part in new.items():
        old_name = back.get(name, name)
        if name in back:
            changes.append(
                ChangedName(kind, NameChange.RENAMED, name, old_name=old_name, place=part.place)
            )
        elif name not in old:
            changes.append(ChangedName(kind, NameChange.ADDED, name, place=part.place))
        if old_name in old:
            files = (
                relative_file(old[old_name].place.file, labels[0]),
                relative_file(part.place.file, labels[1]),
            )
            # Files of a base are called by other names on each side: nothing is said of them.
            if None not in files and files[0] != files[1]:
                changes.append(ChangedName(kind, NameChange.MOVED, name, None, *files, part.place))
    changes += [
        ChangedName(kind, NameChange.REMOVED, name, place=part.place)
        for name, part in old.items()
        if name not in new and name not in renamed
    ]
    return changes


def relative_file(file: str, label: str) -> str | None:
    """Return a file's name relative to its rule set; None where it is in another one."""
    prefix = f"{label.rstrip('/')}/"
    if file == label:
        return ""
    return file.removeprefix(prefix) if file.startswith(prefix) else None
