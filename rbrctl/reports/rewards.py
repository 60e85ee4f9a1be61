"""Cells that several tables of rewards have: numbers that may be unknown, and error rates."""

import math
from typing import TYPE_CHECKING

from rbrctl.reports.tables import Cell, Column, Interval, Value, Wrap

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.error_rates import ErrorRate

RESPONSE_CLASS = Column("response_class", "response class", wrap=Wrap.NAMES)


def number(value: float) -> float | None:
    """Return a number that every format can hold: None for NaN."""
    return value if math.isfinite(value) else None


def interval(low: float, high: float) -> Interval | None:
    """Return an interval, or None if it is not known."""
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def rate_cells(rate: "ErrorRate") -> list[Cell | Value]:
    """Return the cells of an error rate: the rate, the part that is ties, and the interval."""
    return [number(rate.rate), number(rate.ties), interval(rate.low, rate.high)]
