"""The models of ``reward synth``: one that writes and what grades, held to the same limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rbrctl.cli.endpoint import open_cache, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.graders import ENDPOINT, choose_grader
from rbrctl.cli.output import Output
from rbrctl.cli.writer import WriterOptions
from rbrctl.errors import UsageError
from rbrctl.graders.interface import OpenGrader
from rbrctl.graders.registry import DEFAULT_KIND
from rbrctl.ruleset.model import RuleSet

if TYPE_CHECKING:
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.endpoint.client import Client
    from rbrctl.graders.endpoint.grader import EndpointGrader
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.graders.endpoint.usage import Spending, Usage
    from rbrctl.graders.interface import Grader
    from rbrctl.rewards.synthesis.writer import EndpointWriter


@dataclass(frozen=True, slots=True)
class OpenModels:
    """Open and ready."""

    writer: "EndpointWriter"
    grader: "Grader"


@dataclass(frozen=True, slots=True)
class SynthesisModels:
    """What the command line says of both."""

    ruleset: RuleSet
    writer: "EndpointSettings"
    endpoint: "EndpointSettings | None"
    """The grader's; None where no endpoint grades."""
    one_model: bool
    """True where the model that writes grades, too: it then has one client for both."""
    cache: str | None
    open_grader: OpenGrader

    @asynccontextmanager
    async def opened(self, output: Output, usages: "dict[str, Usage]") -> AsyncIterator[OpenModels]:
        """
        Open both, the endpoints probed where they have not been; say at the end what they used.

        ``usages`` takes in what each model uses, also where it cannot be opened.
        """
        from rbrctl.graders.endpoint.opening import known_capabilities, open_client
        from rbrctl.graders.endpoint.usage import Spending
        from rbrctl.rewards.synthesis.writer import EndpointWriter

        spending = Spending(self.writer.budget)
        client = open_client(self.writer, spending)
        name = "writer and grader" if self.one_model else "writer"
        usages[name] = client.usage
        try:
            cache = open_cache(self.cache, output)
            try:
                capabilities = await known_capabilities(self.writer, client, cache)
            except BaseException:
                cache.close()
                raise
            grader = await self._grader(client, cache, spending, usages)
            try:
                yield OpenModels(EndpointWriter(client, self.writer, capabilities), grader)
            finally:
                await grader.close()
        finally:
            await client.close()
            for of, usage in usages.items():
                output.talk(f"{of}: {usage.line()}")

    async def _grader(
        self,
        client: "Client",
        cache: "AnswerCache",
        spending: "Spending",
        usages: "dict[str, Usage]",
    ) -> "Grader":
        from rbrctl.graders.endpoint.opening import open_client, open_grader

        if self.endpoint is None:
            cache.close()
            return (await self.open_grader((), False)).grader
        asking = client if self.one_model else open_client(self.endpoint, spending)
        usages.setdefault("writer and grader" if self.one_model else "grader", asking.usage)
        return await open_grader(self.ruleset, self.endpoint, cache, client=asking)

    async def offline_grader(self) -> "EndpointGrader | None":
        """Open the grader to estimate by, where it is an endpoint's; no call is made."""
        return (await self.open_grader((), True)).endpoint if self.endpoint else None


def synthesis_models(
    ruleset: RuleSet,
    writer: WriterOptions,
    grader: str | None,
    endpoint: EndpointOptions,
    output: Output,
) -> SynthesisModels:
    """
    Tell who writes and who grades.

    Without --writer the endpoint's model writes, and grades only where that is asked for. Raises
    UsageError for what cannot be meant.
    """
    kind = (grader or "").partition(":")[0]
    if kind == "recorded":
        raise UsageError(
            f"--grader {grader}: no recorded answer is about a completion that is yet to be written"
        )
    settings = writer.settings(endpoint, output)
    grades = kind == ENDPOINT or (grader is None and writer.name is not None and endpoint.named)
    if grader is None and not grades:
        output.talk(f"grader: {DEFAULT_KIND} (an offline baseline; --grader endpoint asks --model)")
        grader = DEFAULT_KIND
    asked: Any = endpoint if grades or writer.name is not None else EndpointOptions()
    asked = replace(asked, typed=())  # They may be the writer's.
    return SynthesisModels(
        ruleset,
        settings,
        settings_of(endpoint, output) if grades else None,
        grades and writer.name is None,
        endpoint.cache,
        choose_grader(grader, asked, ruleset, output),
    )
