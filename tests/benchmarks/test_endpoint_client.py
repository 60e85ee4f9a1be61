"""The endpoint client's promises on memory, and on speed with room for a busy machine."""

import sys
from collections.abc import Callable

import pytest
from benchmarks.endpoint_client import PROPOSITIONS_A_CALL, Mock, cached_again, measure

TRIES = 3


def best(ratio: Callable[[], float], enough: float) -> float:
    """Give the best of a few tries: what else runs on the machine only ever slows one down."""
    tries = []
    for _ in range(TRIES):
        tries.append(ratio())
        if tries[-1] >= enough:
            break
    return max(tries)


def chat(url: str, width: int) -> dict[str, float]:
    figures = measure(sys.executable, "grader", url, width, 400, 10, "logprobs")
    assert figures["calls"] >= 4000
    assert figures["answers"] == 4000
    return figures


@pytest.mark.benchmark
def test_it_fills_64_connections_as_bare_streams_do() -> None:
    def ratio() -> float:
        bare = measure(sys.executable, "streams", url, 64, 4000)
        return chat(url, 64)["calls_a_second"] / bare["calls_a_second"]

    with Mock(0.05) as url:
        assert best(ratio, 0.85) >= 0.8


@pytest.mark.benchmark
def test_it_is_as_fast_at_256_connections_as_at_16() -> None:
    def ratio() -> float:
        few, many = chat(url, 16), chat(url, 256)
        return many["calls_a_second"] / few["calls_a_second"]

    with Mock(0.0) as url:
        assert best(ratio, 0.95) >= 0.8


@pytest.mark.benchmark
def test_decisions_answer_thousands_of_propositions_a_second() -> None:
    def rate() -> float:
        arguments = (url, 64, 1000, PROPOSITIONS_A_CALL, "decisions")
        return measure(sys.executable, "grader", *arguments)["answers_a_second"]

    with Mock(0.0) as url:
        assert best(rate, 10_000) >= 5_000


@pytest.mark.benchmark
def test_what_is_cached_is_read_at_once() -> None:
    with Mock(0.0) as url:
        assert cached_again(sys.executable, url, 2_000)["seconds"] < 5.0


def test_what_is_cached_is_not_asked_again() -> None:
    with Mock(0.0) as url:
        again = cached_again(sys.executable, url, 200)
    assert (again["calls"], again["answers"]) == (0, 2_000)


def test_it_is_small_at_64_connections() -> None:
    with Mock(0.0) as url:
        assert chat(url, 64)["megabytes"] < 60


@pytest.mark.benchmark
def test_it_beats_the_openai_package_fourfold() -> None:
    pytest.importorskip("openai", reason="the extra 'test' installs the openai package")

    def ratio() -> float:
        loop = measure(sys.executable, "openai", url, 64, 1000)
        return chat(url, 64)["calls_a_second"] / loop["calls_a_second"]

    with Mock(0.0) as url:
        assert best(ratio, 8.0) >= 4.0
