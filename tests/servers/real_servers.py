"""
Install, start and test real servers on loopback.

``python tests/servers/real_servers.py [--folder FOLDER] [transformers] [llama] [litellm]``

``transformers`` is ``transformers serve`` (System One, and chat without token probabilities) on a
tiny random Llama that is made first; ``llama`` is llama.cpp's server through llama-cpp-python on
the same weights; ``litellm`` is the LiteLLM proxy in front of ``llama``. Without names all three
are run. Each is installed into a virtual environment below ``--folder`` unless it is there, which
takes two minutes for transformers and longer for the others (llama.cpp is compiled). The exit code
is that of the tests; servers that cannot be installed or do not start make it 1.
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
PACKAGES = {
    "transformers": ["torch==2.13.0", "transformers[serving]", "gguf"],
    "llama": ["llama-cpp-python[server]"],
    "litellm": ["litellm[proxy]"],
}
START_SECONDS = 180.0
MODEL_NAME = "tiny"
KEY = "sk-test-0123456789"
"""What the tests send as their key; LiteLLM asks for it."""


def install(name: str, folder: Path) -> Path:
    """Give the bin folder of a server's virtual environment, made if it is not there."""
    home = folder / name
    ready = home / ".installed"
    if not ready.exists():
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        packages = [str(home / "bin" / "pip"), "install", "--quiet", *PACKAGES[name]]
        subprocess.run(packages, check=True)
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
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
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


def started(names: Sequence[str], folder: Path, stack: contextlib.ExitStack) -> dict[str, object]:
    """Start the servers and give where each is and which model it serves."""
    environments = {name: install(name, folder) for name in names}
    maker = environments.get("transformers") or install("transformers", folder)
    models = folder / "models"
    models.mkdir(exist_ok=True)
    make = [str(maker / "python"), str(HERE / "tiny_model.py"), str(models)]
    subprocess.run(make, check=True, capture_output=True)
    found: dict[str, object] = {}
    llama_url = ""
    for name in names:
        port = free_port()
        url = f"http://127.0.0.1:{port}/v1"
        command = command_of(name, environments[name], port, models, folder, llama_url)
        model = str(models / "llama") if name == "transformers" else MODEL_NAME
        stack.enter_context(running(name, command, f"{url}/models", folder / f"{name}.log"))
        found[name] = {"base_url": url, "model": model}
        llama_url = url if name == "llama" else llama_url
    return found


def command_of(
    name: str, binaries: Path, port: int, models: Path, folder: Path, llama_url: str
) -> list[str]:
    """Give the command line that starts a server."""
    if name == "transformers":
        serve = [str(binaries / "transformers"), "serve", str(models / "llama")]
        place = ["--host", "127.0.0.1", "--port", str(port)]
        return [*serve, *place, "--device", "cpu", "--dtype", "float32"]
    if name == "llama":
        serve = [str(binaries / "python"), "-m", "llama_cpp.server"]
        model = ["--model", str(models / "llama.gguf"), "--model_alias", MODEL_NAME]
        place = ["--host", "127.0.0.1", "--port", str(port)]
        return [*serve, *model, *place, "--n_ctx", "16384", "--logits_all", "true"]
    configuration = folder / "litellm.json"
    served = {"model": f"openai/{MODEL_NAME}", "api_base": llama_url, "api_key": "none"}
    listed = [{"model_name": MODEL_NAME, "litellm_params": served}]
    settings = {"master_key": KEY}
    configuration.write_text(json.dumps({"model_list": listed, "general_settings": settings}))
    command = [str(binaries / "litellm"), "--config", str(configuration)]
    return [*command, "--host", "127.0.0.1", "--port", str(port)]


def main(names: Sequence[str], folder: Path) -> int:
    """Install, start, test; give the tests' exit code."""
    wanted = list(names)
    if "litellm" in wanted and "llama" not in wanted:
        wanted.append("llama")
    ordered = [name for name in PACKAGES if name in wanted]
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        found = started(ordered, folder, stack)
        tests = [sys.executable, "-m", "pytest", str(HERE / "test_real_servers.py"), "-rs", "-v"]
        environment = {**os.environ, "RBRCTL_SERVERS": json.dumps(found)}
        return subprocess.run(tests, env=environment, check=False).returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PACKAGES))
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rbrctl-servers"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(PACKAGES):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(PACKAGES)}")
    raise SystemExit(main(arguments.names or list(PACKAGES), arguments.folder))
