"""
Reads yes or no out of a judge's reply; a text that is not clearly one of them has no verdict.

Almost all replies are a bare word, and are read here. For any other text the grammar of
``verdict_grammar`` is loaded; compiling its patterns takes longer than hundreds of bare words.
"""

from dataclasses import dataclass

_BARE = {
    f"{mark}{word}{end}{mark}": word.lower() == "yes"
    for word in ("Yes", "No", "yes", "no", "YES", "NO")
    for end in ("", ".")
    for mark in ("", "**")
}
"""The texts of most replies, which need no grammar."""


@dataclass(frozen=True, slots=True)
class TextVerdict:
    """A yes (True) or no (False) and where its word begins in the text."""

    value: bool
    offset: int


def read_verdict(text: str) -> TextVerdict | None:
    """Return the yes or no that a text answers with; None if it does not clearly say either."""
    bare = text.strip()
    if bare in _BARE:
        return TextVerdict(_BARE[bare], len(text) - len(text.lstrip()) + 2 * (bare[0] == "*"))
    from rbrctl.graders.endpoint.chat.verdict_grammar import read_grammar

    found = read_grammar(text)
    return None if found is None else TextVerdict(found.value, found.offset)
