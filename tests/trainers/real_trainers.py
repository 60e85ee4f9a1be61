"""
Install real trainers and evaluation tools, and run the adapters inside them, on a CPU.

``python tests/trainers/real_trainers.py [--folder FOLDER] [--install-only]``

Installs what requirements.txt names, OpenRLHF and this package into a virtual environment below
``--folder`` unless it is there (about two minutes, 2 GB), then runs test_trainers.py without a
network. The exit code is that of the tests, and 1 where one of them was skipped: here nothing may
be missing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
OPENRLHF = "openrlhf==0.11.2"
INSTALL_SECONDS = 1200.0
"""The most that one installation may take, in seconds."""


def install(folder: Path) -> Path:
    """Return the Python of the trainers' virtual environment; make it if it is not there."""
    home = folder / "environment"
    python = home / "bin" / "python"
    ready = home / ".installed"
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    started = time.monotonic()
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        for what in (
            ["-r", str(HERE / "requirements.txt")],
            ["--no-deps", "--no-build-isolation", OPENRLHF],
        ):
            subprocess.run([*pip, *what], check=True, timeout=INSTALL_SECONDS)
        ready.touch()
    ours = f"{PROJECT}[reward,serve,test]"
    subprocess.run([*pip, ours], check=True, timeout=INSTALL_SECONDS)
    print(f"trainers: ready after {time.monotonic() - started:.0f} s", flush=True)
    return python


def skipped(report: Path) -> list[str]:
    """Name the tests that a JUnit report says were skipped, with the reason."""
    cases = ElementTree.parse(report).getroot().iter("testcase")
    found = ((case.get("name", ""), case.find("skipped")) for case in cases)
    return [f"{name}: {why.get('message', '')}" for name, why in found if why is not None]


def main(folder: Path) -> int:
    """Install the trainers and run the tests; return their exit code."""
    python = install(folder)
    report = folder / "trainers.xml"
    # One at a time, and longer than other tests may take: each loads or trains a model.
    options = ["-p", "no:xdist", "--timeout", "900", "-m", "trainers", "-v"]
    tests = [str(python), "-m", "pytest", *options, f"--junit-xml={report}"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    code = subprocess.run(
        [*tests, str(HERE / "test_trainers.py")], cwd=PROJECT, env=environment, check=False
    ).returncode
    missing = skipped(report) if report.exists() else []
    for line in missing:
        print(f"skipped, where nothing may be: {line}", file=sys.stderr)
    return code or (1 if missing else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rbrctl-trainers"
    )
    parser.add_argument("--install-only", action="store_true", help="Install; run no test.")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.install_only:
        install(arguments.folder)
        raise SystemExit(0)
    raise SystemExit(main(arguments.folder))
