"""Makes calls to an endpoint: limits their rate, retries them within bounds, and counts them."""

import asyncio
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from rbrctl.errors import BudgetSpentError, GraderError
from rbrctl.graders.endpoint.circuit_breaker import CircuitBreaker
from rbrctl.graders.endpoint.failures import CallError, Failure, of_response, of_transport
from rbrctl.graders.endpoint.failures import FailureKind as Kind
from rbrctl.graders.endpoint.http.parser import Response
from rbrctl.graders.endpoint.http.rate_headers import exhausted_for, retry_after
from rbrctl.graders.endpoint.http.secrets import Secret, scrub
from rbrctl.graders.endpoint.http.transport import Transport, TransportError
from rbrctl.graders.endpoint.limiter import AdaptiveLimiter, RateLimiter
from rbrctl.graders.endpoint.usage import Budget, Spending, Usage

Body = Callable[[], bytes]
_FULL_STATUSES = frozenset({429, 503, 529})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a call is tried; all times are in seconds."""

    retries: int = 5
    """The largest number of tries after the first."""
    base: float = 0.5
    """The longest wait before the first retry; it doubles with each further one."""
    longest: float = 30.0
    """The longest wait that the client chooses by itself."""
    longest_asked: float = 120.0
    """The longest wait that a server may ask for; if it asks for more, the call fails."""
    rate_factor: int = 3
    """A full server (status 429) is tried this many times as often as a failing one."""


class Client:
    """
    Sends calls to one endpoint.

    A call raises CallError if only this call has failed. It raises GraderError if going on is
    pointless; every later call then raises the same error at once. BudgetSpentError is raised only
    after the calls in flight have ended, so that the answers that they cost are not lost.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        where: str,
        limiter: AdaptiveLimiter,
        usage: Usage,
        spending: Spending | None = None,
        policy: RetryPolicy | None = None,
        timeout: float = 120.0,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        secrets: Collection[Secret] = (),
    ) -> None:
        """
        Connect a transport with its limits; ``where`` names the endpoint in errors.

        ``spending`` may be shared with other clients, whose calls then count together.
        """
        self._transport = transport
        self._limiter = limiter
        self.usage = usage
        self._spending = spending or Spending(Budget())
        self._spending.join(usage, lambda: limiter.active)
        self._policy = policy or RetryPolicy()
        self._timeout = timeout
        self._requests = RateLimiter(requests_per_minute) if requests_per_minute else None
        self._tokens = RateLimiter(tokens_per_minute) if tokens_per_minute else None
        self._secrets = tuple(secrets)
        self._breaker = CircuitBreaker(where)
        self._stop: GraderError | None = None
        self._drained: asyncio.Event = asyncio.Event()

    async def call(
        self, path: str, body: Body, *, tokens: int = 0, method: str = "POST"
    ) -> dict[str, Any]:
        """
        Send a JSON body to a path below the base address and return the object that comes back.

        ``body`` is called once there is a place for the call, so that waiting calls need little
        memory. ``tokens`` is an estimate of the call's tokens, for the rate limit. Raises
        CallError or GraderError.
        """
        started = asyncio.get_running_loop().time()
        outcome = await self.attempt(path, body, tokens=tokens, method=method)
        if not isinstance(outcome, Failure):
            return outcome
        # The first reason to stop stays the one that every call reports.
        if self._stop is None:
            self._stop = self._breaker.failed(outcome, started)
        raise self._stop or CallError(outcome)

    async def attempt(
        self,
        path: str,
        body: Body,
        *,
        tokens: int = 0,
        method: str = "POST",
        retries: int | None = None,
    ) -> dict[str, Any] | Failure:
        """
        Send a call as ``call`` does, but return the last failure if all tries fail.

        A probe uses it, since it expects failures: they do not count towards stopping the run.
        ``retries`` limits the tries after the first more tightly than the policy does.
        """
        tries = 0
        while True:
            try:
                outcome = await self._try(method, path, body, tokens, tries > 0)
            except BudgetSpentError:
                await self._drain()
                raise
            if not isinstance(outcome, Failure):
                return outcome
            tries += 1
            spent = retries is not None and tries > retries
            if spent or not self._may_retry(outcome, tries):
                return self._final(outcome, tries)
            self.usage.retries += 1
            await asyncio.sleep(self._wait(outcome, tries))

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _try(
        self, method: str, path: str, body: Body, tokens: int, urgent: bool
    ) -> dict[str, Any] | Failure:
        sent = 0

        # The body is made late, inside _send; its size is needed to judge the reply's counts.
        def counted() -> bytes:
            nonlocal sent
            data = body()
            sent = len(data)
            return data

        response = await self._send(method, path, counted, tokens, urgent)
        if isinstance(response, Failure):
            return self._scrubbed(response)
        outcome = of_response(response)
        if isinstance(outcome, Failure):
            if outcome.usage is not None:
                self.usage.add_reply(outcome.usage, sent)
            return self._scrubbed(outcome)
        self._count(outcome, tokens, sent)
        return outcome

    async def _send(
        self, method: str, path: str, body: Body, tokens: int, urgent: bool
    ) -> Response | Failure:
        """
        Send once. A further try is urgent, so that a few calls find out that an endpoint is dead.

        After a reply, the call's place becomes free only two turns of the event loop later. By
        then the answer is on disk (AnswerCache writes at the next turn), so that killing the
        process can never cost more answers than there are places.
        """
        await self._limiter.acquire(urgent=urgent)
        loop = asyncio.get_running_loop()
        response: Response | None = None
        try:
            if self._requests is not None:
                await self._requests.take()
            if self._tokens is not None:
                await self._tokens.take(tokens)
            # Checked here and not earlier: waiting for a place may have taken minutes.
            self._check_stopped()
            self.usage.calls += 1
            sent_at = loop.time()
            try:
                response = await self._transport.send(
                    method, path, body(), self._timeout, "application/json"
                )
            except TransportError as error:
                return of_transport(error)
            self._heed(response, sent_at)
            return response
        finally:
            if response is None:
                self._give_back()
            else:
                loop.call_soon(loop.call_soon, self._give_back)

    def _give_back(self) -> None:
        self._limiter.release()
        if not self._limiter.active:
            self._drained.set()

    def _heed(self, response: Response, sent_at: float) -> None:
        """
        Lower the limits if the server says that it is full, before the place becomes free.

        A wait that is longer than the policy allows ends its own call and holds up no other.
        """
        if response.status in _FULL_STATUSES:
            asked = retry_after(response.headers) or 0.0
            pause = asked if asked <= self._policy.longest_asked else 0.0
            self._limiter.pushed_back(sent_at, pause)
        elif response.status == 200:
            self._limiter.succeeded()
        self._limiter.pause(exhausted_for(response.headers))

    def _count(self, reply: dict[str, Any], tokens: int, sent: int) -> None:
        before = self.usage.input_tokens + self.usage.output_tokens
        self.usage.add_reply(reply.get("usage"), sent)
        used = self.usage.input_tokens + self.usage.output_tokens - before
        if self._tokens is not None and used:
            # The rate limiter was told an estimate before the call.
            self._tokens.correct(used - tokens)
        self._breaker.succeeded(asyncio.get_running_loop().time())

    def _check_stopped(self) -> None:
        if self._stop is not None:
            raise self._stop
        try:
            self._spending.check()
        except BudgetSpentError as error:
            self._stop = error
            raise

    async def _drain(self) -> None:
        """Wait until no call is in flight."""
        while self._limiter.active:
            self._drained.clear()
            await self._drained.wait()

    def _may_retry(self, failure: Failure, tries: int) -> bool:
        if not failure.retryable:
            return False
        if failure.wait is not None and failure.wait > self._policy.longest_asked:
            return False
        factor = self._policy.rate_factor if failure.kind is Kind.RATE else 1
        return tries <= self._policy.retries * factor

    def _wait(self, failure: Failure, tries: int) -> float:
        """Return the seconds to wait: what the server asks, and a random part that grows."""
        # The exponent is bounded, since 2.0 ** 1024 would overflow.
        span = min(self._policy.base * 2.0 ** min(tries - 1, 16), self._policy.longest)
        if failure.wait is not None:
            return failure.wait + random.uniform(0.0, min(span, 1.0))
        return random.uniform(span / 10, span)

    def _final(self, failure: Failure, tries: int) -> Failure:
        message = failure.message
        if failure.wait is not None and failure.wait > self._policy.longest_asked:
            message += f"; it asks to wait {failure.wait:,.0f} s, longer than is waited for"
        if tries > 1:
            message += f" (after {tries} tries)"
        return replace(failure, message=message)

    def _scrubbed(self, failure: Failure) -> Failure:
        return replace(failure, message=scrub(failure.message, self._secrets))
