"""
Two examples of one proposition that are the same but for their answer.

A grader that is shown both learns nothing from them; one of the answers is wrong.

Fails:

    propositions:
      apology:
        examples:
          - {assistant: "Sorry, no.", answer: true}
          - {assistant: "Sorry, no.", answer: false}

Passes:

    propositions:
      apology:
        examples:
          - {assistant: "Sorry, no.", answer: true}
          - {assistant: "No.", answer: false}
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

ID = "conflicting-examples"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the propositions that give one example both answers."""
    for proposition in context.ruleset.propositions.values():
        answers: dict[object, bool] = {}
        for number, example in enumerate(proposition.examples, start=1):
            text = (example.user, example.prompt, example.assistant)
            if answers.setdefault(text, example.answer) != example.answer:
                yield Finding(
                    ID,
                    SEVERITY,
                    f"example {number} of '{proposition.name}' repeats an earlier one with the"
                    " other answer",
                    proposition.place,
                    "correct one of the answers",
                )
