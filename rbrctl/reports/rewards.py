"""What tables of rewards have in common: numbers that may not be known, and error rates."""

import math
from typing import TYPE_CHECKING

from rbrctl.reports.tables import Cell, Column, Interval, Value, Wrap

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.error_rates import ErrorRate

RESPONSE_CLASS = Column("response_class", "response class", wrap=Wrap.NAMES)


def number(value: float) -> float | None:
    """Give a number that every format can hold: None for NaN."""
    return value if math.isfinite(value) else None


def interval(low: float, high: float) -> Interval | None:
    """Give an interval; None where it is not known."""
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def rate_cells(rate: "ErrorRate") -> list[Cell | Value]:
    """Give an error rate, the part of it that is ties, and its interval."""
    return [number(rate.rate), number(rate.ties), interval(rate.low, rate.high)]
