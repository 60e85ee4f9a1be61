"""The settings of an endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.client import RetryPolicy
from rbrctl.graders.endpoint.http.parser import MAX_REPLY_BYTES
from rbrctl.graders.endpoint.http.secrets import Secret
from rbrctl.graders.endpoint.usage import Budget, Prices
from rbrctl.graders.modes import Mode
from rbrctl.scrubbing import credentials_in, credentials_in_header, without_credentials


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """
    Settings of an endpoint: URL, model, concurrency, retries and limits.

    The address, the key and the headers must come from options, the environment or the user's own
    configuration, never from a repository: whoever makes these settings is responsible for that.
    """

    base_url: str
    model: str
    key: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    """Further headers, such as ``api-key``."""
    proxy: str | None = None
    """``http://host:port`` of a proxy to go through; None for a direct connection."""
    mode: Mode = Mode.AUTO
    concurrency: int = 64
    """The largest number of calls in flight."""
    timeout: float = 120.0
    """Seconds to wait for one call before it counts as failed."""
    connect_timeout: float = 10.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    temperature: float | None = None
    """None means 0, and 1 in votes mode."""
    seed: int | None = None
    max_tokens: int | None = None
    """None means a few tokens, or no cap for a model that reasons before it answers."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of every chat request (``reasoning_effort``, ``chat_template_kwargs``)."""
    votes: int = 5
    """Samples for each answer in votes mode."""
    pack: int = 1
    """Propositions in one call in schema mode."""
    repeat: int = 1
    """How many times each question is asked."""
    layout: str = "auto"
    """``auto``, ``question-first`` or ``conversation-first``."""
    max_reply_bytes: int = MAX_REPLY_BYTES
    certificates: str | None = None
    """A file or folder of certificates to trust in place of the system's."""
    prices: Prices = field(default_factory=Prices)
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be meant."""
        if not self.model.strip():
            raise UsageError("an endpoint needs the name of a model (--model)")
        for name in ("concurrency", "votes", "pack", "repeat"):
            if not 1 <= getattr(self, name) <= 4096:
                raise UsageError(f"--{name} must be from 1 to 4096, not {getattr(self, name)}")
        for name, value in (
            ("--timeout", self.timeout),
            ("--rpm", self.requests_per_minute),
            ("--tpm", self.tokens_per_minute),
        ):
            if value is not None and not value > 0:
                raise UsageError(f"{name} must be more than 0, not {value:g}")
        if self.pack > 1 and self.mode is not Mode.SCHEMA:
            raise UsageError("several propositions a call (--pack) need --mode schema")
        if self.layout not in {"auto", "question-first", "conversation-first"}:
            raise UsageError(
                f"--layout is auto, question-first or conversation-first, not {self.layout!r}"
            )
        if self.budget.cost is not None and self.prices.cost(1, 1) is None:
            raise UsageError("--max-cost needs a price: give --price-in (and --price-out)")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every text that must not be shown: the key, headers, and passwords and keys in URLs."""
        in_urls = [*credentials_in(self.base_url), *credentials_in(self.proxy or "")]
        own = (*([self.key] if self.key else []), *self.headers.values())
        in_headers = [part for each in own for part in credentials_in_header(each.reveal())]
        return tuple(map(Secret, [*in_headers, *in_urls]))

    @property
    def where(self) -> str:
        """The endpoint's address as it may be shown and stored."""
        return without_credentials(self.base_url)

    def request_headers(self) -> dict[str, str]:
        """Return the headers of every request; the key is among them."""
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "rbrctl"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key.reveal()}"
        headers.update({name: secret.reveal() for name, secret in self.headers.items()})
        return headers
