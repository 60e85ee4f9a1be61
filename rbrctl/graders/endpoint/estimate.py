"""What a run would take, told before it starts."""

from dataclasses import dataclass

from rbrctl.graders.endpoint.usage import Prices


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
        """Give what the calls would cost; None where no price is known."""
        return prices.cost(self.input_tokens, self.output_tokens)
