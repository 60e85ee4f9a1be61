"""JSON from servers: what Python's own reader would take and no reader of ours may."""

import json
import math
from typing import Any

import pytest

from rbrctl.graders.endpoint.http.json_body import (
    MAX_DEPTH,
    NoObjectError,
    Unusable,
    decode_object,
    decode_reply,
    number_of,
    printable,
    shorten,
    shown,
)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "9" * 400, "-" + "9" * 5000])
def test_a_number_that_json_does_not_know_spoils_its_own_place_only(value: str) -> None:
    for marker in ("", '"top_logprobs":1,'):
        reply = decode_reply(b'{%b"a":%b,"b":0.5}' % (marker.encode(), value.encode()))
        assert number_of(reply["a"]) is None
        assert reply["b"] == 0.5


def test_a_name_that_comes_twice_counts_only_with_one_value() -> None:
    reply = decode_reply(b'{"a":1,"a":1,"b":1,"b":2}')
    assert reply["a"] == 1
    assert isinstance(reply["b"], Unusable)
    assert "two values" in repr(reply["b"])
    with pytest.raises(ValueError, match="is no value"):
        decode_object(b'{"b":1,"b":2}')


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"\xff{}", "not UTF-8"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested too deep"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_reply_says_why(body: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_reply(body)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_another_value_than_an_object_is_told_by_its_type(body: bytes) -> None:
    with pytest.raises(NoObjectError, match="not an object"):
        decode_reply(body)


def test_depth_is_counted_and_brackets_in_texts_are_not() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' * depth + b"1" + b"}" * depth

    assert decode_reply(nested(MAX_DEPTH))
    with pytest.raises(ValueError, match="too deep"):
        decode_reply(nested(MAX_DEPTH + 1))
    assert decode_reply(json.dumps({"text": '[{"' * 500}).encode())


def test_a_byte_order_mark_is_skipped() -> None:
    assert decode_reply(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (0.5, 0.5),
        (True, None),
        ("0.5", None),
        (None, None),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
        ([0.5], None),
        (Unusable("x"), None),
    ],
)
def test_only_finite_numbers_are_numbers(value: Any, number: float | None) -> None:
    assert number_of(value) == number


def test_texts_are_shown_on_one_short_line() -> None:
    assert shown(10**4000) == "an integer of hundreds of digits"
    assert shown({"a": "b\nc"}) == "{'a': 'b\\nc'}"
    assert shorten("a\n b\t" + "x" * 400, 10) == "a b xxxxx…"
    assert printable("a\x1b[31m\ud800b\x7f") == "a�[31m�b�"
