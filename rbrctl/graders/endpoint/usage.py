"""What a run has used or would use: calls, tokens and money; and the limits on them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rbrctl.errors import BudgetSpentError

MOST_TOKENS = 10_000_000
"""The largest token count of one reply that is believed; no model reads or writes as much."""
TEMPLATE_TOKENS = 4096
"""Tokens that a server's chat template may add; otherwise a request has at most one per byte."""
BYTES_A_TOKEN_AT_MOST = 8
"""English has four to five; a request whose tokens have more on average was not read whole."""
LEAST_MISSING = 500
"""The number of missing tokens from which a server is said to truncate requests."""
_INPUT = ("prompt_tokens", "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")
_CACHED = ("cache_read_input_tokens",)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars (or any one currency) for a million tokens; None where the price is not known."""

    input: float | None = None
    output: float | None = None

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """Return what those tokens cost; None if no price is known."""
        if self.input is None and self.output is None:
            return None
        millionths = input_tokens * (self.input or 0.0) + output_tokens * (self.output or 0.0)
        return millionths / 1_000_000


@dataclass(slots=True)
class Usage:
    """Counts of one run; ``calls`` are requests sent, with the ``retries`` among them."""

    prices: Prices = field(default_factory=Prices)
    calls: int = 0
    answered_calls: int = 0
    retries: int = 0
    answers: int = 0
    failed_answers: int = 0
    cache_hits: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    odd_counts: int = 0
    """Replies whose counts of tokens cannot be true, and were not counted."""
    truncated: tuple[int, int] | None = None
    """Tokens that the server counted and that were sent at least; None if it reads everything."""
    started: float = field(default_factory=time.monotonic)

    @property
    def cost(self) -> float | None:
        """The cost of the counted tokens; None if no price is known."""
        return self.prices.cost(self.input_tokens, self.output_tokens)

    @property
    def seconds(self) -> float:
        """Seconds since the run started."""
        return max(time.monotonic() - self.started, 1e-9)

    def add_reply(self, usage: Any, sent_bytes: int | None = None) -> None:
        """
        Count a reply's ``usage`` object, in the words of chat completions or of decisions.

        ``sent_bytes`` is the size of the request, by which its counts are judged where it is known.
        """
        self.answered_calls += 1
        if not isinstance(usage, dict):
            return
        sent = _count(usage, _INPUT)
        back = _count(usage, _OUTPUT)
        most = MOST_TOKENS if sent_bytes is None else sent_bytes + TEMPLATE_TOKENS
        if sent is None or back is None or sent > most:
            self.odd_counts += 1
            return
        self.input_tokens += sent
        self.output_tokens += back
        for name in ("prompt_tokens_details", "input_tokens_details"):
            details = usage.get(name)
            if isinstance(details, dict):
                self.cached_tokens += min(_count(details, ("cached_tokens",)) or 0, sent)
        if sent_bytes is not None and sent and self.truncated is None:
            self._look_for_truncation(sent + (_count(usage, _CACHED) or 0), sent_bytes)

    def _look_for_truncation(self, counted: int, sent_bytes: int) -> None:
        """Notice a server that read far less than it was sent, which no text explains."""
        least = sent_bytes // BYTES_A_TOKEN_AT_MOST
        if least - counted > LEAST_MISSING:
            self.truncated = (counted, least)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what the server's token counts show to be wrong."""
        found = []
        if self.truncated is not None:
            counted, least = self.truncated
            found.append(
                f"the server counted {counted:,} tokens of a request that has {least:,} or more: it"
                " truncates long requests, and what it cut off was not judged; give the server a"
                " larger context"
            )
        if self.odd_counts:
            found.append(
                f"{self.odd_counts:,} replies told numbers of tokens that cannot be true; they are"
                " not counted, nor is what they cost"
            )
        return tuple(found)

    def line(self) -> str:
        """Write the counts on one line."""
        parts = [f"{self.calls:,} calls"]
        if self.retries:
            parts[0] += f" ({self.retries:,} of them retries)"
        parts.append(f"{self.cache_hits:,} answers from the cache")
        if self.calls:
            cached = f" ({self.cached_tokens:,} cached)" if self.cached_tokens else ""
            parts.append(f"{self.input_tokens:,} tokens sent{cached}, {self.output_tokens:,} back")
            parts.append(
                f"{self.calls / self.seconds:,.1f} calls and"
                f" {self.answers / self.seconds:,.1f} propositions a second"
            )
        if self.cost is not None:
            parts.append(f"cost {self.cost:.4f}")
        return "; ".join(parts)

    def summary(self) -> dict[str, float | int | None]:
        """Return all counts, the cost and the rates per second, for a report."""
        return {
            "calls": self.calls,
            "retries": self.retries,
            "answers": self.answers,
            "failed_answers": self.failed_answers,
            "cache_hits": self.cache_hits,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_tokens": self.cached_tokens,
            "cost": self.cost,
            "seconds": round(self.seconds, 3),
            "calls_per_second": round(self.calls / self.seconds, 1),
            "propositions_per_second": round(self.answers / self.seconds, 1),
        }


