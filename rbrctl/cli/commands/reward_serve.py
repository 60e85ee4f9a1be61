"""``rbrctl reward serve``: the reward as an HTTP service."""

from typing import Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.graders import GraderOption
from rbrctl.cli.options import output_of
from rbrctl.cli.reward_options import ResponseClassOption
from rbrctl.cli.rewards import grader_opener
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import UsageError
from rbrctl.ruleset.verdict import Judge

DEFAULT_VARIABLE = "RBRCTL_REWARD_TOKEN"


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    weights: Annotated[
        str, typer.Option("--weights", "-w", metavar="FILE", help="The weights of reward fit.")
    ],
    rules: RulesOption = None,
    grader: GraderOption = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", help="Where to listen; 0 takes a free one.")
    ] = 8765,
    response_class: ResponseClassOption = None,
    token_env: Annotated[
        str,
        typer.Option(
            "--token-env",
            metavar="NAME",
            help="The variable with the token that requests must bring; needed beyond loopback.",
        ),
    ] = DEFAULT_VARIABLE,
    max_body: Annotated[
        int, typer.Option("--max-body", min=1024, metavar="BYTES", help="Of one request.")
    ] = 8 * 1024 * 1024,
) -> ExitCode:
    """
    Serve the reward until interrupted.

    POST /reward takes {"prompt", "completion", "response_class"} or lists of them; POST / and
    /get_reward answer OpenRLHF's contract of a remote reward; GET /healthz and /metrics tell how
    it is. Requests that have begun are answered before it ends.
    """
    from rbrctl.rewards.extras import require
    from rbrctl.rewards.function import RewardFunction
    from rbrctl.rewards.jobs import JobMaker
    from rbrctl.rewards.scorer import Scorer
    from rbrctl.rewards.serving.application import Service
    from rbrctl.rewards.serving.server import serve
    from rbrctl.rewards.serving.settings import Limits, Listening, is_loopback
    from rbrctl.rewards.weights_file import read_weights

    require("starlette", "serve", "the reward server")
    output = output_of(context)
    token = output.environment.get(token_env) or None
    if token is None and token_env != DEFAULT_VARIABLE:
        raise UsageError(f"--token-env {token_env}: the variable is not set or empty")
    if token is None and not is_loopback(host):
        raise UsageError(
            f"--host {host} lets other machines in: put a token of 16 characters or more into the "
            f"variable {token_env}, which requests then bring as 'Authorization: Bearer TOKEN'"
        )
    listening = Listening(host, port, token)
    ruleset = load_rules(rules, output)
    function = RewardFunction(Judge(ruleset), read_weights(weights))
    open_grader = grader_opener(grader, endpoint, ruleset, output)
    make_job = JobMaker(function, response_class)

    async def open_service() -> Service:
        scorer = Scorer(function, await open_grader())
        return Service(scorer, make_job, Limits(body_bytes=max_body), token)

    serve(open_service, listening, lambda address: output.talk(f"serving rewards at {address}"))
    output.talk("stopped; every request that had begun was answered")
    return ExitCode.YES
