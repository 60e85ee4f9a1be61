"""What each mode asks, and how it reads what comes back."""

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from endpoint_helpers import make_grader, make_ruleset, transcript
from servers.fault_endpoint import (
    FaultEndpoint,
    Plan,
    Reply,
    Request,
    chat,
    json_reply,
    serving,
    token,
    yes,
)

from rbrctl.errors import BudgetSpentError, GraderError
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.opening import open_client
from rbrctl.graders.endpoint.probe import ProbeReport, probe
from rbrctl.graders.endpoint.usage import Budget, Prices
from rbrctl.graders.modes import Mode
from rbrctl.records.models import Answer

NAMES = ["apology", "judgement"]


def ask(
    plan: Plan, mode: Mode, names: Collection[str] = NAMES, **options: Any
) -> tuple[Mapping[str, Answer], FaultEndpoint, Any]:
    async def run() -> tuple[Mapping[str, Answer], FaultEndpoint, Any]:
        async with serving(plan) as endpoint:
            ruleset = make_ruleset(*names)
            grader = await make_grader(endpoint.base_url, ruleset=ruleset, mode=mode, **options)
            endpoint.requests.clear()
            answers = await grader.answer(transcript(), names)
            await grader.close()
            return answers, endpoint, grader

    return asyncio.run(run())


def decisions(request: Request) -> Reply:
    answers = [
        {"type": "predicate", "name": q["name"], "probability": 0.25 * (1 + i % 4)}
        for i, q in enumerate(request.json["questions"])
    ]
    usage = {"input_tokens": 50, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 0}
    return json_reply({"model": "m", "answers": answers, "usage": usage})


def test_decisions_asks_all_in_one_call() -> None:
    answers, endpoint, grader = ask(decisions, Mode.DECISIONS)
    assert len(endpoint.requests) == 1
    request = endpoint.requests[0]
    assert request.path == "/v1/decisions"
    assert request.json.keys() == {"model", "input", "questions"}
    assert [q["name"] for q in request.json["questions"]] == NAMES
    assert "Right answer: Yes (It says sorry.)" in request.json["questions"][0]["instructions"]
    assert "Sorry, I can't help with that." in request.json["input"]
    assert {name: answer.probability for name, answer in answers.items()} == {
        "apology": 0.25,
        "judgement": 0.5,
    }
    assert {answer.source for answer in answers.values()} == {"decisions"}
    assert grader.asks_together
    assert (grader.usage.input_tokens, grader.usage.cached_tokens) == (50, 8)


def test_decisions_answers_are_joined_by_name_and_fail_alone() -> None:
    def plan(request: Request) -> Reply:
        answers = [
            {"type": "predicate", "name": "e", "probability": "high"},
            {"type": "predicate", "name": "d", "probability": 1.5},
            {"type": "refusal", "name": "b"},
            {"type": "predicate", "name": "a", "probability": 0.9},
            {"type": "predicate", "name": "zzz", "probability": 0.1},
        ]
        return json_reply({"answers": answers})

    answers, _, _ = ask(plan, Mode.DECISIONS, ["a", "b", "c", "d", "e"])
    assert answers["a"].probability == 0.9
    assert answers["b"].error == "the grader's model refused this question"
    assert answers["c"].error == "the reply has no answer to this question"
    assert answers["d"].error == "the answer's probability is 1.5, which is not from 0 to 1"
    assert answers["e"].error == "the answer has no probability but 'high'"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"answers": [{"type": "predicate", "probability": 0.5}]}, "1 answers without names to 2"),
        ({"answers": None}, "the reply has no list of answers"),
        ({}, "the reply has no list of answers"),
    ],
)
def test_decisions_of_another_shape_fail(reply: Any, error: str) -> None:
    answers, _, _ = ask(lambda request: json_reply(reply), Mode.DECISIONS)
    assert all(error in str(answer.error) for answer in answers.values())


def test_decisions_without_names_are_read_in_order() -> None:
    reply = {"answers": [{"type": "predicate", "probability": p} for p in (0.1, 0.7)]}
    answers, _, _ = ask(lambda request: json_reply(reply), Mode.DECISIONS)
    assert [answers[name].probability for name in NAMES] == [0.1, 0.7]


def test_decisions_are_split_at_the_servers_limit() -> None:
    def plan(request: Request) -> Reply:
        if len(request.json["questions"]) > 5:
            error = {"error": {"message": "questions: at most 5 are allowed"}}
            return json_reply(error, status="400 Bad Request")
        return decisions(request)

    names = [f"p{i}" for i in range(18)]
    answers, endpoint, _ = ask(plan, Mode.DECISIONS, names)
    assert all(answer.error is None for answer in answers.values())
    assert len(answers) == 18
    sizes = [len(request.json["questions"]) for request in endpoint.requests]
    assert sorted(set(sizes)) == [4, 5, 9, 18]


