"""
A proposition or definition with the name of a rank.

Ranks are features of a reward beside propositions, and `features` and weights call both by their
names: one name for two things leaves open which of them a weight belongs to.

Fails:

    ranks: [ideal, less_good, apology]
    propositions:
      apology:
        question: Does the assistant's last message contain an apology?

Passes:

    ranks: [ideal, less_good, unacceptable]
    propositions:
      apology:
        question: Does the assistant's last message contain an apology?
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Related, Severity

ID = "name-of-a-rank"
SEVERITY = Severity.ERROR
NEEDS_SOUND_AXIOMS = False


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the propositions and definitions that share a rank's name."""
    ruleset = context.ruleset
    for rank in ruleset.ranks:
        named = ruleset.propositions.get(rank) or ruleset.definitions.get(rank)
        if named is None:
            continue
        place = ruleset.places.get(f"ranks.{rank}")
        yield Finding(
            ID,
            SEVERITY,
            f"'{rank}' is also the name of a rank",
            named.place,
            "give one of them another name",
            (Related(place, "the rank"),) if place else (),
        )
