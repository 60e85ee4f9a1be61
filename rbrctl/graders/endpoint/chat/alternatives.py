"""
How many alternatives to a token are asked for, lowered when a server refuses as many.

The ``top_logprobs`` that servers accept differ (20, 10, 5, ...), and they say so in their own
words, sometimes only in the middle of a run.
"""

import re
from collections.abc import Callable

GUESSES = (5, 2)
"""What is tried, in this order, if the server names no number, or refuses the one it named."""
LEAST_ALTERNATIVES = 2
"""With fewer alternatives there is nothing to compare."""
_ABOUT_LOGPROBS = re.compile(r"log[ _-]?prob", re.IGNORECASE)
_LIMIT = re.compile(
    r"(?:max(?:imum)?\b[^\d.;]{0,40}?|more than|at most|up to"
    r"|(?:less|smaller|lower) than or equal(?: to)?|not exceed|no (?:more|greater) than|<=|≤"
    r"|limit(?:ed)?(?: (?:is|to|of))*|between \d+ and|(?:from|range) \W?\d+ ?(?:to|-|–|,|\.\.)"
    r"|\b[01] ?(?:to|-|–|\.\.)|[\[(][01],)\W{0,3}(\d{1,4})\b",
    re.IGNORECASE,
)
_BELOW = re.compile(r"(?:(?:less|smaller|lower|fewer) than|<)\W{0,3}(\d{1,4})\b", re.IGNORECASE)
_STATUS = re.compile(r"\bstatus \d{3}\b")


def fewer_alternatives(message: str, asked: int) -> int | None:
    """
    Return how many alternatives to ask for after an error message that refuses ``asked``.

    Servers say it in many ways: "max allowed: 10", "Cannot request more than 5", "must be less
    than or equal to 5". Returns None if the message is about something else, or if the server
    allows too few to compare.
    """
    if not _ABOUT_LOGPROBS.search(message) or asked <= LEAST_ALTERNATIVES:
        return None
    words = _STATUS.sub("", message)  # "status 400" is no limit.
    named = [int(number) for number in _LIMIT.findall(words)]
    named += [int(number) - 1 for number in _BELOW.findall(words)]
    fitting = [number for number in named if LEAST_ALTERNATIVES <= number < asked]
    if fitting:
        return max(fitting)
    too_few = any(number < LEAST_ALTERNATIVES for number in named)
    if too_few and not any(number >= asked for number in named):
        return None
    return next((guess for guess in GUESSES if guess < asked), None)


class AlternativesLimit:
    """
    The ``top_logprobs`` that the requests of one grader ask for.

    The propositions and the classifier share it, so that what one of them learns from a refusal
    holds for both; ``on_lowered`` keeps it for the next run.
    """

    def __init__(self, start: int, on_lowered: Callable[[int], None] = lambda limit: None) -> None:
        """Start with what the probe found."""
        self.current = start
        self._on_lowered = on_lowered

    def lower_after(self, message: str, asked: int) -> bool:
        """
        Return whether a request that asked for ``asked`` should be sent again with fewer.

        False means that the error message refuses something else. Many requests are in flight
        when the first refusal comes, so the limit may be lower than ``asked`` already.
        """
        fewer = fewer_alternatives(message, asked)
        if fewer is None:
            return False
        if fewer < self.current:
            self.current = fewer
            self._on_lowered(fewer)
        return self.current < asked
