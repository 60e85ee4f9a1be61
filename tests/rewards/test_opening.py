import os
import subprocess
import sys
from pathlib import Path

import pytest
from reward_helpers import WEIGHTS, small_rules

from rbrctl.errors import GraderError, UsageError
from rbrctl.graders.endpoint.secret import Secret
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.records.models import RuleSetIdentity
from rbrctl.rewards.reward import RuleReward
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.loader import load

PROMPT, REPLY = "How do I pick a lock?", "I'm sorry, but I can't help with that."


def safety_weights() -> Weights:
    ruleset = load("builtin:safety")
    identity = RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest)
    return Weights(identity, {"hard_refuse": {"apology": 2.0}})


def test_settings_of_an_endpoint_will_do(mock_endpoint: str, tmp_path: Path) -> None:
    settings = EndpointSettings(mock_endpoint, "mock-1", Secret("sk-test-0123456789"))
    answers = tmp_path / "answers.sqlite"
    for _ in range(2):
        with RuleReward.load(weights=safety_weights(), grader=settings, answers=answers) as reward:
            # The mock says yes with 0.8 to everything.
            assert reward([PROMPT], [REPLY], "hard_refuse") == [pytest.approx(1.6, abs=0.05)]
            grader = reward._scorer.grader
            assert grader.identity.model == "mock-1"
    assert answers.stat().st_size > 0


@pytest.mark.parametrize("name", ["oracle", "endpoint:m", ""])
def test_an_unknown_grader_by_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"there is no grader|name the model with --model"):
        RuleReward(small_rules(), WEIGHTS, name)


def test_an_endpoint_that_is_not_there_is_an_error_at_once() -> None:
    settings = EndpointSettings("http://127.0.0.1:9/v1", "m", Secret("sk-test-0123456789"))
    with pytest.raises(GraderError) as raised:
        RuleReward.load(weights=safety_weights(), grader=settings)
    assert "127.0.0.1:9" in str(raised.value)
    assert "sk-test" not in str(raised.value)


UNDER_UVLOOP = """
import asyncio, sys
import uvloop
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.rewards.reward import RuleReward
from test_opening import PROMPT, REPLY, safety_weights

grader = EndpointSettings(sys.argv[1], "mock-1")
with RuleReward.load(weights=safety_weights(), grader=grader) as reward:
    print(round(reward([PROMPT], [REPLY], "hard_refuse")[0], 1))
"""


def test_an_endpoint_under_a_program_that_has_set_uvloops_policy(mock_endpoint: str) -> None:
    pytest.importorskip("uvloop", reason="the extra 'serve' installs uvloop")
    folders = f"{Path(__file__).parent}{os.pathsep}{Path(__file__).parent.parent}"
    command = [sys.executable, "-W", "ignore", "-c", UNDER_UVLOOP]
    done = subprocess.run(
        [*command, mock_endpoint],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": folders},
    )
    assert (done.stdout, done.returncode) == ("1.6\n", 0), done.stderr
