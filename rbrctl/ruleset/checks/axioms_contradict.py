"""
Axioms that cannot all be true.

Axioms say what is true of every transcript. Where they contradict each other there is no such
transcript, and everything could be proved: the other proofs wait until this is put right.

Fails:

    axioms:
      - fully_complies implies partially_complies
      - fully_complies
      - not partially_complies

Passes:

    axioms:
      - fully_complies implies partially_complies
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import axioms_related
from rbrctl.ruleset.findings import Finding, Severity

ID = "axioms-contradict"
SEVERITY = Severity.ERROR
NEEDS_SOUND_AXIOMS = False


def check(context: CheckContext) -> Iterator[Finding]:
    """Find a minimal set of axioms that contradict each other."""
    if context.axioms.satisfiable:
        return
    related = axioms_related(context, ())
    many = len(related) > 1
    yield Finding(
        ID,
        SEVERITY,
        f"these {len(related)} axioms cannot all be true" if many else "this axiom is never true",
        related[-1].place,
        "remove or correct one of them" if many else "remove or correct it",
        related if many else (),
    )
