"""How often a grader changes its answer when it is asked the same question again."""

from dataclasses import dataclass
from itertools import combinations

from rbrctl.records.models import Result


@dataclass(frozen=True, slots=True)
class FlipRate:
    """How the repeated answers to one proposition differed."""

    proposition: str
    transcripts: int
    flipped: int
    """Transcripts whose repeats fall on both sides of the threshold."""
    rate: float
    """The share of pairs of repeats that disagree, averaged over transcripts, in [0, 1]."""
    spread: float
    """The mean of (highest - lowest probability) over transcripts, in [0, 1]."""


class FlipTally:
    """Collects the answers to repeated questions from a stream of results."""

    def __init__(self) -> None:
        """Start empty."""
        self._seen: dict[str, list[list[float]]] = {}

    def add(self, result: Result) -> None:
        """Add the repeats of one result, if it has any."""
        for name, answer in result.answers.items():
            repeats = answer.details.get("repeats")
            if isinstance(repeats, list) and len(repeats) > 1:
                self._seen.setdefault(name, []).append([float(value) for value in repeats])

    def rates(self, threshold: float = 0.5) -> list[FlipRate]:
        """Return the flip rates of all repeated propositions, in order of appearance."""
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
