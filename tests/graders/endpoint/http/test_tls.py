"""TLS: an untrusted certificate is refused and named, a trusted one works."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from endpoint_helpers import KEY, make_grader

from rbrctl.errors import GraderError
from rbrctl.graders.endpoint.http.address import parse_address
from rbrctl.graders.endpoint.http.direct import DirectTransport
from rbrctl.graders.endpoint.http.transport import TransportError


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return certificate, key


async def secure_server(certificate: tuple[Path, Path]) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)


def test_an_untrusted_certificate_is_one_error(certificate: tuple[Path, Path]) -> None:
    async def run() -> None:
        server = await secure_server(certificate)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(GraderError, match=rf"certificate of localhost:{port} is not valid"):
            await make_grader(f"https://localhost:{port}/v1")
        server.close()

    asyncio.run(run())


def test_a_trusted_certificate_is_spoken_to(certificate: tuple[Path, Path]) -> None:
    async def run() -> None:
        server = await secure_server(certificate)
        address = parse_address(f"https://localhost:{server.sockets[0].getsockname()[1]}/v1")
        trust = ssl.create_default_context(cafile=str(certificate[0]))
        headers = {"Authorization": f"Bearer {KEY.reveal()}"}
        transport = DirectTransport(address, headers, tls=trust)
        response = await transport.send("GET", "/models", b"", 5.0, "application/json")
        assert (response.status, response.body) == (200, b"{}")
        await transport.close()
        server.close()

    asyncio.run(run())


def test_a_server_without_tls_is_named() -> None:
    async def run() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = DirectTransport(parse_address(f"https://127.0.0.1:{port}/v1"), {})
        with pytest.raises(TransportError, match=f"127.0.0.1:{port} does not speak TLS"):
            await transport.send("GET", "/models", b"", 5.0, "application/json")
        await transport.close()
        server.close()

    asyncio.run(run())
