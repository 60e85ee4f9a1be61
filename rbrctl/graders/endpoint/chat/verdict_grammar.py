"""
The grammar by which a verdict is read out of a judge's reply.

A verdict counts only as a clause of its own. The text is prepared (``prepared.prepared``:
thinking and end-of-turn tokens cut off, markup blanked out, ``\\boxed{No}``, ``[[No]]``,
``<answer>No</answer>`` and JSON written as ``⟦No⟧``, quotations blanked out) and taken apart into
lines and sentences. A sentence *claims* a verdict in one of these forms, and in no other::

    claim   = [lead ...] [label] verdict [tail]
    lead    = "so" | "therefore" | "in conclusion," | "it is a clear" | "I'd say" | ...
    label   = [the | my] [final | correct | ...] noun ["(yes or no)"] (":" | "=" | "-" | "is")
    noun    = "answer" | "verdict" | "decision" | ...
    verdict = "yes" | "no" | ⟦yes⟧ | ⟦no⟧
    tail    = end | (, ; : . ! - "(") anything | "because" anything

The text has a verdict if all its claims agree, one of them is labelled, wrapped, or opens or ends
the text or a line, and nothing in the text takes a claim back. What does:

- a condition beside the verdict ("Yes, if ...", "No unless ..."); a condition in front of it ("If
  so, the answer is yes") makes it no claim at all;
- a retraction at the beginning of a clause ("wait", "on second thought", "that is wrong");
- a hedge at the beginning of a clause ("probably", "not really" after a yes, "it depends");
- the opposite word as a clause ("Yes, but no") or at the end of one ("No ... it should be yes");
- another word for the opposite ("Yes. Nope.", "Yes (false)", "No, but it does");
- another value under a label ("Yes\\nFinal answer: unclear") or in a wrapper;
- a number or a word for a confidence below one half ("Yes, 10%", "No. Confidence: low");
- a judge that speaks of itself and not of the reply ("No, I cannot answer this", "Yes, I am
  ready", "No, please provide the text"), or a gateway's text ("No. Rate limit exceeded.");
- what ``verdict_spoilers`` finds: tool calls, other roles, a repeated prompt, JSON cut off.

An error is better than a guess: a sentence of another form claims nothing.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from rbrctl.graders.endpoint.chat.prepared import WRAPPED, prepared
from rbrctl.graders.endpoint.chat.verdict_spoilers import is_doubted, is_low_beside, is_spoiled
from rbrctl.graders.endpoint.chat.verdict_words import (
    ALTERNATIVES,
    CLAIM,
    CONDITION,
    CONTRADICTED,
    CONTRARY,
    CONTRARY_CLAUSE,
    GROUNDS,
    HEDGE,
    LABEL_LINE,
    OFFER,
    OPPOSITE,
    OTHER_VALUE,
    REFUSAL,
    REPORTS,
    RETRACTION,
    SENTENCE,
    SHORT_VALUE,
    TAIL_CONDITION,
)

LONGEST = 60_000
"""Characters beyond which a reply, without its thinking, is no answer to a yes/no question."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A yes (True) or no (False) and where its word begins in the text."""

    value: bool
    offset: int


class _Form(IntEnum):
    ASIDE = 0
    """A verdict in the middle of a text: it can contradict another one, and not stand alone."""
    BARE = 1
    LABELLED = 2


