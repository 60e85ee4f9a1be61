"""Options that several reward commands have: what is better than what, and numbers by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from rbrctl.errors import UsageError

ORDERS = ("labels", "rank", "rank_label")

OrderOption = Annotated[
    str | None,
    typer.Option(
        "--order",
        metavar="KEY",
        help="What says which completion is better: labels (the rank they lead to), rank (the "
        "grader's), rank_label, or a key of the rows.  [default: labels where there are any]",
    ),
]
OrderingsOption = Annotated[
    str | None,
    typer.Option(
        "--orderings",
        metavar="FILE",
        help="A YAML file of labels, each with those that it beats; with --order KEY.",
    ),
]


class PairsOf(StrEnum):
    """Which completions are compared with each other."""

    PROMPT = "prompt"
    CLASS = "class"


PairsOption = Annotated[
    PairsOf | None,
    typer.Option(
        "--pairs",
        metavar="WHICH",
        help="Compare completions of one prompt, or all of a class: prompt or class.  [default: "
        "prompt]",
    ),
]
ResponseClassOption = Annotated[
    str | None,
    typer.Option("--response-class", metavar="CLASS", help="Of completions that come without one."),
]
RmUrlOption = Annotated[
    str | None,
    typer.Option(
        "--rm-url",
        metavar="URL",
        help="A reward model's server, asked for the score of completions that have none in "
        "their rows: OpenRLHF's contract, or vLLM's where the address ends in /pooling or "
        "/classify.",
    ),
]
RmModelOption = Annotated[
    str | None,
    typer.Option("--rm-model", metavar="NAME", help="The model that --rm-url serves."),
]
RmKeyOption = Annotated[
    str | None,
    typer.Option(
        "--rm-key-env", metavar="NAME", help="The variable that holds the key for --rm-url."
    ),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
]


class Prior(StrEnum):
    """Where L2 pulls the weights."""

    RANKS = "ranks"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Order:
    """The options that say what is better than what."""

    by: str | None
    orderings: str | None
    pairs: PairsOf | None
    margin: float = 1.0
    levels: Mapping[str, float] | None = None
    response_class: str | None = None
    """Of completions that come without one."""

    def check(self) -> None:
        """Raise UsageError for what cannot be meant."""
        if self.orderings is not None and (self.by is None or self.by in ORDERS):
            named = f", and --order {self.by} is none" if self.by else ""
            raise UsageError(
                f"--orderings orders by a key of the rows{named}: name the key with --order"
            )

    def check_preferences(self) -> None:
        """Raise UsageError for what says nothing of preferences."""
        options = (("--order", self.by), ("--orderings", self.orderings), ("--pairs", self.pairs))
        for option, value in options:
            if value is not None:
                raise UsageError(
                    f"{option} {value} says nothing of preferences: the two sides of each are "
                    "compared, the chosen being the better"
                )


def parse_numbers(texts: Sequence[str] | None, option: str) -> dict[str, float]:
    """Read NAME=NUMBER options. Raises UsageError."""
    numbers: dict[str, float] = {}
    for text in texts or ():
        left, _, right = text.rpartition("=")
        name = left.strip()
        try:
            value = float(right)
        except ValueError:
            value = float("nan")
        if not name or not abs(value) < 1e9:
            raise UsageError(f"{option} {text}: write NAME=NUMBER")
        if numbers.setdefault(name, value) != value:
            raise UsageError(f"{option} {name} is given twice, and differently: give one number")
    return numbers


def parse_signs(texts: Sequence[str] | None) -> dict[str, int]:
    """Read NAME=+ and NAME=- options. Raises UsageError."""
    signs: dict[str, int] = {}
    for text in texts or ():
        name, _, value = text.rpartition("=")
        if not name.strip() or value not in ("+", "-"):
            raise UsageError(f"--sign {text}: write NAME=+ or NAME=-")
        sign = 1 if value == "+" else -1
        if signs.setdefault(name.strip(), sign) != sign:
            raise UsageError(f"--sign {name.strip()} is given as + and as -: give one of them")
    return signs


def parse_factor(text: str) -> float | None:
    """Read --l2; None for auto."""
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--l2 {text}: give a number, 0 for none, or auto") from None
