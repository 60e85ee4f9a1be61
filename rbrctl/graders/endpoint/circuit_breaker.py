"""When going on is pointless: one clear error in place of ten thousand."""

from rbrctl.errors import GraderError
from rbrctl.graders.endpoint.failures import HOPELESS_KINDS, Failure, FailureKind

FAILURES_IN_A_ROW = 20
REFUSALS_IN_A_ROW = 100
"""Of requests that the server does not take, such as all those about one transcript that is too
long; once any call has succeeded they say nothing about the endpoint."""

ADVICE = {
    FailureKind.KEY: "the endpoint does not take the key; set the right one in OPENAI_API_KEY or"
    " name its variable with --api-key-env",
    FailureKind.QUOTA: "the account behind the key has no quota left",
    FailureKind.NOT_FOUND: "the endpoint does not know this path or model; look at --base-url"
    " (most end in /v1) and --model",
    FailureKind.REDIRECT: "the endpoint is elsewhere",
    FailureKind.CERTIFICATE: "the endpoint's certificate is not trusted; where an authority of your"
    " own has signed it, name the file of that one's certificate in SSL_CERT_FILE",
    FailureKind.UNREACHABLE: "the endpoint cannot be reached; look at --base-url and whether the"
    " server runs",
}


class CircuitBreaker:
    """
    Watches how calls end.

    A wrong key, an unknown model or a redirect is fatal at once while nothing has ever
    succeeded; an unreachable endpoint once a call has used up its tries and nothing else has
    succeeded meanwhile; anything after many failed calls in a row.
    """

    def __init__(self, where: str) -> None:
        """Watch the endpoint of that name (an address and a model)."""
        self._where = where
        self._last_success = -1.0
        self._failures_in_a_row = 0

    def succeeded(self, now: float) -> None:
        """Tell of a call that was answered, at that time of the loop's clock."""
        self._last_success = now
        self._failures_in_a_row = 0

    def failed(self, failure: Failure, started: float) -> GraderError | None:
        """Tell of a call, begun at that time, that failed for good; give the error to stop with."""
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
    Raise GraderError where a probe's failure means that no other request can fare better.

    An unknown path is none of these, and neither is a 403 that forbids token probabilities only.
    """
    fatal = failure.kind is FailureKind.UNREACHABLE or failure.kind in HOPELESS_KINDS
    if not fatal or failure.kind is FailureKind.NOT_FOUND or "logprobs" in failure.message:
        return
    raise GraderError(f"{where}: {ADVICE[failure.kind]} ({failure.message})")
