import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.reports.terminal import (
    Palette,
    Tone,
    padded,
    printable,
    printable_lines,
    text_width,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [bold]text[/bold] :smile:", "plain [bold]text[/bold] :smile:"),
        ("\x1b]0;title\x07", "\\e]0;title\\x07"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("Grüße, 世界, नमस्ते, مرحبا, 👩\u200d🔬", "Grüße, 世界, नमस्ते, مرحبا, 👩\u200d🔬"),
    ],
)
def test_controls_are_shown_and_ordinary_text_is_left_alone(text: str, shown: str) -> None:
    assert printable(text) == shown


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_nothing_printable_is_obeyed(text: str) -> None:
    shown = printable(text)
    for character in shown:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            *("LRE", "RLE", "LRO", "RLO", "PDF"),
            *("LRI", "RLI", "FSI", "PDI"),
        )


@given(ANY_TEXT)
def test_lines_of_a_message_cannot_pass_for_lines_of_ours(text: str) -> None:
    first, *rest = printable_lines(text).split("\n")
    assert printable(first) == first
    assert all(line.startswith("  ") and printable(line) == line for line in rest)


@given(st.text())
def test_printable_twice_is_printable_once(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("世界", 4), ("é", 1), ("e\u0301", 1)])
def test_width_is_in_terminal_cells(text: str, width: int) -> None:
    assert text_width(text) == width
    assert text_width(padded(text, 10)) == 10
    assert padded(text, 10, right=True).endswith(text)


def test_a_palette_paints_only_when_it_may() -> None:
    assert Palette(False).bad("x") == "x"
    assert Palette(True).bad("x") == "\x1b[1;31mx\x1b[0m"
    assert Palette(True).bad("") == ""
    assert Palette(True).tone(None, "x") == "x"
    assert Palette(True).tone(Tone.MUTED, "x") == "\x1b[2mx\x1b[0m"
