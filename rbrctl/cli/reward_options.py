"""Options that several reward commands have, and how their values are read."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.errors import UsageError

if TYPE_CHECKING:
    from rbrctl.rewards.pairs.dataset import PairingOptions

OrderOption = Annotated[
    str | None,
    typer.Option(
        "--order",
        metavar="KEY",
        help="What says which completion is better: labels (the rank that follows from them), rank "
        "(that of the grader's answers), rank_label, or a key of the rows.  [default: labels if "
        "there are any]",
    ),
]
OrderingsOption = Annotated[
    str | None,
    typer.Option(
        "--orderings",
        metavar="FILE",
        help="A YAML file that maps each label to the labels it beats; needs --order KEY.",
    ),
]


class PairsOf(StrEnum):
    """The values of ``--pairs``."""

    PROMPT = "prompt"
    CLASS = "class"


PairsOption = Annotated[
    PairsOf | None,
    typer.Option(
        "--pairs",
        metavar="WHICH",
        help="Compare the completions of one prompt (prompt), or all those of a response class "
        "(class).  [default: prompt]",
    ),
]
ResponseClassOption = Annotated[
    str | None,
    typer.Option(
        "--response-class",
        metavar="CLASS",
        help="The response class of completions that come without one.",
    ),
]
RmUrlOption = Annotated[
    str | None,
    typer.Option(
        "--rm-url",
        metavar="URL",
        help="URL of a reward model's server, asked for the score of completions that have none in "
        "their rows: OpenRLHF's interface, or vLLM's if the address ends in /pooling or "
        "/classify.",
    ),
]
RmModelOption = Annotated[
    str | None,
    typer.Option("--rm-model", metavar="NAME", help="Name of the model behind --rm-url."),
]
RmKeyOption = Annotated[
    str | None,
    typer.Option(
        "--rm-key-env",
        metavar="NAME",
        help="Environment variable that holds the API key for --rm-url.",
    ),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
]


class Prior(StrEnum):
    """The values of ``--prior``."""

    RANKS = "ranks"
    ZERO = "zero"


def pairing_options(
    order: str | None,
    orderings: str | None,
    pairs: PairsOf | None,
    response_class: str | None,
    margin: float = 1.0,
    levels: Mapping[str, float] | None = None,
) -> "PairingOptions":
    """Return the options that say what is compared. Raise UsageError or FileError."""
    from rbrctl.rewards.pairs.candidates import PairScope, parse_order
    from rbrctl.rewards.pairs.dataset import PairingOptions
    from rbrctl.rewards.pairs.orderings import read_orderings

    return PairingOptions(
        order_by=None if order is None else parse_order(order),
        scope=None if pairs is None else PairScope(pairs.value),
        margin=margin,
        levels=levels or {},
        orderings={} if orderings is None else read_orderings(orderings),
        response_class=response_class,
    )


def parse_numbers(texts: Sequence[str] | None, option: str) -> dict[str, float]:
    """Return the numbers of NAME=NUMBER options, by name. Raise UsageError."""
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
            raise UsageError(f"{option} {name} is given twice with different numbers: give one")
    return numbers


def parse_signs(texts: Sequence[str] | None) -> dict[str, int]:
    """Return the signs of NAME=+ and NAME=- options, by name. Raise UsageError."""
    signs: dict[str, int] = {}
    for text in texts or ():
        name, _, value = text.rpartition("=")
        if not name.strip() or value not in ("+", "-"):
            raise UsageError(f"--sign {text}: write NAME=+ or NAME=-")
        sign = 1 if value == "+" else -1
        if signs.setdefault(name.strip(), sign) != sign:
            raise UsageError(f"--sign {name.strip()} is given both as + and as -: give one of them")
    return signs


def parse_factor(text: str) -> float | None:
    """Return the number of --l2, or None for auto. Raise UsageError."""
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--l2 {text}: give a number, 0 for none, or auto") from None
