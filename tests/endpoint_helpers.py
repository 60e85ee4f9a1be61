"""A small rule set, transcripts and settings for the endpoint's tests."""

from typing import Any

from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.client import RetryPolicy
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.opening import open_grader
from rbrctl.graders.endpoint.secret import Secret
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode
from rbrctl.records.models import Message, Transcript
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Example, GraderPrompt, Proposition, RuleSet

PLACE = Place("rules.yaml", 1, 1, 1, 2)
FAST = RetryPolicy(retries=3, base=0.002, longest=0.01, longest_asked=1.0)
KEY = Secret("sk-test-0123456789")


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
        propositions={name: proposition(name) for name in names or ("apology", "judgement")},
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
