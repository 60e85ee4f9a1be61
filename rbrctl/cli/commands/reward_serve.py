"""``rbrctl reward serve``: the reward as an HTTP service."""

from math import isfinite
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.graders import GraderOption, choose_grader
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.reward_options import ResponseClassOption
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import UsageError
from rbrctl.rewards.jobs import Reasoning
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.rewards.serving.settings import Listening

DEFAULT_VARIABLE = "RBRCTL_REWARD_TOKEN"


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    weights: Annotated[
        str, typer.Option("--weights", "-w", metavar="FILE", help="Weights file of reward fit.")
    ],
    rules: RulesOption = None,
    grader: GraderOption = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", help="Port to listen on; 0 takes a free one.")
    ] = 8765,
    response_class: ResponseClassOption = None,
    token_env: Annotated[
        str,
        typer.Option(
            "--token-env",
            metavar="NAME",
            help="Environment variable with the token that requests must have; needed if other "
            "machines can connect.",
        ),
    ] = DEFAULT_VARIABLE,
    max_body: Annotated[
        int,
        typer.Option("--max-body", min=1024, metavar="BYTES", help="Largest request."),
    ] = 8 * 1024 * 1024,
    on_ungraded: Annotated[
        float | None,
        typer.Option(
            "--on-ungraded",
            metavar="NUMBER",
            help="Reward in / and /get_reward of completions that could not be graded.  "
            "[default: an error]",
        ),
    ] = None,
    reasoning: Annotated[
        Reasoning,
        typer.Option(
            "--reasoning",
            help="Drop a completion's leading <think> block, which users do not see, or keep and "
            "judge it.",
        ),
    ] = Reasoning.DROP,
    cache_size: Annotated[
        int, typer.Option("--cache-size", min=0, metavar="N", help="Number of rewards to remember.")
    ] = 100_000,
    drain_seconds: Annotated[
        int,
        typer.Option(
            "--drain-seconds",
            min=0,
            metavar="SECONDS",
            help="Time for requests in progress when the server is told to stop.",
        ),
    ] = 25,
) -> ExitCode:
    """
    Serve the reward until interrupted.

    POST /reward takes {"prompt", "completion", "response_class"} or lists of them; POST / and
    /get_reward answer OpenRLHF's contract of a remote reward; GET /healthz and /metrics tell how
    it is. A token is brought as 'Authorization: Bearer TOKEN', or in the address, where a trainer
    knows nothing else: http://reward:TOKEN@HOST:PORT/get_reward.

    Requests that have begun are answered before it ends; those that take longer than
    --drain-seconds are told to come again, and the exit code is 4.
    """
    from rbrctl.graders.interface import Grader
    from rbrctl.rewards.function import RewardFunction
    from rbrctl.rewards.jobs import JobMaker
    from rbrctl.rewards.scorer import Scorer, explained, unanswerable
    from rbrctl.rewards.serving.reconnecting_grader import ReconnectingGrader
    from rbrctl.rewards.serving.server import serve
    from rbrctl.rewards.serving.service import Service
    from rbrctl.rewards.serving.settings import Limits
    from rbrctl.rewards.weights import read_weights

    output = output_of(context)
    listening = _listening(host, port, token_env, output)
    if on_ungraded is not None and not isfinite(on_ungraded):
        raise UsageError(f"--on-ungraded {on_ungraded}: a finite number is needed")
    ruleset = load_rules(rules, output)
    function = RewardFunction(Judge(ruleset), read_weights(weights))
    opener = choose_grader(grader, endpoint, ruleset, output)
    make_job = JobMaker(function, response_class, reasoning)

    async def open_grader() -> Grader:
        return (await opener((), False)).grader

    async def open_service() -> Service:
        keeper = ReconnectingGrader(await open_grader(), open_grader, output.warn)
        try:
            unknown = unanswerable(function, keeper, make_job.response_class)
        except UsageError:
            await keeper.close()
            raise
        for name, propositions in unknown.items():
            output.warn(explained(name, propositions))
        return Service(
            Scorer(function, keeper, cache_size),
            make_job,
            Limits(body_bytes=max_body),
            listening.token,
            on_ungraded=on_ungraded,
            has_stopped=lambda: keeper.stopped,
        )

    def on_ready(address: str) -> None:
        output.info(f"serving rewards at {address}")

    cut = serve(open_service, listening, on_ready, drain_seconds, output.scrubbed)
    if not cut:
        output.info("stopped; every request that had begun was answered")
        return ExitCode.YES
    output.warn(
        f"stopped; {counted(cut, 'request')} took longer than --drain-seconds {drain_seconds} "
        f"and {'was' if cut == 1 else 'were'} told to come again"
    )
    return ExitCode.INCOMPLETE


def _listening(host: str, port: int, token_env: str, output: Output) -> "Listening":
    """Read the token, and check it with the address. Raises UsageError."""
    from rbrctl.errors import require_extra
    from rbrctl.graders.endpoint.environment import unset_variable
    from rbrctl.rewards.serving.settings import Listening, is_loopback

    require_extra("uvicorn", "serve", "the reward server")
    token = output.environment.get(token_env) or None
    output.hide(token or "")
    if token is None and token_env != DEFAULT_VARIABLE:
        raise unset_variable("--token-env", token_env)
    if token is None and not is_loopback(host):
        raise UsageError(
            f"--host {host} lets other machines in: put a token of 16 characters or more into the "
            f"variable {token_env}, which requests then bring as 'Authorization: Bearer TOKEN'"
        )
    return Listening(host, port, token)
