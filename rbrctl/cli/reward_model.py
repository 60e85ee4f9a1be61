"""The reward model that the options name, asked with a progress bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rbrctl.cli.output import Output
from rbrctl.errors import UsageError

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.rewards.weights import Weights

CONCURRENCY = 16


@dataclass(frozen=True, slots=True)
class RewardModelOptions:
    """What the command line says of a reward model's server."""

    url: str | None = None
    model: str | None = None
    key_env: str | None = None
    url_from: str = "--rm-url"
    """What named the server, for messages about its address."""

    def settings(self, output: Output) -> "EndpointSettings | None":
        """Put settings together; None where no server is named. Raises UsageError."""
        if self.url is None:
            for option, value in (("--rm-model", self.model), ("--rm-key-env", self.key_env)):
                if value is not None:
                    raise UsageError(f"{option} says something of a server: name it with --rm-url")
            return None
        from rbrctl.cli.endpoint import keep_secret
        from rbrctl.graders.endpoint.environment import certificates_for, key_in, proxy_for
        from rbrctl.graders.endpoint.http.address import parse_address
        from rbrctl.graders.endpoint.settings import EndpointSettings
        from rbrctl.rewards.reward_model.contracts import contract_of

        address = parse_address(self.url, self.url_from)
        if contract_of(address.path).needs_model and self.model is None:
            raise UsageError(
                f"{self.url_from} {address}: such a server wants the name of its model: "
                "--rm-model NAME"
            )
        settings = EndpointSettings(
            address.url,
            self.model or "reward model",
            key_in(self.key_env, "--rm-key-env", output.environment),
            proxy=proxy_for(address, None, output.environment),
            certificates=certificates_for(address, output.environment),
            concurrency=CONCURRENCY,
        )
        keep_secret(settings, address, output)
        return settings


def say_unscored(output: Output, reasons: Sequence[str]) -> None:
    """Warn if the reward model gave some completions no score."""
    # What a server says may differ for each completion: the first reason stands for all.
    if reasons:
        output.warn(f"{len(reasons):,} completions got no score; the first: {reasons[0]}")


def say_scores(output: Output, scored: int, total: int, weights: "Weights | None" = None) -> None:
    """Warn where some completions have no score, or none that the weights were fitted with."""
    if 0 < scored < total:
        output.warn(
            f"{total - scored:,} of {total:,} completions have no rm_score, which counts as 0 "
            "(--rm-url asks a reward model for it)"
        )
    elif not scored and weights is not None and weights.fit.get("reward_model"):
        output.warn(
            "the weights were fitted with a reward model, and no completion has its rm_score, "
            "which counts as 0 (--rm-url asks for it)"
        )
