"""Certificates that are not the system's: which variables name them, and what a refusal says."""

import asyncio
import contextlib
import io
import json
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from servers.fault_endpoint import yes

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.cli.registry import ENTRIES

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a self-signed certificate, its key, and a copy for SSL_CERT_DIR."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("authority")
    key, certificate = folder / "key.pem", folder / "ca.pem"
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key)]
    openssl("req", *how, *names, "-out", str(certificate))
    (folder / "hashed").mkdir()
    digest = openssl("x509", "-hash", "-noout", "-in", str(certificate))
    shutil.copy(certificate, folder / "hashed" / f"{digest}.0")
    return folder


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@contextlib.asynccontextmanager
async def secure_server(authority: Path) -> AsyncIterator[int]:
    """Serve a judge that says yes over TLS, and yield its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r")[0]))
                body = json.dumps(yes()).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "ca.pem", authority / "key.pem")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def graded(authority: Path, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Grade one transcript over TLS: exit code and stderr."""
    row = {"id": "t", "prompt": "Hi", "completion": "No.", "response_class": "hard_refuse"}
    (folder / "t.jsonl").write_text(json.dumps(row) + "\n")

    async def work() -> int:
        async with secure_server(authority) as port:
            at = ["--model", "m", "--base-url", f"https://localhost:{port}/v1"]
            how = ["--mode", "logprobs", "--cache", "none", "--retries", "0", "-f", "json"]
            arguments = ["grade", str(folder / "t.jsonl"), *at, *how]
            return await asyncio.to_thread(run, arguments, ENTRIES, Output(environment))

    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        code = asyncio.run(work())
    return code, " ".join(err.getvalue().split())


@pytest.mark.parametrize("environment", [{}, {"OPENAI_API_KEY": "sk-secret-0123456789"}])
def test_an_untrusted_certificate_is_told_with_what_would_help(
    authority: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    code, err = graded(authority, tmp_path, environment)
    assert code == 2
    assert "certificate of localhost:" in err
    assert "SSL_CERT_FILE" in err
    assert err.count("error:") == 1
    assert "sk-secret" not in err


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("SSL_CERT_FILE", "ca.pem"),
        ("SSL_CERT_DIR", "hashed"),
        ("REQUESTS_CA_BUNDLE", "ca.pem"),
        ("REQUESTS_CA_BUNDLE", "hashed"),
        ("CURL_CA_BUNDLE", "ca.pem"),
    ],
)
def test_a_certificate_that_a_variable_names_is_trusted(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: str
) -> None:
    value = str(authority / place)
    monkeypatch.setenv(name, value)  # OpenSSL itself reads two of them.
    code, err = graded(authority, tmp_path, {name: value})
    assert code == 0, err


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_names_nothing_is_an_error(
    authority: Path, tmp_path: Path, name: str
) -> None:
    missing = str(tmp_path / "missing.pem")
    code, err = graded(authority, tmp_path, {name: missing})
    assert code == 2
    assert f"{name} names {missing}, which does not exist" in err


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_file_without_certificates_is_an_error(
    authority: Path, tmp_path: Path, name: str
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    code, err = graded(authority, tmp_path, {name: str(empty)})
    assert code == 2
    assert "no PEM certificates" in err


def test_the_variables_of_openssl_come_before_those_of_other_tools(
    authority: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other"]
    openssl("req", *how, "-keyout", str(tmp_path / "k.pem"), "-out", str(other))
    right = str(authority / "ca.pem")
    code, err = graded(
        authority, tmp_path, {"SSL_CERT_FILE": str(other), "REQUESTS_CA_BUNDLE": right}
    )
    assert code == 2
    assert "certificate of localhost:" in err