@dataclass(frozen=True, slots=True)
class Estimate:
    """Counts of a run that was not made; tokens are estimated from the bytes of the requests."""

    transcripts: int = 0
    answers: int = 0
    cache_hits: int = 0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Estimate") -> "Estimate":
        """Add up two runs."""
        return Estimate(
            self.transcripts + other.transcripts,
            self.answers + other.answers,
            self.cache_hits + other.cache_hits,
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )

    def cost(self, prices: Prices) -> float | None:
        """Return what the calls would cost; None if no price is known."""
        return prices.cost(self.input_tokens, self.output_tokens)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may use; None stands for no limit."""

    calls: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class _Spender:
    """One client: what it has used, and how many calls it is waiting for."""

    usage: Usage
    in_flight: Callable[[], int]

    @property
    def average(self) -> float:
        """The mean cost of an answered call; 0 without an answer or a price."""
        usage = self.usage
        return (usage.cost or 0.0) / usage.answered_calls if usage.answered_calls else 0.0


class Spending:
    """One budget for all clients of a run, which may have different prices."""

    def __init__(self, budget: Budget) -> None:
        """Start without a client."""
        self._budget = budget
        self._spenders: list[_Spender] = []

    def join(self, usage: Usage, in_flight: Callable[[], int]) -> None:
        """Count a client's usage too; ``in_flight`` tells how many calls it waits for."""
        self._spenders.append(_Spender(usage, in_flight))

    def check(self) -> None:
        """
        Raise BudgetSpentError if the call that is about to be sent could exceed a limit.

        That call is in flight already. What a call costs is known only after it; until then it
        counts as much as the average call of its client.
        """
        most_calls, most_cost = self._budget.calls, self._budget.cost
        calls = sum(each.usage.calls for each in self._spenders)
        if most_calls is not None and calls >= most_calls:
            raise BudgetSpentError(
                f"stopped after {calls:,} calls, the most allowed (--max-calls);"
                " run again with a higher limit"
            )
        if most_cost is None:
            return
        spent = sum(each.usage.cost or 0.0 for each in self._spenders)
        if spent + sum(each.average * each.in_flight() for each in self._spenders) > most_cost:
            raise BudgetSpentError(
                f"stopped at a cost of {spent:.4f}; the most allowed is {most_cost:g} (--max-cost);"
                " run again with a higher limit"
            )


def _count(usage: Mapping[str, Any], names: Sequence[str]) -> int | None:
    """Return the count under the first name that has one; 0 without any, None for a wrong one."""
    value = next((usage[name] for name in names if usage.get(name) is not None), 0)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, float) and 0 <= value <= MOST_TOKENS and value.is_integer():
        return int(value)
    return value if whole and 0 <= value <= MOST_TOKENS else None
