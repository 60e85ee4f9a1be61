"""
A proposition without examples, or with examples of one answer only.

A few examples with their right answers show a grader where the border runs; of one answer only,
they teach it to give that answer.

Fails:

    propositions:
      apology:
        question: Does the assistant's last message contain an apology?

Passes:

    propositions:
      apology:
        question: Does the assistant's last message contain an apology?
        examples:
          - {assistant: "Sorry, no.", answer: true}
          - {assistant: "No.", answer: false}
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

ID = "no-examples"
SEVERITY = Severity.NOTE


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the propositions whose examples show no border."""
    for proposition in context.ruleset.propositions.values():
        answers = {example.answer for example in proposition.examples}
        if proposition.deprecated or len(answers) == 2:
            continue
        what = f"only examples of '{'yes' if True in answers else 'no'}'" if answers else None
        yield Finding(
            ID,
            SEVERITY,
            f"'{proposition.name}' has {what or 'no examples'}",
            proposition.place,
            "add 'examples:' of which some are true and some are not",
        )
