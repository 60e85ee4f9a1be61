"""
A proposition without a question.

An LLM grader can only be given its statement, or nothing at all. A question can say what counts and
what does not.

Fails:

    propositions:
      apology:
        statement: The completion contains an apology.

Passes:

    propositions:
      apology:
        statement: The completion contains an apology.
        question: Does it contain an apology? "I regret" is none.
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

ID = "no-question"
SEVERITY = Severity.NOTE


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the propositions without a question."""
    for proposition in context.ruleset.propositions.values():
        if proposition.question is None and not proposition.deprecated:
            yield Finding(
                ID,
                SEVERITY,
                f"'{proposition.name}' has no question to ask a grader",
                proposition.place,
                "add 'question:', to be answered with yes or no",
            )
