"""
The canonical form of a rule file: the order of keys, spaces, blank lines and wrapping.

Every step is an edit of the text. After each the result is parsed again and held against what was
there: the same values and the same comments, or the step is undone.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from rbrctl.authoring.key_order import reordered
from rbrctl.authoring.layout import Layout, lay_out
from rbrctl.authoring.spacing import spaced, tidy_lines, with_blank_lines
from rbrctl.authoring.wrapping import wrapped
from rbrctl.errors import RuleSetError
from rbrctl.ruleset.yaml_tree import Node, plain

Step = Callable[[Layout], list[str] | None]

_STEPS: tuple[Step, ...] = (tidy_lines, spaced, reordered, wrapped, with_blank_lines, tidy_lines)
# Ordering takes a round for each of three levels, every other step one.
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file's canonical text."""

    file: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """True where the file was not in its canonical form."""
        return self.before != self.after


def format_text(text: str, file: str) -> Formatted:
    """
    Bring one file into its canonical form.

    Raises RuleSetError where it is not the YAML that we read.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    current = text.removeprefix(mark).replace("\r\n", "\n").replace("\r", "\n")
    lay_out(text.removeprefix(mark), file)
    for step in _STEPS:
        current = _repeated(step, current, file)
    return Formatted(file, text, current)


def _repeated(step: Step, text: str, file: str) -> str:
    """Apply a step until it has nothing more to do."""
    for _ in range(_MOST_ROUNDS):
        layout = lay_out(text, file)
        lines = step(layout)
        after = text if lines is None else "\n".join(lines)
        if after == text or not _same(layout, after, file):
            return text
        text = after
    return text


def _same(before: Layout, after: str, file: str) -> bool:
    """Tell whether a text has the values and the comments of another."""
    try:
        layout = lay_out(after, file)
    except RuleSetError:
        return False
    return _values(before.root) == _values(layout.root) and Counter(before.comments()) == Counter(
        layout.comments()
    )


def _values(root: Node | None) -> object:
    return None if root is None else plain(root)
