"""Stops a run when going on is pointless: one clear error in place of ten thousand."""

from rbrctl.errors import GraderError
from rbrctl.graders.endpoint.failures import HOPELESS_KINDS, Failure, FailureKind

FAILURES_IN_A_ROW = 20
"""After so many failed calls in a row the run is stopped."""
REFUSALS_IN_A_ROW = 100
"""
The same for requests that the server refuses as they are.

All questions about one long transcript may be refused, which says nothing about the others. Once
any call has succeeded, refusals stop nothing.
"""

ADVICE = {
    FailureKind.KEY: "the endpoint does not take the key; set the right one in OPENAI_API_KEY or"
    " name its variable with --api-key-env",
    FailureKind.QUOTA: "the account behind the key has no quota left",
    FailureKind.NOT_FOUND: "the endpoint does not know this path or model; look at --base-url"
    " (most end in /v1) and --model",
    FailureKind.REDIRECT: "the endpoint has another address",
    FailureKind.CERTIFICATE: "the endpoint's certificate is not trusted; where an authority of your"
    " own has signed it, name the file of that one's certificate in SSL_CERT_FILE",
    FailureKind.UNREACHABLE: "the endpoint cannot be reached; look at --base-url and whether the"
    " server runs",
}


class CircuitBreaker:
    """
    Watches how calls end, and decides when to stop for good.

    - A wrong key, an unknown model, a redirect or an untrusted certificate stops the run at once
      if no call has ever succeeded.
    - An unreachable endpoint stops it when a call has used up its retries and no other call has
      succeeded in the meantime.
    - Any failure stops it when many calls in a row have failed.
    """

    def __init__(self, where: str) -> None:
        """Watch one endpoint; ``where`` names its address and model in errors."""
        self._where = where
        self._last_success = -1.0
        self._failures_in_a_row = 0

    def succeeded(self, now: float) -> None:
        """Record an answered call; ``now`` is the time of the event loop's clock."""
        self._last_success = now
        self._failures_in_a_row = 0

    def failed(self, failure: Failure, started: float) -> GraderError | None:
        """Record a call that failed for good; return the error to stop with, if it is time to."""
        self._failures_in_a_row += 1
        never = self._last_success < 0
        quiet_since = self._last_success < started
        hopeless = failure.kind in HOPELESS_KINDS and never
        unreachable = failure.kind is FailureKind.UNREACHABLE and quiet_since
        refused = failure.kind is FailureKind.REQUEST
        most = REFUSALS_IN_A_ROW if refused else FAILURES_IN_A_ROW
        in_a_row = self._failures_in_a_row >= most and (never or not refused)
        if not (hopeless or unreachable or in_a_row):
            return None
        advice = ADVICE.get(failure.kind, f"{self._failures_in_a_row} calls failed in a row")
        return GraderError(f"{self._where}: {advice} ({failure.message})")


def raise_if_fatal(where: str, failure: Failure) -> None:
    """
    Raise GraderError if a probe's failure means that no other request can succeed either.

    An unknown path does not mean that, nor does a 403 that forbids token probabilities only.
    """
    fatal = failure.kind is FailureKind.UNREACHABLE or failure.kind in HOPELESS_KINDS
    if not fatal or failure.kind is FailureKind.NOT_FOUND or "logprobs" in failure.message:
        return
    raise GraderError(f"{where}: {ADVICE[failure.kind]} ({failure.message})")
