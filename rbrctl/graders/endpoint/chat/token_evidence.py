"""
Reading P(yes) from the token probabilities of a chat completion.

The verdict is the word that the message's text states (``verdict_text``), measured at the token
that wrote it. The stream of tokens can hold more than the text (thinking, channels, code fences
that the server cut off) and can spell it otherwise (space as "Ġ", bytes as "<0x0A>", marks as ""),
so the two are aligned by their ASCII letters and digits, from the end. Where the stream does not
end in the text's letters, the text and the tokens disagree, which is an error.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rbrctl.graders.endpoint.chat.verdict_text import read_verdict
from rbrctl.graders.endpoint.http.json_body import number_of, shown
from rbrctl.records.control_tokens import end_without_tokens
from rbrctl.records.thinking import judge_reply_start

SENTINEL = -1000.0
"""A log probability at or below this marks a masked token (servers write -9999 or -inf)."""
LOW_MASS = 0.5
"""If yes and no together have a smaller probability than this, the answer is flagged."""
LEAST_MASS = 0.01
"""If they have less than this, there is no answer: the ratio of the two would be noise."""
MOST_MISMATCH = 0.05
"""The most by which a chosen token's probability may differ from that in the list."""
MOST_MASS = 1.02
"""If they have more than this, the numbers are no probabilities; up to it, it is rounding."""
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_PLAIN = {
    f"{space}{word}": word.lower() == "yes"
    for word in ("Yes", "No", "yes", "no", "YES", "NO")
    for space in ("", " ")
}
_AROUND = " \t\r\n*_`\"'“”‘’()[]<>#:.,;!?-–—▁Ġ"


class EvidenceError(ValueError):
    """
    The token probabilities cannot be used; the message says why.

    ``unsupported`` is True if they are missing or masked, so that asking again is no use.
    """

    def __init__(self, message: str, *, unsupported: bool = False) -> None:
        """Keep the message and whether the server gives usable probabilities at all."""
        super().__init__(message)
        self.unsupported = unsupported


@dataclass(frozen=True, slots=True)
class Evidence:
    """P(yes) = p_yes / (p_yes + p_no), and the mass p_yes + p_no that it rests on."""

    probability: float
    mass: float
    unseen: float = 0.0
    """The most probability that the unlisted word could have; 0 if both words are listed."""
    alternatives: int = 0
    """How many alternatives the server listed at the verdict's token."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the reply: its text, its log probability and the alternatives to it."""

    text: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...]

    @property
    def is_masked(self) -> bool:
        """True if the server wrote a mark in place of a log probability."""
        return self.logprob <= SENTINEL

    def candidates(self) -> set[tuple[str, float]]:
        """
        Return the alternatives with the chosen token, which some servers leave out of the list.

        It is a set since an entry that is listed twice is one token, whereas two entries of one
        text and different probabilities are two spellings of it.
        """
        found = set(self.alternatives)
        if all(text != self.text for text, _ in found):
            found.add((self.text, self.logprob))
        return found


def read_evidence(content: Any, text: str) -> Evidence:
    """
    Sum the probabilities of all spellings of yes and of no where the verdict stands.

    ``content`` is ``choices[0].logprobs.content`` and ``text`` the message's content. The chosen
    token counts once, be it in the list of alternatives or not. A word in pieces ("N", "o") counts
    with all its pieces where it was chosen, and by its first piece where not. Raises EvidenceError.
    """
    token, *pieces = _verdict_tokens(parse_tokens(content), text)
    if token.is_masked:
        raise masked_error(token)
    check_chosen([token, *pieces])
    masses = {True: 0.0, False: 0.0}
    candidates = token.candidates()
    for listed, logprob in candidates:
        word = _word_of(listed)
        if word is not None and logprob > SENTINEL:
            # Only the chosen word's later pieces are known; another word counts by its first.
            later = sum(piece.logprob for piece in pieces) if listed == token.text else 0.0
            masses[word] += math.exp(min(logprob + later, 0.0))
    mass = masses[True] + masses[False]
    shares = [math.exp(min(p, 0.0)) for _, p in candidates if p > SENTINEL]
    unseen = 0.0
    if min(masses.values()) == 0.0:
        # An unlisted token is less probable than every listed one, and than what they leave over.
        unseen = max(0.0, min(1.0 - sum(shares), min(shares)))
    if len(candidates) == 1 and mass < 0.99:
        raise EvidenceError("the reply lists no alternatives to the chosen token", unsupported=True)
    check_mass(mass)
    return Evidence(masses[True] / mass, min(mass, 1.0), unseen, len(token.alternatives))


def check_chosen(tokens: Sequence[Token]) -> None:
    """
    Raise EvidenceError if a chosen token's probability and those of the list cannot both be right.

    It must be that of its own entry in the list, or fit beside the alternatives that are listed.
    """
    for token in tokens:
        own = math.exp(min(token.logprob, 0.0))
        listed = [math.exp(min(p, 0.0)) for text, p in token.alternatives if text == token.text]
        if listed and min(abs(own - each) for each in listed) > MOST_MISMATCH:
            raise EvidenceError(
                f"the chosen token has the probability {own:.3g}, and {listed[0]:.3g} in the list "
                "of alternatives"
            )
        total = sum(math.exp(min(p, 0.0)) for _, p in token.candidates() if p > SENTINEL)
        if total > MOST_MASS:
            raise EvidenceError(
                f"the probabilities of the chosen token and its alternatives add up to {total:.3g},"
                " more than 1"
            )


def check_mass(mass: float) -> None:
    """Raise EvidenceError if yes and no together have too little or too much probability."""
    if mass > MOST_MASS:
        raise EvidenceError(f"the probabilities of yes and no add up to {mass:.3g}, more than 1")
    if not mass >= LEAST_MASS:
        raise EvidenceError(
            f"yes and no together have a probability mass of {mass:.2g} where the answer should"
            " stand"
        )