def test_more_than_the_known_limit_makes_several_calls() -> None:
    names = [f"p{i}" for i in range(450)]
    answers, endpoint, _ = ask(decisions, Mode.DECISIONS, names)
    assert [len(request.json["questions"]) for request in endpoint.requests] == [225, 225]
    assert len(answers) == 450


def test_systemone_asks_by_name() -> None:
    def plan(request: Request) -> Reply:
        assert request.path == "/v1/systemone"
        assert request.json.keys() == {"model", "state", "questions"}
        assert request.json["questions"]["apology"]["type"] == "noul"
        return json_reply({"answers": {"apology": {"type": "noul", "noul": 0.7}}})

    answers, _, _ = ask(plan, Mode.SYSTEMONE)
    assert answers["apology"].probability == 0.7
    assert answers["judgement"].error == "the reply has no answer to this question"


def test_logprobs_asks_one_call_each() -> None:
    answers, endpoint, grader = ask(lambda request: json_reply(yes(0.8)), Mode.LOGPROBS)
    assert len(endpoint.requests) == 2
    body = endpoint.requests[0].json
    assert body["logprobs"] is True
    assert body["top_logprobs"] == 20
    assert body["temperature"] == 0.0
    assert answers["apology"].probability == pytest.approx(0.8)
    assert answers["apology"].details == {"mass": pytest.approx(0.99)}
    assert answers["apology"].digest == grader.question_digests["apology"]
    assert not grader.asks_together


def test_a_low_mass_is_flagged() -> None:
    reply = chat("The", [token("The", 0.7, {"The": 0.7, "Yes": 0.2, "No": 0.1})])
    answers, _, _ = ask(lambda request: json_reply(reply), Mode.LOGPROBS)
    assert answers["apology"].probability == pytest.approx(2 / 3)
    assert answers["apology"].details["low_mass"] is True


def test_schema_reads_json() -> None:
    def plan(request: Request) -> Reply:
        assert request.json["response_format"]["json_schema"]["strict"] is True
        return json_reply(chat('```json\n{"answer": "No"}\n```'))

    answers, _, _ = ask(plan, Mode.SCHEMA)
    assert answers["apology"].probability == 0.0
    assert answers["apology"].source == "schema"


def test_packed_schema_asks_several_a_call() -> None:
    def plan(request: Request) -> Reply:
        names = request.json["response_format"]["json_schema"]["schema"]["required"]
        content = request.json["messages"][0]["content"]
        assert all(f"Question {name}:" in content for name in names if name != "answer")
        return json_reply(chat(json.dumps(dict.fromkeys([n for n in names if n != "p4"], "yes"))))

    names = [f"p{i}" for i in range(5)]
    answers, endpoint, _ = ask(plan, Mode.SCHEMA, names, pack=3)
    assert len(endpoint.requests) == 2
    assert [answers[name].probability for name in names] == [1.0] * 4 + [None]
    assert answers["p4"].error == "the reply's JSON has no yes or no under this name"


def test_votes_give_the_share_of_yes() -> None:
    def plan(request: Request) -> Reply:
        return json_reply(chat("yes" if request.number % 4 else "no"))

    answers, endpoint, _ = ask(plan, Mode.VOTES, ["apology"], votes=8)
    assert len(endpoint.requests) == 8
    assert endpoint.requests[0].json["temperature"] == 1.0
    assert answers["apology"].probability == 0.75
    assert sorted(answers["apology"].details["votes"]) == [0, 0, 1, 1, 1, 1, 1, 1]


def test_text_skips_reasoning() -> None:
    reply = chat("No.", reasoning_content="Yes? Hm, no.")
    answers, endpoint, _ = ask(lambda request: json_reply(reply), Mode.TEXT)
    assert answers["apology"].probability == 0.0
    assert "max_completion_tokens" not in endpoint.requests[0].json


def test_repeats_are_asked_and_kept_apart() -> None:
    def plan(request: Request) -> Reply:
        return json_reply(yes(0.8 if request.number % 2 else 0.4))

    answers, endpoint, _ = ask(plan, Mode.LOGPROBS, ["apology"], repeat=4)
    assert len(endpoint.requests) == 4
    repeats = answers["apology"].details["repeats"]
    assert sorted(round(value, 6) for value in repeats) == [0.4, 0.4, 0.8, 0.8]
    assert answers["apology"].probability == pytest.approx(0.6)


def probing(plan: Plan, mode: Mode = Mode.AUTO, **options: Any) -> ProbeReport:
    async def run() -> ProbeReport:
        from endpoint_helpers import settings

        async with serving(plan) as endpoint:
            chosen = settings(endpoint.base_url, mode=mode, **options)
            client = open_client(chosen)
            try:
                return await probe(chosen, client)
            finally:
                await client.close()

    return asyncio.run(run())


def only(path: str, answer: Plan) -> Plan:
    return lambda request: answer(request) if request.path == path else Reply("404 Not Found")


def chat_only(answer: Plan) -> Plan:
    return only("/v1/chat/completions", answer)


