"""A reward server of its own process, for tests: small rules, and a grader that reads words."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from reward_helpers import WEIGHTS, WordGrader, small_rules

from rbrctl.rewards.function import RewardFunction
from rbrctl.rewards.jobs import JobMaker
from rbrctl.rewards.scorer import Scorer
from rbrctl.rewards.serving.application import Service
from rbrctl.rewards.serving.server import serve
from rbrctl.rewards.serving.settings import Limits, Listening
from rbrctl.ruleset.verdict import Judge


def main() -> None:
    """Serve; print the address once ready and ``stopped`` at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--token")
    parser.add_argument("--body-bytes", type=int, default=100_000)
    arguments = parser.parse_args()
    function = RewardFunction(Judge(small_rules()), WEIGHTS)
    limits = Limits(body_bytes=arguments.body_bytes, completions=50, waiting=200, body_seconds=1)

    async def open_service() -> Service:
        scorer = Scorer(function, WordGrader(arguments.delay))
        return Service(scorer, JobMaker(function), limits, arguments.token)

    listening = Listening(port=arguments.port, token=arguments.token)
    serve(open_service, listening, lambda address: print(address, flush=True))
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
