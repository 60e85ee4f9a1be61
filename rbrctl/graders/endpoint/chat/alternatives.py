"""How many alternatives to a token a server gives, out of its own words when it refuses more."""

import re

GUESSES = (5, 2)
"""What is tried where the server does not say, or says what it refuses too."""
LEAST = 2
"""With fewer there is nothing to compare."""
_SPEAKS = re.compile(r"log[ _-]?prob", re.IGNORECASE)
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
    Tell how many alternatives to ask for after a message that refuses ``asked``.

    Servers say it in many ways: "max allowed: 10", "Cannot request more than 5", "must be less
    than or equal to 5". None where the message is about something else, or too few are left.
    """
    if not _SPEAKS.search(message) or asked <= LEAST:
        return None
    words = _STATUS.sub("", message)
    named = [int(number) for number in _LIMIT.findall(words)]
    named += [int(number) - 1 for number in _BELOW.findall(words)]
    fitting = [number for number in named if LEAST <= number < asked]
    if fitting:
        return max(fitting)
    if any(number < LEAST for number in named) and not any(number >= asked for number in named):
        return None
    return next((guess for guess in GUESSES if guess < asked), None)
