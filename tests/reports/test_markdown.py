import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rbrctl.reports.markdown import MarkdownTables, markdown_code, markdown_text
from rbrctl.reports.tables import Column, Table, Wrap
from rbrctl.reports.terminal import printable

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

MARKUP = st.text(
    st.sampled_from("ab1 `*_[]()<>!|~&@#:/.-+=\\\"'\n\t;wghGH$^{}"), min_size=0, max_size=40
)
ANY_TEXT = st.one_of(MARKUP, st.text(st.characters(codec=None, exclude_categories=("Cs",))))


def inline_tokens(markdown: str) -> list[Token]:
    tokens: list[Token] = []
    for token in READER.parse(markdown):
        if token.type == "inline":
            tokens += token.children or []
    return tokens


def block_types(markdown: str) -> set[str]:
    return {token.type for token in READER.parse(markdown)}


def visible(text: str) -> str:
    return text.replace("\u200b", "")


@given(ANY_TEXT)
@example("    not code")
def test_text_is_shown_as_it_is(text: str) -> None:
    markdown = markdown_text(text)
    assert block_types(markdown) <= {"paragraph_open", "inline", "paragraph_close"}
    assert {token.type for token in inline_tokens(markdown)} <= {"text", "text_special"}
    shown = "".join(token.content for token in inline_tokens(markdown))
    assert visible(shown).strip() == visible(printable(text)).strip()


@given(ANY_TEXT)
def test_no_text_is_a_mention_a_reference_or_an_address(text: str) -> None:
    markdown = markdown_text(text)
    shown = "".join(token.content for token in inline_tokens(markdown))
    assert not re.search(r"@\w", shown)
    assert not re.search(r"#\d", shown)
    assert not re.search(r"gh-\d", shown, re.IGNORECASE)
    assert not re.search(r"www\.", markdown, re.IGNORECASE)
    assert "://" not in markdown


@given(ANY_TEXT)
def test_code_holds_the_text(text: str) -> None:
    markdown = markdown_code(text).replace("\\|", "|")
    tokens = inline_tokens(markdown)
    if printable(text).strip():
        assert [token.type for token in tokens] == ["code_inline"]
        assert tokens[0].content == printable(text)


@given(ANY_TEXT, st.sampled_from(list(Wrap)))
def test_a_cell_cannot_leave_its_table(text: str, wrap: Wrap) -> None:
    table = Table("t", "", (Column("a", "a", wrap=wrap), Column("b", "b")), [(text, "end")])
    tokens = READER.parse(MarkdownTables().render([table]))
    assert [token.type for token in tokens].count("tr_open") == 2
    assert [token.type for token in tokens].count("td_open") == 2
    inline = [token for token in tokens if token.type == "inline"]
    kinds = {child.type for token in inline for child in token.children or []}
    assert kinds <= {"text", "text_special", "code_inline"}
    assert inline[3].content == "end"


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://evil.example/a.png)",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "<!-- comment -->",
        "&lt;b&gt; &#64;name",
        "@everyone fixes #12 and GH-3",
        "# heading",
        "- item",
        "1. item",
        "> quote",
        "```",
        "---",
        "$$x$$",
    ],
)
def test_known_tricks_are_only_text(text: str) -> None:
    tokens = inline_tokens(markdown_text(text))
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert visible("".join(token.content for token in tokens)) == text
