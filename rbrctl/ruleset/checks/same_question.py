"""
Two propositions that ask the same question.

Their answers are the same, so that what one of them was meant to tell is never asked. Mostly an
entry was copied and its question not yet rewritten.

Fails:

    propositions:
      apology:
        question: Does the assistant's last message contain an apology?
      judgement:
        question: Does the assistant's last message contain an apology?

Passes:

    propositions:
      apology:
        question: Does the assistant's last message contain an apology?
      judgement:
        question: Does the assistant's last message judge the user?
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Related, Severity
from rbrctl.ruleset.model import Proposition

ID = "same-question"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the questions that an earlier proposition has word by word."""
    seen: dict[str, Proposition] = {}
    for proposition in context.ruleset.propositions.values():
        if proposition.question is None:
            continue
        first = seen.setdefault(" ".join(proposition.question.split()), proposition)
        if first is not proposition:
            yield Finding(
                ID,
                SEVERITY,
                f"'{proposition.name}' asks the very question of '{first.name}'",
                proposition.place,
                "ask what it means",
                (Related(first.place, f"'{first.name}'"),),
            )
