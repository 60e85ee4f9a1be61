"""
Answers from an author's cues, for propositions that no model knows.

The guess is deliberately simple: a proposition whose cues are not found in the completion gets
P_ABSENT. Each distinct cue that is found lowers what is left of the doubt by half, from P_ONE for
one cue, and never beyond P_MOST. Cues that an author writes for a statement are found in few
completions, and where one is found it is a hint, not a proof: hence the caution on both sides.
"""

from collections.abc import Mapping

from rbrctl.digests import digest_of
from rbrctl.graders.embedded.cues import CueIndex, cue_elements
from rbrctl.graders.embedded.text import Passage
from rbrctl.records.models import Answer
from rbrctl.ruleset.model import Proposition

P_ABSENT = 0.1
"""P(true) where no cue is found."""
P_ONE = 0.75
"""P(true) where one cue is found."""
P_MOST = 0.95
"""P(true) is never above this."""
SOURCE = "cues"


def probability_of(distinct_cues_found: int) -> float:
    """Give P(true) for a number of distinct cues found in a completion."""
    if distinct_cues_found == 0:
        return P_ABSENT
    doubt: float = (1 - P_ONE) * 0.5 ** (distinct_cues_found - 1)
    return min(1 - doubt, P_MOST)


class CueAnswers:
    """Answers the propositions that have cues."""

    def __init__(self, propositions: Mapping[str, Proposition]) -> None:
        """Take the propositions to answer; those without a cue that has a word are left out."""
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
        """Answer all of them from a completion; the answers' details name the cues found."""
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
