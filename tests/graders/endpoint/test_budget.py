"""How often a question is asked: once, within the budget, as the estimate said."""

import asyncio
from typing import Any

import pytest
from endpoint_helpers import NAMES, make_grader, transcript
from servers.fault_endpoint import json_reply, serving, yes

from rbrctl.errors import BudgetSpentError, GraderError
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.usage import Budget, Prices, Spending, Usage


def test_the_same_content_in_flight_is_asked_once() -> None:
    async def run() -> None:
        async with serving(lambda request: json_reply(yes(), delay=0.02)) as endpoint:
            grader = await make_grader(endpoint.base_url)
            endpoint.requests.clear()
            asking = [grader.answer(transcript(), NAMES) for _ in range(10)]
            rows = await asyncio.gather(*asking)
            assert len(endpoint.requests) == 2
            assert all(row == rows[0] for row in rows)
            await grader.close()

    asyncio.run(run())


def test_who_waits_for_a_question_that_is_stopped_hears_of_it() -> None:
    async def run() -> None:
        async with serving(lambda request: json_reply(yes(), delay=0.2)) as endpoint:
            grader = await make_grader(endpoint.base_url)
            first = asyncio.create_task(grader.answer(transcript(), ["apology"]))
            await asyncio.sleep(0.01)
            second = asyncio.create_task(grader.answer(transcript(), ["apology"]))
            await asyncio.sleep(0.01)
            first.cancel()
            with pytest.raises(GraderError, match="stopped before this question was answered"):
                await second
            await grader.close()

    asyncio.run(run())


def test_the_budget_stops_cleanly_and_keeps_what_was_paid(tmp_path: Any) -> None:
    async def run() -> None:
        async with serving(lambda request: json_reply(yes(), delay=0.01)) as endpoint:
            cache = AnswerCache(tmp_path / "cache.sqlite")
            budget = Budget(calls=31)
            grader = await make_grader(endpoint.base_url, cache, budget=budget, concurrency=8)
            asking = [grader.answer(transcript(f"t{i}"), NAMES) for i in range(40)]
            outcomes = await asyncio.gather(*asking, return_exceptions=True)
            stopped = [o for o in outcomes if isinstance(o, BudgetSpentError)]
            assert "stopped after 31 calls, the most allowed (--max-calls)" in str(stopped[0])
            await grader.close()
            assert len(endpoint.requests) == 31
            again = await make_grader(
                endpoint.base_url, AnswerCache(tmp_path / "cache.sqlite"), concurrency=8
            )
            await asyncio.gather(*(again.answer(transcript(f"t{i}"), NAMES) for i in range(40)))
            await again.close()
            assert len(endpoint.requests) == 1 + 80

    asyncio.run(run())


def test_a_cost_limit_stops_before_it_is_passed() -> None:
    async def run() -> None:
        async with serving(lambda request: json_reply(yes())) as endpoint:
            prices = Prices(input=10_000.0)
            grader = await make_grader(
                endpoint.base_url, prices=prices, budget=Budget(cost=20.0), concurrency=1
            )
            for i in range(19):
                await grader.answer(transcript(f"t{i}"), ["apology"])
            with pytest.raises(BudgetSpentError, match="stopped at a cost of 20"):
                await grader.answer(transcript("one more"), ["apology"])
            assert grader.usage.cost == pytest.approx(20.0)
            await grader.close()

    asyncio.run(run())


def test_an_estimate_counts_calls_and_hits_without_asking() -> None:
    async def run() -> None:
        async with serving(lambda request: json_reply(yes())) as endpoint:
            grader = await make_grader(endpoint.base_url)
            before = len(endpoint.requests)
            estimate = grader.estimate(transcript(), NAMES)
            assert len(endpoint.requests) == before
            assert (estimate.calls, estimate.answers, estimate.cache_hits) == (2, 2, 0)
            assert 300 < estimate.input_tokens < 3000
            await grader.answer(transcript(), ["apology"])
            both = estimate + grader.estimate(transcript(), NAMES)
            assert (both.calls, both.cache_hits, both.transcripts) == (3, 1, 2)
            assert both.cost(Prices(input=1.0)) == pytest.approx(both.input_tokens / 1e6)
            await grader.close()

    asyncio.run(run())


def test_two_clients_share_one_budget() -> None:
    cheap, dear = Usage(Prices(input=1.0)), Usage(Prices(output=1000.0))
    by_calls = Spending(Budget(calls=5))
    for usage in (cheap, dear):
        by_calls.join(usage, lambda: 1)
    cheap.calls, dear.calls = 2, 2
    by_calls.check()
    dear.calls = 3
    with pytest.raises(BudgetSpentError, match="stopped after 5 calls"):
        by_calls.check()

    in_flight = {"cheap": 0, "dear": 1}
    by_cost = Spending(Budget(cost=0.6))
    by_cost.join(cheap, lambda: in_flight["cheap"])
    by_cost.join(dear, lambda: in_flight["dear"])
    cheap.add_reply({"prompt_tokens": 100_000})
    dear.add_reply({"completion_tokens": 190})
    by_cost.check()  # 0.1 and 0.19 are spent, and another 0.19 may come
    in_flight["cheap"] = 1
    by_cost.check()
    in_flight["cheap"] = 2
    with pytest.raises(BudgetSpentError, match=r"stopped at a cost of 0\.2900"):
        by_cost.check()
