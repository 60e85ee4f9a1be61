"""Choosing some of a stream of transcripts."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator

from rbrctl.records.models import Transcript


def sampled(transcripts: Iterable[Transcript], size: int, seed: int) -> Iterator[Transcript]:
    """
    Draw ``size`` transcripts at random, and give them in their own order.

    Which are drawn depends on the seed and their ids alone, so that a file that grows or is
    shuffled keeps most of its sample. Reads the whole stream and holds only the sample.
    """
    # The greatest key is at the heap's top when keys are negated: it is the first to go.
    drawn: list[tuple[int, int, Transcript]] = []
    for position, transcript in enumerate(transcripts):
        entry = (-_key(transcript.id, seed), position, transcript)
        if len(drawn) < size:
            heapq.heappush(drawn, entry)
        elif drawn and entry > drawn[0]:
            heapq.heapreplace(drawn, entry)
    for _, _, transcript in sorted(drawn, key=lambda entry: entry[1]):
        yield transcript


def _key(identifier: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed}:{identifier}".encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big")
