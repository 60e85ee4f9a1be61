"""
Answers from an author's cues, for propositions that no model knows.

The guess is deliberately simple. A proposition whose cues are not found in the completion gets
P_ABSENT. With one cue it gets P_ONE; each further distinct cue halves the distance to 1, up to
P_MOST. An author's cues occur in few completions, and one that occurs is a hint and not a proof:
hence no probability near 0 or 1.
"""

from collections.abc import Mapping

from rbrctl.digests import digest_of
from rbrctl.graders.embedded.cues import CueIndex, cue_elements
from rbrctl.graders.embedded.text import Passage
from rbrctl.records.models import Answer
from rbrctl.ruleset.model import Proposition

P_ABSENT = 0.1
"""P(true) if no cue is found."""
P_ONE = 0.75
"""P(true) if one cue is found."""
P_MOST = 0.95
"""P(true) is never above this."""
SOURCE = "cues"


def probability_of(distinct_cues_found: int) -> float:
    """Return P(true) for the number of distinct cues found in a completion."""
    if distinct_cues_found == 0:
        return P_ABSENT
    doubt: float = (1 - P_ONE) * 0.5 ** (distinct_cues_found - 1)
    return min(1 - doubt, P_MOST)


class CueAnswers:
    """Answers the propositions that have cues."""

    def __init__(self, propositions: Mapping[str, Proposition]) -> None:
        """Take the propositions to answer; those whose cues contain no word are left out."""
        usable = {
            name: tuple(cue for cue in proposition.cues if cue_elements(cue))
            for name, proposition in propositions.items()
        }
        usable = {name: cues for name, cues in usable.items() if cues}
        self.digests: dict[str, str] = {
            name: digest_of({"cues": sorted(cues), "guess": [P_ABSENT, P_ONE, P_MOST]})
            for name, cues in usable.items()
        }
        self._cues = [(name, cue) for name, cues in usable.items() for cue in dict.fromkeys(cues)]
        self._index = CueIndex.of_cues({str(at): [cue] for at, (_, cue) in enumerate(self._cues)})

    def answers(self, passage: Passage) -> dict[str, Answer]:
        """Return answers to all of them; the details of an answer name the cues found."""
        found: dict[str, list[str]] = {name: [] for name in self.digests}
        for number in dict.fromkeys(hit.group for hit in self._index.find(passage)):
            name, cue = self._cues[int(number)]
            found[name].append(cue)
        return {
            name: Answer(
                probability=probability_of(len(cues)),
                source=SOURCE,
                digest=self.digests[name],
                details={"cues": cues} if cues else {},
            )
            for name, cues in found.items()
        }
