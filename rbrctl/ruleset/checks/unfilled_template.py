"""
A question or a statement with a template in double braces, which nothing fills.

The grader is asked the text as it stands, braces and all, and takes them for what it is to judge.
The conversation and its last message are given to it with every question, so that a question needs
only speak of them: "the assistant's last message".

Fails:

    propositions:
      apology:
        question: "Is there an apology in {{sample.output_text}}?"

Passes:

    propositions:
      apology:
        question: Is there an apology in the assistant's last message?
"""

import re
from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

ID = "unfilled-template"
SEVERITY = Severity.WARNING

_TEMPLATE = re.compile(r"\{\{[^{}]{0,200}\}\}")


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the templates in what graders are asked."""
    for proposition in context.ruleset.propositions.values():
        for key, text in (("statement", proposition.statement), ("question", proposition.question)):
            if (template := _TEMPLATE.search(text or "")) is not None:
                yield Finding(
                    ID,
                    SEVERITY,
                    f"the {key} of '{proposition.name}' has the template '{template[0]}', and"
                    " nothing fills it",
                    proposition.places.get(key, proposition.place),
                    'leave it out, or write "the assistant\'s last message"',
                )
