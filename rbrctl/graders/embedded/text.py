"""Text as words and sentences, from which features and cues are read."""

import re
from dataclasses import dataclass, field

HEAD_LENGTH = 70_000
"""Characters read from the beginning of a text longer than READ_LENGTH."""
TAIL_LENGTH = 30_000
"""Characters read from its end."""
READ_LENGTH = HEAD_LENGTH + TAIL_LENGTH
"""Texts up to this many characters are read whole."""

_PLAIN = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "ʼ": "'",
        "`": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "\u00a0": " ",
        "\r": "\n",
    }
)
_TOKEN = re.compile(r"""(?P<word>[^\W_]+(?:'[^\W_]+)*)|(?P<stop>[.!?;:。！？؟।]+)|(?P<quote>")""")
_ABBREVIATIONS = frozenset({"dr", "mr", "mrs", "ms", "st", "vs", "etc", "e", "g", "i", "prof"})
_WHOLE_CONTRACTIONS = {
    "can't": ("can", "not"),
    "cannot": ("can", "not"),
    "cant": ("can", "not"),
    "won't": ("will", "not"),
    "wont": ("will", "not"),
    "shan't": ("shall", "not"),
    "dont": ("do", "not"),
    "im": ("i", "am"),
    "let's": ("let", "us"),
    "lets": ("let", "us"),
    "y'all": ("you", "all"),
}
_CONTRACTED_ENDINGS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}
_TAKE_IS = frozenset(
    ("it", "that", "there", "here", "what", "who", "where", "how", "he", "she", "this")
)


@dataclass(slots=True)
class Sentence:
    """The words ``start`` to ``end`` (exclusive) of a passage, up to a stop or a line's end."""

    start: int
    end: int
    stop: str = ""
    """The punctuation that ends it: ``?``, ``...``, or an empty string."""
    quoted: bool = False
    """True if its first word is inside quotation marks."""
    line: int = 0
    """The number of the line it starts on, from 0."""

    @property
    def is_question(self) -> bool:
        """True if it ends with a question mark, in any script."""
        return any(mark in self.stop for mark in "?？؟")


@dataclass(slots=True)
class Passage:
    """A text as lower-case words, with contractions written out."""

    text: str
    """The text that was read, with plain quotation marks."""
    truncated: bool = False
    words: list[str] = field(default_factory=list)
    own_voice: list[bool] = field(default_factory=list)
    """For each word, True if it is outside quotation marks and code."""
    sentence_of: list[int] = field(default_factory=list)
    """For each word, the number of its sentence, from 0."""
    sentences: list[Sentence] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    code_lines: int = 0


def read_passage(text: str) -> Passage:
    """Return a text as words and sentences; of a text over READ_LENGTH, its beginning and end."""
    truncated = len(text) > READ_LENGTH
    if truncated:
        text = text[:HEAD_LENGTH] + "\n" + text[-TAIL_LENGTH:]
    plain = text.translate(_PLAIN)
    passage = Passage(text=plain, truncated=truncated, lines=plain.split("\n"))
    _Reader(passage).read()
    return passage


def expand_contraction(word: str) -> tuple[str, ...]:
    """Return the words of a contraction; a possessive loses its ending."""
    whole = _WHOLE_CONTRACTIONS.get(word)
    if whole is not None:
        return whole
    if "'" not in word:
        return (word,)
    stem, _, ending = word.rpartition("'")
    if ending == "t" and stem.endswith("n"):
        return (stem[:-1], "not") if len(stem) > 1 else (word,)
    if ending in _CONTRACTED_ENDINGS:
        return (*expand_contraction(stem), _CONTRACTED_ENDINGS[ending])
    if ending == "s":
        return (stem, "is") if stem in _TAKE_IS else (stem,)
    return (word,)


class _Reader:
    """Fills a passage line by line; every step is linear in the text."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._sentence: Sentence | None = None
        self._in_code = False
        self._in_quote = False
        self._line = 0

    def read(self) -> None:
        """Read all lines."""
        lines = self._passage.lines
        for self._line, line in enumerate(lines):
            if line.lstrip().startswith(("'''", "~~~")):
                self._in_code = not self._in_code
                self._close("")
                self._passage.code_lines += 1
                continue
            if self._in_code:
                self._passage.code_lines += 1
            following = lines[self._line + 1] if self._line + 1 < len(lines) else ""
            self._read_line(line)
            wrapped = len(line) >= 50 and following[:1].islower()
            if not wrapped:
                self._close("")
                self._in_quote = self._in_quote and bool(following.strip())

    def _read_line(self, line: str) -> None:
        lowered = line.lower()
        for match in _TOKEN.finditer(lowered):
            kind = match.lastgroup
            if kind == "word":
                for word in expand_contraction(match.group()):
                    self._add(word)
            elif kind == "quote":
                self._in_quote = not self._in_quote
            elif self._ends_sentence(match, lowered):
                self._close(match.group())

    def _ends_sentence(self, stop: re.Match[str], line: str) -> bool:
        """Return False for a decimal point, an abbreviation or the number of a list item."""
        if self._sentence is None:
            return False
        marks = stop.group()
        following = line[stop.end() : stop.end() + 1]
        if marks in ".:" and following and not following.isspace() and following not in "\"')*_":
            return False
        if marks != ".":
            return not set(marks) <= set(":;")
        last = self._passage.words[-1]
        is_list_number = last.isdigit() and self._sentence.start == len(self._passage.words) - 1
        return last not in _ABBREVIATIONS and not is_list_number

    def _add(self, word: str) -> None:
        passage = self._passage
        if self._sentence is None:
            at = len(passage.words)
            self._sentence = Sentence(start=at, end=at, quoted=self._in_quote, line=self._line)
            passage.sentences.append(self._sentence)
        passage.words.append(word)
        passage.own_voice.append(not (self._in_quote or self._in_code))
        passage.sentence_of.append(len(passage.sentences) - 1)
        self._sentence.end += 1

    def _close(self, stop: str) -> None:
        if self._sentence is not None:
            self._sentence.stop = stop
            self._sentence = None
