"""The address of an endpoint, parsed and checked."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from rbrctl.errors import UsageError
from rbrctl.scrubbing import without_credentials

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint's address, ``scheme://host:port/path?query``, without user name and password."""

    scheme: str
    host: str
    port: int
    path: str
    """The path without a slash at its end; empty for the root."""
    query: str = ""

    @property
    def secure(self) -> bool:
        """True for https."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def target(self, path: str) -> str:
        """Return the request target of a path below the base, such as ``/chat/completions``."""
        return f"{self.path}{path}" + (f"?{self.query}" if self.query else "")

    @property
    def url(self) -> str:
        """The whole URL; its parameters may hold keys, so it is for requests only."""
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.authority}{self.path}{query}"

    @property
    def local(self) -> bool:
        """True for loopback addresses, ``localhost`` and names below it."""
        host = self.host.lower().rstrip(".")
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        """Return the URL without keys, as people see it and digests use it."""
        return without_credentials(self.url)


def parse_address(url: str, option: str = "--base-url") -> Address:
    """
    Parse a base URL such as ``https://api.example.com/v1``; errors name the option it came from.

    Raises UsageError for anything but http and https, for credentials inside the URL, and for
    characters that do not belong into a URL.
    """
    shown = without_credentials(url)[:200]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # The reason would quote a part of the URL, which may hold a password.
        raise UsageError(f"{option} {shown!r} is not a URL: look at its host and port") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{option} holds a user name or password; keys are named by a variable")
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise UsageError(
            f"{option} {shown!r} is not a URL like https://host/v1 or http://localhost:8000/v1"
        )
    if any(ord(character) <= 0x20 or ord(character) > 0x7E for character in url):
        raise UsageError(f"{option} {shown!r} has characters that no URL has")
    return Address(
        scheme=parts.scheme,
        host=parts.hostname,
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        path=parts.path.rstrip("/"),
        query=parts.query,
    )
