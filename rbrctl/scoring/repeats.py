"""How often a grader changes its mind when it is asked the same again."""

from dataclasses import dataclass
from itertools import combinations

from rbrctl.records.models import Result


@dataclass(frozen=True, slots=True)
class FlipRate:
    """Of one proposition: how many transcripts were asked repeatedly, and how they differed."""

    proposition: str
    transcripts: int
    flipped: int
    """Transcripts whose repeats stand on both sides of the threshold."""
    rate: float
    """The chance that two repeats of one transcript disagree, averaged over transcripts."""
    spread: float
    """The mean distance of the highest from the lowest probability of a transcript."""


class FlipTally:
    """Takes results one by one and keeps what repeated questions answered."""

    def __init__(self) -> None:
        """Start empty."""
        self._seen: dict[str, list[list[float]]] = {}

    def add(self, result: Result) -> None:
        """Take the repeats of one result; one without any leaves no trace."""
        for name, answer in result.answers.items():
            repeats = answer.details.get("repeats")
            if isinstance(repeats, list) and len(repeats) > 1:
                self._seen.setdefault(name, []).append([float(value) for value in repeats])

    def rates(self, threshold: float = 0.5) -> list[FlipRate]:
        """Measure all propositions that were asked more than once, in order of appearance."""
        return [_rate(name, rows, threshold) for name, rows in self._seen.items()]


def _rate(name: str, rows: list[list[float]], threshold: float) -> FlipRate:
    disagreements = []
    for row in rows:
        pairs = list(combinations([value >= threshold for value in row], 2))
        disagreements.append(sum(a != b for a, b in pairs) / len(pairs))
    return FlipRate(
        proposition=name,
        transcripts=len(rows),
        flipped=sum(value > 0 for value in disagreements),
        rate=sum(disagreements) / len(rows),
        spread=sum(max(row) - min(row) for row in rows) / len(rows),
    )
