"""Headers that say when to come back, with values that no clock knows."""

import pytest

from rbrctl.graders.endpoint.http.rate_headers import (
    LONGEST,
    LONGEST_RESET,
    duration,
    exhausted_for,
    retry_after,
)

ABSURD = [
    "-1",
    "-1e308",
    "1e308",
    "1e999",
    "NaN",
    "inf",
    "0x10",
    "1_000",
    "١٢",
    "soon",
    "",
    " ",
]


@pytest.mark.parametrize("text", ABSURD)
@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms"])
def test_what_is_no_number_of_seconds_asks_for_no_wait(name: str, text: str) -> None:
    assert retry_after({name: text}) is None


@pytest.mark.parametrize("digits", [13, 300, 301, 5000])
@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms"])
def test_a_wait_beyond_all_bounds_is_the_longest(name: str, digits: int) -> None:
    assert retry_after({name: "9" * digits}) == LONGEST


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("Fri, 31 Dec 9999 23:59:59 -2359", LONGEST),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
        ("Wed, 32 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 99:99:99 GMT", None),
        ("Wed, 21 Oct 2015", None),
    ],
)
def test_any_date_is_a_bounded_wait_or_none(date: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": date}) == seconds


@pytest.mark.parametrize("text", [*ABSURD, "5m-3s", "9" * 400 + "s", "1e3s", "1s1h", "-6m0s"])
def test_an_absurd_reset_never_stalls_a_run(text: str) -> None:
    for what in ("requests", "tokens"):
        headers = {f"x-ratelimit-remaining-{what}": "0", f"x-ratelimit-reset-{what}": text}
        assert 0.0 <= exhausted_for(headers) <= LONGEST_RESET
    found = duration(text)
    assert found is None or found >= 0.0


@pytest.mark.parametrize("remaining", ["-5", "1e308", "", "none", "0.5"])
def test_only_an_allowance_of_zero_is_exhausted(remaining: str) -> None:
    headers = {"x-ratelimit-remaining-requests": remaining, "x-ratelimit-reset-requests": "60s"}
    assert exhausted_for(headers) == 0.0
