import base64
import json
from urllib.parse import quote

import pytest

from rbrctl.scrubbing import Scrubber, credentials_in, credentials_in_header, without_credentials

KEY = 'sk-pr/oj+9f"Ab_Cd3XyZ0123456789'
SCRUBBER = Scrubber([KEY])
ENCODED = KEY.encode()


def every_character(pattern: str) -> str:
    return "".join(pattern % ord(character) for character in KEY)


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        KEY.lower(),
        KEY.upper(),
        quote(KEY.lower(), safe=""),
        KEY[:8] + "...6789",
        KEY[:12] + "*" * 20,
        json.dumps(KEY),
        json.dumps(json.dumps(KEY)),
        KEY.replace("/", "\\/"),
        quote(KEY, safe=""),
        quote(quote(KEY, safe=""), safe=""),
        every_character("%%%02X"),
        every_character("%%%02x"),
        every_character("\\u%04x"),
        every_character("\\u%04X"),
        every_character("\\x%02x"),
        every_character("&#%d;"),
        "\\u0073" + KEY[1:9],
        ENCODED.hex(),
        *(base64.b64encode(b"x" * n + ENCODED + b"y").decode() for n in range(6)),
        *(base64.urlsafe_b64encode(b"u:" * n + ENCODED).decode() for n in range(3)),
        quote(base64.b64encode(b"Bearer " + ENCODED).decode(), safe=""),
    ],
)
def test_no_form_of_a_key_is_left(echo: str) -> None:
    text = f'{{"error": "bad key {echo} given"}}'
    for scrubbed in (SCRUBBER.text(text), SCRUBBER.body(text.encode()).decode()):
        assert scrubbed.startswith('{"error": "bad key ')
        assert scrubbed.endswith('given"}')
        assert "***" in scrubbed
        assert len(scrubbed) < len(text)
        for form in (KEY[:8], quote(KEY[:8], safe=""), ENCODED.hex()[:16], "\\u0073\\u006b"):
            assert form not in scrubbed


def test_other_text_stays_as_it_is() -> None:
    for text in ("sk-pr/o is too short", "100 % sure \\u00e9 \\n", "", "the key is wrong"):
        assert SCRUBBER.text(text) == text
        assert SCRUBBER.body(text.encode()) == text.encode()
    assert SCRUBBER.body(b"\xff\xfe%41") == b"\xff\xfe%41"
    assert Scrubber(["ab"]).text("ab") == "ab"
    assert Scrubber(["abcd"]).text("xabcdx") == "x***x"
    # A short key may be a word of a message; only its own capitals are the key.
    assert Scrubber(["EMPTY"]).text("the reply is empty: EMPTY") == "the reply is empty: ***"
    assert Scrubber(["Schlüssel-1"]).text("Éa SCHLüSSEL-1 é") == "Éa *** é"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@host/v1", "https://***@host/v1"),
        ("https://user:p/a@s@host/v1", "https://***@host/v1"),
        ("http://token@host", "http://***@host"),
        ("user:pass@proxy:3128", "***@proxy:3128"),
        (
            "https://h/v1?api_key=abc&api-version=2&x-token=d",
            "https://h/v1?api_key=***&api-version=2&x-token=***",
        ),
        ("https://h/v1?api-version=2024-10-21", "https://h/v1?api-version=2024-10-21"),
        ("rules/a.yaml:3:1: x", "rules/a.yaml:3:1: x"),
    ],
)
def test_what_a_url_holds_of_secrets_is_not_shown(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
    assert without_credentials(f"to '{url}'") == f"to '{shown}'"


def test_what_a_url_holds_of_secrets_is_looked_for() -> None:
    assert credentials_in("https://u:p%40ss@h/?key=a%2Bb&x=1") == ["p%40ss", "a%2Bb", "p@ss", "a+b"]
    assert credentials_in("https://h/v1?api-version=1") == []


BASIC = base64.b64encode(b"judge:hunter2!").decode()


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("sk-0123456789", ["sk-0123456789"]),
        ("Bearer tok_0123456789", ["tok_0123456789"]),
        ("bearer  tok_0123456789", ["tok_0123456789"]),
        ("Bearer abc", ["Bearer abc"]),
        (f"Basic {BASIC}", [BASIC, "judge:hunter2!", "hunter2!"]),
        ("Basic not-base64!", ["not-base64!"]),
        (
            'a=1; session="0123456789"; other=abcdefgh',
            ['a=1; session="0123456789"; other=abcdefgh', "0123456789", "abcdefgh"],
        ),
        ("c2VjcmV0LXNlY3JldA==", ["c2VjcmV0LXNlY3JldA=="]),
    ],
)
def test_each_part_of_a_header_is_looked_for(value: str, parts: list[str]) -> None:
    assert credentials_in_header(value) == parts
