"""
A cue that is written like a regular expression.

Cues are words and phrases, without regard to case and punctuation: what a regular expression means
by its marks is lost, and mostly such a cue is never found. A star inside a word stands for any
letters, three dots between words for up to five words; alternatives are cues of their own.

Fails:

    propositions:
      apology:
        cues: ["sorry|regret", 'apologi[sz]e.*']

Passes:

    propositions:
      apology:
        cues: [sorry, regret, apologi*, I ... apologies]
"""

import re
from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

ID = "odd-cue"
SEVERITY = Severity.WARNING
_SHOWN = 60

# Plain text has question marks and dollars too: they count only where text does not have them.
_ODD = re.compile(
    r"[\\|^()\[\]{}]"  # escapes, alternatives, anchors, groups, sets, counts
    r"|(?<!\.)\.[*+?]"  # but not '...*'
    r"|\w\+"
    r"|\?(?=\s*\w)"  # a question's own mark ends the cue
    r"|\$$"
    r"|^/.*/[a-z]*$"
)


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the cues with marks that only a regular expression has."""
    for proposition in context.ruleset.propositions.values():
        for cue in proposition.cues:
            if (mark := _ODD.search(cue.strip())) is not None:
                yield Finding(
                    ID,
                    SEVERITY,
                    f"the cue '{_shortened(cue)}' of '{proposition.name}' has"
                    f" '{_shortened(mark[0])}', as regular expressions do, and cues are words and"
                    " phrases",
                    proposition.places.get(f"cues.{cue}", proposition.place),
                    "'*' inside a word for any letters, '...' for up to five words between;"
                    " alternatives are cues of their own",
                )


def _shortened(cue: str) -> str:
    return cue if len(cue) <= _SHOWN else f"{cue[: _SHOWN - 1]}…"
