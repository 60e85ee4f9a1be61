"""A small rule set, transcripts and settings for the endpoint's tests."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from servers.fault_endpoint import FaultEndpoint, Plan, Reply, Request, json_reply, serving

from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.client import RetryPolicy
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.http.secrets import Secret
from rbrctl.graders.endpoint.opening import open_grader
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode
from rbrctl.records.models import Answer, Message, Transcript
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Example, GraderPrompt, Proposition, RuleSet

PLACE = Place("rules.yaml", 1, 1, 1, 2)
FAST = RetryPolicy(retries=3, base=0.002, longest=0.01, longest_asked=1.0)
KEY = Secret("sk-test-0123456789")
NAMES = ["apology", "judgement"]


def proposition(name: str, question: str | None = None) -> Proposition:
    return Proposition(
        name,
        PLACE,
        question=question or f"Does the reply show {name}?",
        examples=(
            Example("Sorry, no.", True, user="Open the door.", why="It says sorry."),
            Example("Here you go.", False, user="Open the window."),
        ),
    )


def make_ruleset(*names: str, **options: Any) -> RuleSet:
    return RuleSet(
        name="small",
        version="1",
        ranks=("ideal", "bad"),
        response_classes={},
        propositions={name: proposition(name) for name in names or NAMES},
        definitions={},
        rules={},
        **{"grader": GraderPrompt()} | options,
    )


def transcript(text: str = "Sorry, I can't help with that.", user: str = "Help!") -> Transcript:
    return Transcript("t1", (Message("user", user),), (Message("assistant", text),))


def settings(base_url: str, model: str = "fault-1", **options: Any) -> EndpointSettings:
    values: dict[str, Any] = {"mode": Mode.LOGPROBS, "key": KEY, "retry": FAST, "timeout": 5.0}
    return EndpointSettings(base_url, model, **values | options)


async def make_grader(
    base_url: str, cache: AnswerCache | None = None, ruleset: RuleSet | None = None, **options: Any
) -> EndpointGrader:
    return await open_grader(
        ruleset or make_ruleset(),
        settings(base_url, **options),
        cache or AnswerCache(None),
    )


def ask(
    plan: Plan, mode: Mode, names: Collection[str] = NAMES, **options: Any
) -> tuple[Mapping[str, Answer], FaultEndpoint, Any]:
    """Ask one transcript's questions of a server that follows the plan."""

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
    """Answer every question of one call at the mode of decisions."""
    answers = [
        {"type": "predicate", "name": q["name"], "probability": 0.25 * (1 + i % 4)}
        for i, q in enumerate(request.json["questions"])
    ]
    usage = {"input_tokens": 50, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 0}
    return json_reply({"model": "m", "answers": answers, "usage": usage})
