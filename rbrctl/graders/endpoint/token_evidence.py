"""P(yes) out of the token probabilities of a chat completion."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rbrctl.graders.endpoint.json_replies import number_of, shown
from rbrctl.graders.endpoint.verdict_text import read_verdict, reasoning_end

SENTINEL = -1000.0
"""Log probabilities at or below this are marks for "masked" (-9999, -inf), not probabilities."""
LOW_MASS = 0.5
"""Where yes and no together have less, an answer is flagged."""
LEAST_MASS = 0.01
"""Where they have less, there is no answer: their ratio would be noise."""
_AROUND = " \t\r\n*_`\"'“”‘’()[]<>#:.,;!?-–—▁Ġ"


class EvidenceError(ValueError):
    """The token probabilities cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """P(yes) = p_yes / (p_yes + p_no), and the mass p_yes + p_no that it rests on."""

    probability: float
    mass: float
    unseen: float = 0.0
    """The most that the side which is not in the list could have; 0 where both are."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...]


def read_evidence(content: Any) -> Evidence:
    """
    Sum the probabilities of all spellings of yes and of no where the verdict stands.

    ``content`` is ``choices[0].logprobs.content``. The chosen token counts once, be it in the list
    of alternatives or not. A word in pieces ("N", "o") counts with all its pieces where it was
    chosen, and by its first piece where not. Raises EvidenceError.
    """
    tokens = _tokens(content)
    position, pieces = _verdict_position(tokens)
    token = tokens[position]
    if token.logprob <= SENTINEL:
        raise EvidenceError(
            f"the chosen token has the log probability {token.logprob:g}, a mark for a masked"
            " token and no probability (constrained decoding does that)"
        )
    masses = {True: 0.0, False: 0.0}
    candidates = dict(token.alternatives)
    candidates.setdefault(token.text, token.logprob)
    for text, logprob in candidates.items():
        word = _word_of(text)
        if word is not None and logprob > SENTINEL:
            later = sum(piece.logprob for piece in pieces) if text == token.text else 0.0
            masses[word] += math.exp(min(logprob + later, 0.0))
    mass = masses[True] + masses[False]
    listed = [math.exp(min(p, 0.0)) for p in candidates.values() if p > SENTINEL]
    unseen = 0.0
    if min(masses.values()) == 0.0:
        unseen = max(0.0, min(1.0 - sum(listed), min(listed)))
    if len(candidates) == 1 and mass < 0.99:
        raise EvidenceError("the reply lists no alternatives to the chosen token")
    if mass < LEAST_MASS:
        raise EvidenceError(
            f"yes and no together have a probability of {mass:.2g} where the answer should stand"
        )
    return Evidence(masses[True] / mass, min(mass, 1.0), unseen)


def _tokens(content: Any) -> list[_Token]:
    if not isinstance(content, Sequence) or isinstance(content, str) or not content:
        raise EvidenceError("the reply has no token probabilities")
    return [_token(entry) for entry in content]


def _token(entry: Any) -> _Token:
    if not isinstance(entry, dict):
        raise EvidenceError("an entry of the token probabilities is no object")
    alternatives = entry.get("top_logprobs")
    if alternatives is None:
        alternatives = []
    if not isinstance(alternatives, list) or not all(isinstance(a, dict) for a in alternatives):
        raise EvidenceError("top_logprobs is no list of objects")
    pairs = [(_text(item), _logprob(item)) for item in alternatives]
    if sum(math.exp(p) for text, p in pairs if p > SENTINEL) > 1.02:
        raise EvidenceError("the probabilities of the alternatives add up to more than 1")
    return _Token(_text(entry), _logprob(entry), tuple(pair for pair in pairs if pair[0]))


def _text(entry: dict[str, Any]) -> str:
    text = entry.get("token")
    if not isinstance(text, str):
        raise EvidenceError("a token without a text")
    return text


def _logprob(entry: dict[str, Any]) -> float:
    value = entry.get("logprob")
    if value is None:
        return -math.inf
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvidenceError(f"a log probability that is no number: {str(value)[:40]!r}")
    if not value <= 1e-3 or (isinstance(value, int) and number_of(value) is None):
        raise EvidenceError(f"a log probability that cannot be one: {shown(value, 40)}")
    return float(value)


def _verdict_position(tokens: list[_Token]) -> tuple[int, list[_Token]]:
    """Find the token where the verdict's word begins, and the later pieces of that word."""
    text = "".join(token.text for token in tokens)
    verdict = read_verdict(text)
    if verdict is None:
        position = _first_word(tokens, text)
        rest = "".join(token.text for token in tokens[position + 1 :])
        if rest.strip() and _word_of(tokens[position].text) is not None:
            raise EvidenceError("the reply is neither a plain yes nor a plain no")
        return position, []
    end = verdict.offset + (3 if verdict.value else 2)
    position, offset = 0, 0
    pieces: list[_Token] = []
    for index, token in enumerate(tokens):
        after = offset + len(token.text)
        if offset <= verdict.offset < after:
            position = index
        elif verdict.offset < offset < end and token.text:
            pieces.append(token)
        offset = after
    return position, pieces


def _first_word(tokens: list[_Token], text: str) -> int:
    start = reasoning_end(text)
    if start is None:
        raise EvidenceError("the reply ends inside its reasoning; allow more tokens")
    offset = 0
    for index, token in enumerate(tokens):
        if offset >= start and token.text.strip(_AROUND):
            return index
        offset += len(token.text)
    raise EvidenceError("the reply is empty")


def _word_of(text: str) -> bool | None:
    """Tell whether a token is a yes (True), a no (False), the beginning of one, or neither."""
    word = text.strip(_AROUND).casefold()
    if not word:
        return None
    if "yes".startswith(word):
        return True
    if "no".startswith(word):
        return False
    return None
