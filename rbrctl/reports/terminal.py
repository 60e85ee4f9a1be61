"""Untrusted text made safe for a terminal, and the few ANSI styles that reports use."""

import re
import unicodedata
from enum import StrEnum

_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e", "\x00": "\\0"}

# C0 and C1 controls, DEL, the bidirectional controls, line and paragraph separators, zero-width
# characters that hide or join text, the byte order mark, non-characters that XML refuses, the tag
# block, and lone surrogates.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def printable(text: str) -> str:
    """
    Show every character that a terminal would obey, or that hides text, as a visible escape.

    The result is one line: newlines and tabs become ``\\n`` and ``\\t``. Ordinary text of any
    script passes unchanged.
    """
    return UNSAFE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """Make text of several lines safe: its newlines are kept, later lines are indented by two."""
    return "\n  ".join(printable(line) for line in text.split("\n"))


class WorkflowCommands(str):
    """A report of which some lines are commands to GitHub's runner, and meant to be."""


_COMMAND_START = re.compile(r"(^|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])(\s*)(?:(:)(?=:)|(#)(?=#\[))")


def without_commands(text: str) -> str:
    """
    Return text of which no line begins with ``::`` or ``##[``, which GitHub's runner would obey.

    The first character of such a line becomes an escape that is visible, and valid in JSON too.
    """
    if "::" not in text and "##[" not in text:
        return text
    return _COMMAND_START.sub(
        lambda match: match[1] + match[2] + ("\\u003a" if match[3] else "\\u0023"), text
    )


def character_width(character: str) -> int:
    """Return the number of terminal cells that a printable character takes: 0, 1 or 2."""
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def text_width(text: str) -> int:
    """Return the number of terminal cells that printable text takes."""
    if text.isascii():
        return len(text)
    return sum(map(character_width, text))


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Pad printable text with spaces to ``width`` terminal cells, on its left if ``right``."""
    spaces = " " * max(0, width - text_width(text))
    return spaces + text if right else text + spaces


class Tone(StrEnum):
    """What a piece of text means to its reader."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    MUTED = "muted"


class Palette:
    """Paints text in a few ANSI styles, or leaves it as it is when ``enabled`` is false."""

    def __init__(self, enabled: bool) -> None:
        """Paint when ``enabled``."""
        self.enabled = enabled

    def paint(self, codes: str, text: str) -> str:
        """Wrap ``text`` in the SGR ``codes`` (``"1;36"``) and a reset."""
        return f"\x1b[{codes}m{text}\x1b[0m" if self.enabled and text else text

    def bold(self, text: str) -> str:
        """Style a heading."""
        return self.paint("1", text)

    def dim(self, text: str) -> str:
        """Style lines, defaults and other text of little weight."""
        return self.paint("2", text)

    def good(self, text: str) -> str:
        """Style a value that is as it should be."""
        return self.paint("32", text)

    def bad(self, text: str) -> str:
        """Style an error, or a value that misses what was asked."""
        return self.paint("1;31", text)

    def warning(self, text: str) -> str:
        """Style a warning, or a value near its limit."""
        return self.paint("33", text)

    def note(self, text: str) -> str:
        """Style a note or a hint."""
        return self.paint("36", text)

    def tone(self, tone: Tone | None, text: str) -> str:
        """Paint by meaning."""
        codes = {Tone.GOOD: "32", Tone.WARNING: "33", Tone.BAD: "1;31", Tone.MUTED: "2"}
        return text if tone is None else self.paint(codes[tone], text)

    def name(self, text: str) -> str:
        """Style the name of an option, a command or a check."""
        return self.paint("1;36", text)


PLAIN = Palette(enabled=False)