def mass_details(mass: float) -> dict[str, Any]:
    """Return what an answer's details say of the mass that it rests on."""
    details: dict[str, Any] = {"mass": round(mass, 6)}
    if mass < LOW_MASS:
        details["low_mass"] = True
    return details


def parse_tokens(content: Any) -> list[Token]:
    """Read ``choices[0].logprobs.content``. Raises EvidenceError for anything malformed in it."""
    if not isinstance(content, Sequence) or isinstance(content, str) or not content:
        raise EvidenceError("the reply has no token probabilities", unsupported=True)
    return [_token(entry) for entry in content]


def _token(entry: Any) -> Token:
    if not isinstance(entry, dict):
        raise EvidenceError("an entry of the token probabilities is no object")
    alternatives = entry.get("top_logprobs")
    if alternatives is None:
        alternatives = []
    if not isinstance(alternatives, list) or not all(isinstance(a, dict) for a in alternatives):
        raise EvidenceError("top_logprobs is no list of objects")
    pairs = [(_text(item), _logprob(item)) for item in alternatives]
    if sum(math.exp(p) for text, p in pairs if p > SENTINEL) > MOST_MASS:
        raise EvidenceError("the probabilities of the alternatives add up to more than 1")
    return Token(_text(entry), _logprob(entry), tuple(pair for pair in pairs if pair[0]))


def _text(entry: dict[str, Any]) -> str:
    """Return a token's text, from its bytes where servers leave it empty or write it as a byte."""
    text = entry.get("token")
    if not isinstance(text, str):
        raise EvidenceError("a token without a text")
    if not text and isinstance(entry.get("bytes"), list):
        known = [b for b in entry["bytes"] if isinstance(b, int) and 0 <= b < 256]
        return bytes(known).decode("utf-8", "ignore")
    byte = _BYTE.fullmatch(text)
    return chr(int(byte[1], 16)) if byte is not None else text


def _logprob(entry: dict[str, Any]) -> float:
    value = entry.get("logprob")
    if value is None:
        return -math.inf
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvidenceError(f"a log probability that is no number: {str(value)[:40]!r}")
    if not value <= 1e-3 or (isinstance(value, int) and number_of(value) is None):
        raise EvidenceError(f"a log probability that cannot be one: {shown(value, 40)}")
    return float(value)


def _verdict_tokens(tokens: list[Token], text: str) -> list[Token]:
    """Return the token at which the verdict's word begins, and the later pieces of that word."""
    if len(tokens) == 1 and tokens[0].text in _PLAIN and text.strip() == tokens[0].text.strip():
        return tokens  # Almost every reply is this one, and needs no alignment.
    verdict = read_verdict(text)
    if verdict is None:
        raise _unread(tokens, text)
    word = "yes" if verdict.value else "no"
    if text[verdict.offset : verdict.offset + len(word)].lower() != word:
        raise EvidenceError("the reply's verdict is not written as yes or no")
    return aligned(tokens, text, verdict.offset, len(word))


def aligned(tokens: list[Token], text: str, offset: int, length: int) -> list[Token]:
    """
    Return the tokens that wrote the word at ``text[offset : offset + length]``.

    Both are compared by their ASCII letters and digits, counted from the end: the stream may hold
    thinking in front of the text, and may spell spaces, bytes and marks in its own way. Raises
    EvidenceError if they disagree, or if one of those tokens wrote a part of another word too.
    """
    word = _letters(text[offset : offset + length])
    end = end_without_tokens(text)
    places = _places(tokens)
    behind = len(_letters(text[offset:end]))
    written = "".join(letter for letter, _ in places)
    if not word or behind > len(places) or not written.endswith(_letters(text[:end])):
        raise EvidenceError("the message's text and its tokens disagree")
    found = places[len(places) - behind :][: len(word)]
    indices = list(dict.fromkeys(index for _, index in found))
    if "".join(_letters(tokens[index].text) for index in indices) != word:
        raise EvidenceError("the verdict's word shares a token with another word")
    return [tokens[index] for index in indices]


def _unread(tokens: Sequence[Token], text: str) -> EvidenceError:
    """Return the error for a text that holds no verdict."""
    masked = next((token for token in tokens if token.is_masked), None)
    if masked is not None:
        return masked_error(masked)
    if judge_reply_start(text) is None:
        return EvidenceError("the reply ends inside its reasoning; allow more tokens")
    if not text.strip():
        return EvidenceError("the reply is empty")
    return EvidenceError("the reply is neither a plain yes nor a plain no")


def masked_error(token: Token) -> EvidenceError:
    """Return the error for a token whose probability the server hides."""
    return EvidenceError(
        f"the chosen token has the log probability {token.logprob:g}, a mark for a masked"
        " token and no probability (constrained decoding does that)",
        unsupported=True,
    )


def _places(tokens: list[Token]) -> list[tuple[str, int]]:
    """Return the letters and digits that tokens spell, each with its token's index."""
    end = len(tokens)
    while end and end_without_tokens(tokens[end - 1].text) == 0:
        end -= 1
    return [
        (letter, index)
        for index, token in enumerate(tokens[:end])
        for letter in _letters(token.text)
    ]


def _letters(text: str) -> str:
    """Return the ASCII letters and digits of a text in lower case."""
    return "".join(c for c in text if c.isascii() and c.isalnum()).lower()


def _word_of(text: str) -> bool | None:
    """Return True for a yes or the beginning of one, False for a no, None for anything else."""
    word = text.strip(_AROUND).casefold()
    if not word:
        return None
    if "yes".startswith(word):
        return True
    if "no".startswith(word):
        return False
    return None