@dataclass(frozen=True, slots=True)
class _Claim:
    verdict: Verdict
    form: _Form
    answers_question: bool
    """The sentence before it is a question, as in "Is it rude? No."."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    offset: int
    is_question: bool
    opens_line: bool
    is_void: bool
    """It repeats what somebody else said."""
    is_labelled: bool
    """The line before it is a label alone, as in "Final answer:"."""


def read_grammar(text: str) -> Verdict | None:
    """Return the yes or no that a text answers with; None if it does not clearly say either."""
    if is_spoiled(text):
        return None
    shown = prepared(text)
    if shown is None or len(shown.strip()) > LONGEST:
        return None
    sentences = _sentences(shown)
    claims: list[_Claim] = []
    for number, sentence in enumerate(sentences):
        asked = number > 0 and sentences[number - 1].is_question
        ends = number in (0, len(sentences) - 1)
        found = _claims(sentence, asked, ends or sentence.opens_line, bool(claims))
        if found is None:
            return None
        if not found and sentence.is_labelled and SHORT_VALUE.fullmatch(sentence.text):
            return None
        follower = sentences[number + 1].text if number + 1 < len(sentences) else ""
        if any(HEDGE[claim.verdict.value].match(follower) for claim in found):
            return None
        claims += found
    agreed = _agreed(claims)
    if agreed is None or any(_contradicts(agreed.value, sentence) for sentence in sentences):
        return None
    return agreed


def _contradicts(yes: bool, sentence: _Sentence) -> bool:
    """Return whether a sentence is nothing but another word for the opposite: "Yes. Nope."."""
    return not sentence.is_void and CONTRARY[yes].fullmatch(sentence.text) is not None


def _agreed(claims: list[_Claim]) -> Verdict | None:
    """Return the verdict of claims that agree, the most explicit and last of them."""
    if any(claim.form is _Form.LABELLED for claim in claims):
        claims = [c for c in claims if c.form is _Form.LABELLED or not c.answers_question]
    if not claims or len({claim.verdict.value for claim in claims}) > 1:
        return None
    best = max(claims, key=lambda claim: claim.form)
    return None if best.form is _Form.ASIDE else best.verdict


def _sentences(text: str) -> list[_Sentence]:
    """Take a prepared text apart; the line after "The user wrote:" is void."""
    sentences: list[_Sentence] = []
    introduces = labels = False
    offset = 0
    for line in text.split("\n"):
        if line.strip():
            opens = True
            for match in SENTENCE.finditer(line):
                is_question = "?" in match["end"] or "？" in match["end"]
                sentences.append(
                    _Sentence(
                        match[0], offset + match.start(), is_question, opens, introduces, labels
                    )
                )
                opens = labels = False
            labels = LABEL_LINE.fullmatch(line) is not None
            introduces = (
                line.rstrip().endswith((":", "："))
                and not labels
                and REPORTS.search(line) is not None
            )
        offset += len(line) + 1
    return sentences


def _claims(
    sentence: _Sentence, asked: bool, stands_out: bool, claimed: bool
) -> list[_Claim] | None:
    """
    Return what a sentence claims; None where it is unclear or takes a claim back.

    ``asked`` says that it follows a question, ``stands_out`` that it opens or ends the text or
    opens a line, ``claimed`` that an earlier sentence claimed something.
    """
    text = sentence.text
    wrapped = list(WRAPPED.finditer(text))
    if sentence.is_void:
        return []
    if OFFER.search(text) is not None or is_doubted(text):
        return None
    if sentence.is_question and not wrapped:
        return []
    if REFUSAL.search(text) is not None or (claimed and RETRACTION.search(text) is not None):
        return None
    if wrapped:
        return _wrapped_claims(sentence, wrapped)
    for match in CLAIM.finditer(text):
        before, after = text[: match.start("verdict")], text[match.end("verdict") :]
        if CONDITION.search(before) is not None:
            return []
        if not _stands(text[: match.start()], bool(match["conclusion"])):
            continue
        yes = match["verdict"].lower() == "yes"
        if _taken_back(yes, after):
            return None
        verdict = Verdict(yes, sentence.offset + match.start("verdict"))
        explicit = match["label"] is not None or match["conclusion"] is not None
        form = _Form.LABELLED if explicit else _Form.BARE if stands_out else _Form.ASIDE
        return [_Claim(verdict, form, asked)]
    if OTHER_VALUE.match(text) is not None:
        return None
    return _closing_word(sentence)


def _stands(before: str, concludes: bool) -> bool:
    """Return whether a clause behind ``before`` in the same sentence can claim anything."""
    if not before.strip():
        return True
    return concludes or (GROUNDS.match(before) is not None and REPORTS.search(before) is None)


def _taken_back(yes: bool, after: str) -> bool:
    """Return whether what follows a verdict in its sentence makes it no clear verdict."""
    return (
        TAIL_CONDITION.search(after) is not None
        or RETRACTION.search(after) is not None
        or ALTERNATIVES.match(after) is not None
        or HEDGE[yes].search(after) is not None
        or OPPOSITE[yes].search(after) is not None
        or CONTRADICTED[yes].match(after) is not None
        or CONTRARY_CLAUSE[yes].search(after) is not None
        or is_low_beside(after)
    )


def _wrapped_claims(sentence: _Sentence, wrapped: list[re.Match[str]]) -> list[_Claim] | None:
    """Read verdicts in wrappers; one that holds something else, or is negated, spoils the text."""
    claims: list[_Claim] = []
    for match in wrapped:
        before, after = sentence.text[: match.start()], sentence.text[match.end() :]
        unclear = match["word"] is None or _NEGATED.search(before) or CONDITION.search(before)
        if unclear or TAIL_CONDITION.search(after) or OPPOSITE[_is_yes(match)].search(after):
            return None
        offset = sentence.offset + match.start("word")
        claims.append(_Claim(Verdict(_is_yes(match), offset), _Form.LABELLED, False))
    return claims


def _is_yes(match: re.Match[str]) -> bool:
    return (match["word"] or "").lower() == "yes"


def _closing_word(sentence: _Sentence) -> list[_Claim]:
    """Read "..., it should be yes" as an aside, which can spoil a verdict and not be one."""
    for yes in (True, False):
        match = OPPOSITE[not yes].search(sentence.text)
        if match is not None and match["closing"] and not REPORTS.search(sentence.text):
            verdict = Verdict(yes, sentence.offset + match.start("closing"))
            return [_Claim(verdict, _Form.ASIDE, False)]
    return []


_NEGATED = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\bneither|\bnor|\bor|\bthan|\binstead of|\brather than"
    r"|\b(?:says?|said|wr(?:ote|ites?)|reads?|contains?|asks?(?: for)?))\W*\Z",
    re.IGNORECASE,
)
