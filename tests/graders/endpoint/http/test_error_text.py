"""What a server says went wrong, in the shapes of many servers."""

import json
from typing import Any

import pytest

from rbrctl.graders.endpoint.http.error_text import error_text, speaks_of_key, words_of


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = {"error": value}
    return value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "bad key", "type": "auth"}}, "bad key"),
        ({"error": "plain"}, "plain"),
        ({"detail": "not found"}, "not found"),
        ({"detail": [{"loc": ["body", "n"], "msg": "too big"}]}, "too big at body.n"),
        ({"message": "top"}, "top"),
        ({"errors": ["one", {"message": "two"}, "one"]}, "one; two"),
        ([{"error": {"message": "in a list", "code": 400}}], "in a list"),
        ({"error": {"code": "E17"}}, "E17"),
        ({"error": {"message": None, "detail": "second"}}, "second"),
        (
            {"error": {"message": "Provider error", "metadata": {"raw": '{"error":"quota"}'}}},
            "Provider error (quota)",
        ),
        ("a JSON text", "a JSON text"),
        (nested(3), "deep"),
        ({"other": 1}, '{"other": 1}'),
        (None, "null"),
        (b"", ""),
        (b"\xff\xfe oops", "�� oops"),
        (b"<html><head><title>502 Bad Gateway</title></head><body><h1>x</h1></body></html>", "502"),
        (b"<!DOCTYPE html><script>var key=1</script><h1>Not &amp; here</h1>", "Not & here"),
        (b"upstream connect error", "upstream connect error"),
        (b"[" * 5000, "[" * 299 + "…"),
        (b'{"error": "' + b"x" * 5000 + b'"}', "x" * 299 + "…"),
    ],
)
def test_the_words_of_an_error_are_found(body: Any, words: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert words in error_text(raw)
    assert "var key" not in error_text(raw)
    assert len(error_text(raw)) <= 300


def test_an_error_that_is_nested_too_deep_or_says_nothing_has_no_words() -> None:
    assert words_of(nested(9)) == ""
    assert words_of({"error": {}}) == ""
    assert words_of(17) == ""


@pytest.mark.parametrize(
    "words",
    [
        "Incorrect API key provided: ***",
        "No connected db.",
        "Unauthorized",
        "invalid x-api-key: missing api key",
        "Could not validate credentials",
        "API key not valid. Please pass a valid API key.",
        "authentication_error: invalid bearer token",
        "You must provide a valid API key",
    ],
)
def test_an_error_about_the_key_is_one_in_any_dialect(words: str) -> None:
    assert speaks_of_key(words)


@pytest.mark.parametrize(
    "words", ["key 'seed' is not permitted", "the model is overloaded", "invalid value for top_k"]
)
def test_other_errors_are_not_about_the_key(words: str) -> None:
    assert not speaks_of_key(words)
