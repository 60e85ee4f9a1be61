"""What is said of comparisons that were left out, or are not what one would think."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rbrctl.cli.inputs import warn_first
from rbrctl.cli.output import Output
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.rewards.comparisons.candidates import LeftOut
    from rbrctl.rewards.comparisons.compare import Comparisons

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Places:
    """Where rows stand in their file."""

    file: str
    lines: Mapping[str, int]
    """By id."""

    def of(self, ids: Sequence[str]) -> str:
        """Name the places of some rows: ``c.jsonl:1 and c.jsonl:2``."""
        places = [f"{self.file}:{self.lines[id]}" if id in self.lines else id for id in ids]
        if len(places) > SHOWN + 1:
            places = [*places[:SHOWN], f"{len(places) - SHOWN:,} more"]
        return f"{', '.join(places[:-1])} and {places[-1]}"


def say_contradictions(
    output: Output, groups: Sequence[Sequence[str]], places: Places, what: str
) -> None:
    """Name rows that contradict each other, by their ids."""
    said = [f"{what} that contradict each other, all left out: {places.of(ids)}" for ids in groups]
    warn_first(output, said, f"contradictions of {what}")


def advice(left_out: "LeftOut") -> str:
    """Say what would help, after a semicolon; nothing where nothing is known to."""
    from rbrctl.rewards.comparisons.candidates import NO_CLASS

    return "; --response-class names one for all" if NO_CLASS in left_out.counts else ""


def say_left_out(output: Output, comparisons: "Comparisons", places: Places) -> None:
    """Say what makes no pair, and why."""
    left_out = comparisons.left_out
    said = [
        f"{count:,} left out with {reason}; the first: {left_out.examples[reason]}"
        for reason, count in left_out.counts.items()
    ]
    warn_first(output, said, "reasons to leave completions out")
    if hint := advice(left_out):
        output.talk(hint.lstrip("; "))
    pairs = [each.ids for each in comparisons.contradictions]
    say_contradictions(output, pairs, places, "labels of one completion")
    if comparisons.single_prompts:
        prompts = counted(comparisons.single_prompts, "prompt makes", "prompts make")
        output.talk(f"{prompts} no pair: one completion only, or all of the same rank")
    for name in comparisons.classes_without_pairs:
        output.warn(f"{name}: nothing to compare, so no weights")
