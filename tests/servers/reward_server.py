"""A reward server of its own process, for tests: small rules, and a grader that reads words."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from reward_helpers import WEIGHTS, WordGrader, small_rules

from rbrctl.rewards.function import RewardFunction
from rbrctl.rewards.jobs import JobMaker
from rbrctl.rewards.scorer import Scorer
from rbrctl.rewards.serving.server import serve
from rbrctl.rewards.serving.service import Service
from rbrctl.rewards.serving.settings import Limits, Listening
from rbrctl.ruleset.verdict import Judge


def main() -> None:
    """Serve; print the address once ready and how it was stopped at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--token")
    parser.add_argument("--body-bytes", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--drain", type=int, default=25)
    parser.add_argument("--on-ungraded", type=float)
    arguments = parser.parse_args()
    function = RewardFunction(Judge(small_rules()), WEIGHTS)
    limits = Limits(
        body_bytes=arguments.body_bytes,
        completions=50,
        waiting=200,
        body_seconds=1,
        header_seconds=1,
        connections=arguments.connections,
    )

    async def open_service() -> Service:
        scorer = Scorer(function, WordGrader(arguments.delay))
        make_job = JobMaker(function)
        return Service(scorer, make_job, limits, arguments.token, on_ungraded=arguments.on_ungraded)

    listening = Listening(port=arguments.port, token=arguments.token)
    cut = serve(
        open_service, listening, lambda address: print(address, flush=True), arguments.drain
    )
    print(f"stopped, {cut} cut", flush=True)


if __name__ == "__main__":
    main()
