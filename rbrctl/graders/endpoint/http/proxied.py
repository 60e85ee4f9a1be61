"""A transport through a proxy; the only module that imports httpx."""

import asyncio
import ssl

import httpx

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.http.address import Address
from rbrctl.graders.endpoint.http.direct import request_headers
from rbrctl.graders.endpoint.http.parser import MAX_REPLY_BYTES, Response
from rbrctl.graders.endpoint.http.tls import trust, untrusted
from rbrctl.graders.endpoint.http.transport import TransportError
from rbrctl.scrubbing import without_credentials


class ProxiedTransport:
    """
    Sends requests through a proxy, with one httpx client for each request in flight.

    A shared client would become slower the more requests are in flight. httpx takes care of
    proxies, their authentication and CONNECT; it follows no redirects and reads no environment.
    """

    def __init__(
        self,
        address: Address,
        headers: dict[str, str],
        *,
        proxy: str,
        connect_timeout: float = 10.0,
        max_body: int = MAX_REPLY_BYTES,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Check the headers and the proxy's URL; nothing is connected yet. Raises UsageError."""
        request_headers(address, headers)
        self._address = address
        self._headers = headers
        self._connect_timeout = connect_timeout
        self._max_body = max_body
        self._tls = tls or trust()
        self._idle: list[httpx.AsyncClient] = []
        self._all: list[httpx.AsyncClient] = []
        try:
            self._proxy = httpx.Proxy(proxy)
        except (ValueError, httpx.InvalidURL):
            shown = without_credentials(proxy)[:80]
            raise UsageError(f"the proxy {shown!r} is not a URL like http://host:port") from None

    async def send(
        self, method: str, path: str, body: bytes, timeout: float, content_type: str
    ) -> Response:
        """Send a request to a path below the base address; see Transport."""
        client = self._idle.pop() if self._idle else self._new_client()
        url = f"{self._address.scheme}://{self._address.authority}{self._address.target(path)}"
        headers = {**self._headers, "Content-Type": content_type}
        try:
            async with asyncio.timeout(timeout):
                async with client.stream(method, url, content=body, headers=headers) as reply:
                    return await self._whole(reply)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise untrusted(self._address.authority, str(error)) from error
            raise TransportError(
                f"no connection through the proxy: {error}", connected=False
            ) from (error)
        except TimeoutError as error:
            raise TransportError(f"no whole reply within {timeout:g} s") from error
        except httpx.HTTPError as error:
            raise TransportError(f"{type(error).__name__}: {error}") from error
        finally:
            self._idle.append(client)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._all:
            await client.aclose()

    async def _whole(self, reply: httpx.Response) -> Response:
        parts: list[bytes] = []
        size = 0
        async for part in reply.aiter_bytes():
            size += len(part)
            if size > self._max_body:
                raise TransportError(
                    f"the server sent a reply of {size:,} bytes or more, where"
                    f" {self._max_body:,} are the most taken",
                    retryable=False,
                )
            parts.append(part)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Response(reply.status_code, headers, b"".join(parts))

    def _new_client(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            proxy=self._proxy,
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=self._connect_timeout),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        )
        self._all.append(client)
        return client
