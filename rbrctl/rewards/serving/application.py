"""The service's endpoints, as an ASGI application."""

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from rbrctl.errors import GraderError, RecordError, UsageError
from rbrctl.rewards.adapters.openrlhf import reply_to
from rbrctl.rewards.extras import require
from rbrctl.rewards.function import Reward
from rbrctl.rewards.jobs import JobMaker
from rbrctl.rewards.scorer import Scorer
from rbrctl.rewards.serving.batching import Batcher, OverloadedError
from rbrctl.rewards.serving.metrics import Metrics, metrics_text
from rbrctl.rewards.serving.requests import read_remote_request, read_reward_request
from rbrctl.rewards.serving.settings import Limits

REMOTE_PATHS = ("/", "/get_reward")
"""Where OpenRLHF's contract is answered."""

Answer = Callable[[bytes], Awaitable[dict[str, Any]]]


class RefusalError(Exception):
    """A request that is answered with an error status and a reason."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


class Service:
    """What the endpoints share."""

    def __init__(
        self, scorer: Scorer, make_job: JobMaker, limits: Limits, token: str | None = None
    ) -> None:
        """Take the parts; ``token`` is asked of every request but for health."""
        self.limits = limits
        self.metrics = Metrics()
        self.batcher = Batcher(scorer, limits.waiting)
        self._scorer = scorer
        self._make_job = make_job
        self._authorization = None if token is None else f"Bearer {token}".encode()

    async def reward(self, body: bytes) -> dict[str, Any]:
        """Answer ``/reward``."""
        request = read_reward_request(body, self._make_job, self.limits.completions)
        rewards = await self.batcher.score(request.jobs)
        totals = [None if each is None else each.total for each in rewards]
        reply: dict[str, Any] = {"reward": totals[0]} if request.single else {"rewards": totals}
        if request.details:
            parts = [_details(each) for each in rewards]
            reply["details"] = parts[0] if request.single else parts
        return reply

    async def remote(self, body: bytes) -> dict[str, Any]:
        """Answer OpenRLHF's contract, which knows no completion without a reward."""
        jobs = read_remote_request(body, self._make_job, self.limits.completions)
        return reply_to(await self.batcher.score(jobs))

    def metrics_page(self) -> str:
        """Write ``/metrics``."""
        counts = self._scorer.counts
        return metrics_text(
            self.metrics,
            {
                "rbrctl_reward_completions_total": (
                    "counter",
                    "Completions that were asked for.",
                    counts.scored,
                ),
                "rbrctl_reward_cached_total": (
                    "counter",
                    "Completions whose reward was remembered.",
                    counts.cached,
                ),
                "rbrctl_reward_ungraded_total": (
                    "counter",
                    "Completions that could not be graded.",
                    counts.ungraded,
                ),
                "rbrctl_reward_waiting": (
                    "gauge",
                    "Completions that wait to be graded.",
                    self.batcher.waiting,
                ),
            },
        )

    def check_token(self, given: str | None) -> None:
        """Raise RefusalError where the token is missing or wrong."""
        if self._authorization is None:
            return
        if not hmac.compare_digest((given or "").encode(), self._authorization):
            raise RefusalError(401, "send the server's token as 'Authorization: Bearer TOKEN'")

    async def body_of(self, request: Any) -> bytes:
        """Read a body within the limits of size and time. Raises RefusalError."""
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > self.limits.body_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > self.limits.body_bytes:
                        raise self._too_large()
                    chunks.append(chunk)
        except TimeoutError:
            raise RefusalError(408, "the body did not arrive in time") from None
        return b"".join(chunks)

    def _too_large(self) -> RefusalError:
        return RefusalError(413, f"a body may have {self.limits.body_bytes:,} bytes at most")

    async def answer(self, body: bytes, answer: Answer) -> dict[str, Any]:
        """Answer a body; what is wrong with it, or with us, becomes a RefusalError."""
        try:
            async with asyncio.timeout(self.limits.grading_seconds):
                return await answer(body)
        except RecordError as error:
            raise RefusalError(400, str(error)) from error
        except UsageError as error:
            raise RefusalError(422, str(error)) from error
        except OverloadedError:
            raise RefusalError(503, "too many completions are waiting: come again") from None
        except GraderError as error:
            raise RefusalError(503, str(error)) from error
        except TimeoutError:
            raise RefusalError(504, "the grader took too long") from None


def create_application(service: Service) -> Any:
    """Make the ASGI application. Raises MissingExtraError without starlette."""
    require("starlette", "serve", "the reward server")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    def endpoint(path: str, answer: Answer) -> Any:
        async def respond(request: Any) -> Any:
            start = time.perf_counter()
            status, headers = 200, {}
            try:
                service.check_token(request.headers.get("authorization"))
                reply = await service.answer(await service.body_of(request), answer)
            except RefusalError as error:
                status, reply = error.status, {"error": str(error)}
                if status == 503:
                    headers["retry-after"] = "1"
                if status in (408, 413):
                    headers["connection"] = "close"
            service.metrics.observe(path, status, time.perf_counter() - start)
            content = json.dumps(reply, ensure_ascii=False, allow_nan=False).encode()
            return Response(content, status, headers, "application/json")

        return Route(path, respond, methods=["POST"])

    async def health(request: Any) -> Any:
        return PlainTextResponse("ok\n")

    async def metrics(request: Any) -> Any:
        try:
            service.check_token(request.headers.get("authorization"))
        except RefusalError as error:
            return PlainTextResponse(f"{error}\n", error.status)
        return PlainTextResponse(service.metrics_page())

    async def elsewhere(request: Any, error: Any) -> Any:
        places = f"POST {', '.join(('/reward', *REMOTE_PATHS))}; GET /healthz, /metrics"
        reply = {
            "error": f"{request.method} {request.url.path} is nothing here; there are {places}"
        }
        return Response(json.dumps(reply), error.status_code, error.headers, "application/json")

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        await service.batcher.close()

    return Starlette(
        routes=[
            endpoint("/reward", service.reward),
            *(endpoint(path, service.remote) for path in REMOTE_PATHS),
            Route("/healthz", health, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
        ],
        exception_handlers={404: elsewhere, 405: elsewhere},
        lifespan=lifespan,
    )


def _details(reward: Reward | None) -> dict[str, Any] | None:
    if reward is None:
        return None
    return {
        "rules": reward.rules,
        "rm_score": reward.rm_score,
        "rank": reward.rank,
        "features": dict(reward.features),
    }
