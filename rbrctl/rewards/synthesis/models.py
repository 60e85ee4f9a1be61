"""The models of a synthesis: one that writes and one that grades, within the same limits."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.opening import known_capabilities, open_client, open_grader
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.endpoint.usage import Spending, Usage
from rbrctl.graders.interface import Grader, OpenGrader
from rbrctl.rewards.synthesis.writer import EndpointWriter
from rbrctl.ruleset.model import RuleSet


@dataclass(frozen=True, slots=True)
class OpenModels:
    """The open models of a run."""

    writer: EndpointWriter
    grader: Grader


@dataclass(frozen=True, slots=True)
class SynthesisModels:
    """The model that writes and the grader, before they are opened."""

    ruleset: RuleSet
    writer: EndpointSettings
    endpoint: EndpointSettings | None
    """The settings of the grader; None if no endpoint grades."""
    one_model: bool
    """True if the model that writes also grades, with one client for both."""
    open_cache: Callable[[], AnswerCache]
    """Opens the cache of the answers of endpoints."""
    open_grader: OpenGrader

    @asynccontextmanager
    async def opened(self, usages: dict[str, Usage]) -> AsyncIterator[OpenModels]:
        """
        Open both for a block; an endpoint that is not known yet is probed.

        ``usages`` receives what each model uses, also if it cannot be opened.
        """
        spending = Spending(self.writer.budget)
        client = open_client(self.writer, spending)
        name = "writer and grader" if self.one_model else "writer"
        usages[name] = client.usage
        try:
            cache = self.open_cache()
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

    async def _grader(
        self,
        client: Client,
        cache: AnswerCache,
        spending: Spending,
        usages: dict[str, Usage],
    ) -> Grader:
        if self.endpoint is None:
            cache.close()
            return (await self.open_grader((), False)).grader
        asking = client if self.one_model else open_client(self.endpoint, spending)
        usages.setdefault("writer and grader" if self.one_model else "grader", asking.usage)
        return await open_grader(self.ruleset, self.endpoint, cache, client=asking)

    async def offline_grader(self) -> EndpointGrader | None:
        """Return the grader for an estimate, which makes no call; None if no endpoint grades."""
        return (await self.open_grader((), True)).endpoint if self.endpoint else None
