"""Structure: lengths, lists, questions, code, numbers, and how the text opens and closes."""

import math
import re
from collections.abc import Iterator

from rbrctl.graders.embedded.text import Passage, Sentence

_BULLETS = ("- ", "* ", "• ", "– ", "+ ")
_LINK = re.compile(r"https?://|www\.[a-z]")
_PHONE = re.compile(r"(?<!\d)(?:1[- .])?\(?\d{3}\)?[- .]\d{3}[- .]\d{4}(?!\d)")
_DOSE = re.compile(r"(?<![\w.])\d{1,5} ?(?:mg|mcg|ml|milligrams?|micrograms?|grams?)\b")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s")


def measure(passage: Passage, name: str) -> dict[str, float]:
    """
    Return the features of one passage, called ``NAME.what``; those that are 0 are left out.

    Counts of words, sentences, lines, list items, links and so on are log(1 + count); shares are in
    [0, 1]; what is or is not the case is 1 or 0.
    """
    values = {f"{name}.{what}": value for what, value in _sizes(passage)}
    values.update({f"{name}.{what}": value for what, value in _layout(passage)})
    values.update({f"{name}.{what}": value for what, value in _questions(passage)})
    values.update({f"{name}.{what}": value for what, value in _shapes(passage)})
    return {key: value for key, value in values.items() if value}


def _sizes(passage: Passage) -> Iterator[tuple[str, float]]:
    words, sentences = len(passage.words), len(passage.sentences)
    yield "empty", float(words == 0)
    yield "words", math.log1p(words)
    yield "sentences", math.log1p(sentences)
    if not sentences:
        return
    yield "sentence_length", math.log1p(words / sentences)
    yield "first_length", math.log1p(_length(passage.sentences[0]))
    yield "last_length", math.log1p(_length(passage.sentences[-1]))
    yield "one_sentence", float(sentences == 1)
    yield "at_most_three_sentences", float(sentences <= 3)
    yield "at_most_thirty_words", float(words <= 30)
    yield "over_hundred_words", float(words > 100)
    yield "over_three_hundred_words", float(words > 300)


def _length(sentence: Sentence) -> int:
    return sentence.end - sentence.start


def _layout(passage: Passage) -> Iterator[tuple[str, float]]:
    lines = [line for line in passage.lines if line.strip()]
    bullets = sum(line.lstrip().startswith(_BULLETS) for line in lines)
    numbered = sum(_NUMBERED.match(line) is not None for line in lines)
    yield "lines", math.log1p(len(lines))
    yield "list_items", math.log1p(bullets + numbered)
    yield "is_list", float(bullets + numbered >= 2)
    yield "numbered", math.log1p(numbered)
    yield "headings", math.log1p(sum(line.startswith("#") for line in lines))
    yield "bold", math.log1p(passage.text.count("**") // 2)
    yield "code", math.log1p(passage.code_lines)
    if lines:
        first, last = lines[0].strip(), lines[-1].strip()
        yield "opens_with_colon_line", float(first.endswith(":"))
        yield "opens_as_a_role", float(_is_role_name(first))
        yield "opens_with_quotation", float(first.startswith('"'))
        yield "short_lines", sum(len(line) < 60 for line in lines) / len(lines)
        yield "closes_without_stop", float(last[-1] not in ".!?\"')*:")


def _is_role_name(line: str) -> bool:
    name, colon, _ = line[:40].partition(":")
    return bool(colon) and 0 < len(name) <= 30 and name[0].isupper() and len(name.split()) <= 2


def _questions(passage: Passage) -> Iterator[tuple[str, float]]:
    asked = [at for at, sentence in enumerate(passage.sentences) if sentence.is_question]
    own = [at for at in asked if passage.own_voice[passage.sentences[at].start]]
    yield "questions", math.log1p(len(asked))
    yield "own_questions", math.log1p(len(own))
    last = len(passage.sentences) - 1
    yield "asks_at_the_end", float(last >= 0 and last in own)
    yield "asks_near_the_end", float(any(at >= last - 1 for at in own))
    yield "asks_first", float(0 in own)
    yield "asks_with_you", float(any(_addresses_user(passage, at) for at in own))
    yield (
        "exclamations",
        math.log1p(sum("!" in sentence.stop for sentence in passage.sentences)),
    )


def _addresses_user(passage: Passage, at: int) -> bool:
    sentence = passage.sentences[at]
    return not {"you", "your"}.isdisjoint(passage.words[sentence.start : sentence.end])


def _shapes(passage: Passage) -> Iterator[tuple[str, float]]:
    text, words = passage.text, passage.words
    yield "links", math.log1p(len(_LINK.findall(text)))
    yield "phones", math.log1p(len(_PHONE.findall(text)))
    yield "doses", math.log1p(len(_DOSE.findall(text.lower())))
    if words:
        yield "quoted", 1 - sum(passage.own_voice) / len(words)
        yield "number_words", sum(word[0].isdigit() for word in words) / len(words)
        yield "foreign", sum(not word.isascii() for word in words) / len(words)
        yield "distinct", len(set(words)) / len(words)
        yield "capitals", sum(map(str.isupper, text)) / len(text)
