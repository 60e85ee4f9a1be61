"""
A unit test whose `given` breaks an axiom.

What a test does not give is false. With that, the test describes a completion that, by an axiom,
cannot be: it is worth little, and mostly a proposition was forgotten.

Fails:

    axioms:
      - fully_complies implies partially_complies
    tests:
      - name: complying is a good answer
        response_class: comply
        given: {fully_complies: true}
        expect: {rank: ideal}

Passes:

    axioms:
      - fully_complies implies partially_complies
    tests:
      - name: complying is a good answer
        response_class: comply
        given: {fully_complies: true, partially_complies: true}
        expect: {rank: ideal}
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Related, Severity

ID = "given-breaks-axiom"
SEVERITY = Severity.NOTE


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the tests on whose assignment some axiom is false."""
    axioms = list(zip(context.ruleset.axioms, context.logic.axioms, strict=True))
    for test in context.ruleset.tests:
        broken = [axiom for axiom, node in axioms if not context.diagram.holds(node, test.given)]
        if broken:
            texts = "', '".join(" ".join(axiom.body.text.split()) for axiom in broken)
            yield Finding(
                ID,
                SEVERITY,
                f"what is given breaks the axiom '{texts}'",
                test.places.get("given", test.place),
                "what is not given is false: give what follows, too",
                tuple(Related(axiom.place, "the axiom") for axiom in broken),
            )
