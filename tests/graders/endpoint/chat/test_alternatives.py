"""How many alternatives a server allows, from its own words."""

import pytest

from rbrctl.graders.endpoint.chat.alternatives import AlternativesLimit, fewer_alternatives

TOLD = {
    "top_logprobs must be at most 5": 5,
    "max allowed top_logprobs: 10": 10,
    "Cannot request more than 5 logprobs": 5,
    "Requested sample logprobs of 20, which is greater than max allowed: 10": 10,
    "top_logprobs: Input should be less than or equal to 8": 8,
    "logprobs must be <= 5": 5,
    "top_logprobs must be between 0 and 10": 10,
    "`top_logprobs` should be in the range [0, 5]": 5,
    "Invalid value for 'top_logprobs': must be less than 6": 5,
    "logprobs is limited to 3 per token": 3,
    "status 400: log probs: up to 4 are supported": 4,
    "top_logprobs must not exceed 11": 11,
}


@pytest.mark.parametrize(("message", "allowed"), TOLD.items())
def test_the_number_that_a_server_names_is_used(message: str, allowed: int) -> None:
    assert fewer_alternatives(message, 20) == allowed


@pytest.mark.parametrize(
    ("message", "asked", "next_guess"),
    [
        ("top_logprobs is too large", 20, 5),
        ("top_logprobs is too large", 5, 2),
        ("top_logprobs is too large", 2, None),
        ("top_logprobs must be at most 20", 20, 5),
        ("top_logprobs must be at most 1", 20, None),
        ("logprobs must be less than 2", 20, None),
        ("max_tokens must be at most 5", 20, None),
        ("", 20, None),
    ],
)
def test_without_a_usable_number_fixed_guesses_are_tried(
    message: str, asked: int, next_guess: int | None
) -> None:
    assert fewer_alternatives(message, asked) == next_guess


def test_a_limit_is_lowered_once_and_kept() -> None:
    kept: list[int] = []
    limit = AlternativesLimit(20, kept.append)
    assert not limit.lower_after("the context is full", 20)
    assert limit.lower_after("top_logprobs must be at most 5", 20)
    assert (limit.current, kept) == (5, [5])
    # Another request of the same moment is refused too: it is sent again, and nothing changes.
    assert limit.lower_after("top_logprobs must be at most 5", 20)
    assert limit.lower_after("top_logprobs must be at most 8", 20)
    assert (limit.current, kept) == (5, [5])
    assert limit.lower_after("top_logprobs must be at most 2", 5)
    assert not limit.lower_after("top_logprobs must be at most 2", 2)
    assert (limit.current, kept) == (2, [5, 2])