def test_auto_takes_the_best_that_works() -> None:
    assert probing(only("/v1/decisions", decisions)).capabilities.mode is Mode.DECISIONS
    noul = {"answers": {"names_a_city": {"noul": 0.9}, "apologises": {"noul": 0.1}}}
    report = probing(only("/v1/systemone", lambda request: json_reply(noul)))
    assert report.capabilities.mode is Mode.SYSTEMONE
    report = probing(chat_only(lambda request: json_reply(yes())))
    assert report.capabilities.mode is Mode.LOGPROBS
    assert [(step.mode, step.works) for step in report.steps] == [
        (Mode.DECISIONS, False),
        (Mode.SYSTEMONE, False),
        (Mode.LOGPROBS, True),
    ]
    assert "2 alternatives a token; yes has 0.80" in report.steps[-1].detail
    assert report.calls == 3


def test_auto_falls_back_to_schema_and_then_text() -> None:
    def schema(request: Request) -> Reply:
        return json_reply(chat('{"answer": "yes"}' if "response_format" in request.json else "Yes"))

    assert probing(chat_only(schema)).capabilities.mode is Mode.SCHEMA
    report = probing(chat_only(lambda request: json_reply(chat("Yes"))))
    assert report.capabilities.mode is Mode.TEXT
    assert "no token probabilities though they were asked for" in report.steps[2].detail


def refusing(*fields: str, message: str) -> Plan:
    def plan(request: Request) -> Reply:
        named = [field for field in fields if field in request.json]
        if named:
            error = {"error": {"message": message.format(named[0])}}
            return json_reply(error, status="400 Bad Request")
        return json_reply(yes())

    return chat_only(plan)


def test_a_probe_drops_what_a_server_refuses() -> None:
    report = probing(refusing("max_tokens", message="Unsupported parameter: '{0}'"))
    assert report.capabilities.token_fields == ("max_completion_tokens",)
    report = probing(
        refusing("max_completion_tokens", message="{0}: extra fields are not permitted")
    )
    assert report.capabilities.token_fields == ("max_tokens",)
    report = probing(refusing("temperature", message="'{0}' does not support 0 with this model"))
    assert report.capabilities.temperature is False


def test_a_probe_asks_for_fewer_alternatives() -> None:
    def plan(request: Request) -> Reply:
        if request.json.get("top_logprobs", 0) > 5:
            return json_reply({"error": "top_logprobs must be at most 5"}, status="400 Bad")
        return json_reply(yes())

    assert probing(chat_only(plan)).capabilities.top_logprobs == 5


def test_a_model_without_a_system_turn_is_told_its_task_all_the_same() -> None:
    def plan(request: Request) -> Reply:
        roles = [message["role"] for message in request.json["messages"]]
        if "system" in roles:
            return json_reply({"error": "System role not supported"}, status="400 Bad")
        assert "material to judge" in request.json["messages"][0]["content"]
        return json_reply(yes())

    report = probing(chat_only(plan))
    assert report.capabilities.mode is Mode.LOGPROBS
    assert "it has no system turn" in report.steps[-1].detail
    answers, _, _ = ask(plan, Mode.LOGPROBS)
    assert answers["apology"].probability == pytest.approx(0.8)


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


def test_a_reasoning_model_is_not_capped() -> None:
    def plan(request: Request) -> Reply:
        if "max_tokens" in request.json:
            return json_reply(chat("", finish="length"))
        content = yes()["choices"][0]["logprobs"]["content"]
        return json_reply(chat("Yes", content, reasoning_content="Let me see."))

    report = probing(chat_only(plan))
    assert report.capabilities.reasoning
    assert "its output is not capped" in report.steps[-1].detail


def test_masked_token_probabilities_are_no_mode() -> None:
    entry = token("Yes", 0.9, {"Yes": 0.9, "No": 0.1}) | {"logprob": -9999.0}
    report = probing(chat_only(lambda request: json_reply(chat("Yes", [entry]))))
    assert report.capabilities.mode is Mode.TEXT


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("401 X"), "the endpoint does not take the key"),
        (Reply("404 X"), "no mode works"),
        (Reply("400 X", b'{"error": "No connected db."}'), "No connected db."),
        (Reply("302 X"), "redirects"),
    ],
)
def test_a_probe_that_finds_nothing_says_what_it_saw(reply: Reply, message: str) -> None:
    with pytest.raises(GraderError, match=message):
        probing(lambda request: reply)


def test_a_probe_is_made_once_and_remembered(tmp_path: Any) -> None:
    async def run() -> None:
        async with serving(chat_only(lambda request: json_reply(yes()))) as endpoint:
            for expected in (4, 0):
                endpoint.requests.clear()
                cache = AnswerCache(tmp_path / "cache.sqlite")
                grader = await make_grader(endpoint.base_url, cache, mode=Mode.AUTO)
                await grader.answer(transcript(), ["apology"])
                await grader.close()
                assert len(endpoint.requests) == expected
                assert grader.identity.mode == "logprobs"

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
