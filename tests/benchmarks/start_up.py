"""
How long ``rbrctl --help`` takes beside a bare import of what every Typer application imports.

Run by hand: ``python tests/benchmarks/start_up.py [REPEATS]``. It prints the median of each and the
ratios to the first; times depend on the machine, the ratios hardly.
"""

import statistics
import subprocess
import sys
import time

PEER = """
import typer
application = typer.Typer()
@application.command()
def first(name: str = "x") -> None: ...
@application.command()
def second(name: str = "x") -> None: ...
application()
"""

COMMANDS = {
    "import typer, rich": ["-c", "import typer, rich"],
    "rbrctl --help": ["-m", "rbrctl", "--help"],
    "rbrctl schema --help": ["-m", "rbrctl", "schema", "--help"],
    "rbrctl --version": ["-m", "rbrctl", "--version"],
    "a Typer program's rich help": ["-c", PEER, "--help"],
    "a Typer program's command": ["-c", PEER, "first", "--name", "y"],
}


def seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main(repeats: int) -> None:
    samples: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for arguments in COMMANDS.values():
        seconds(arguments)
    for _ in range(repeats):
        for name, arguments in COMMANDS.items():
            samples[name].append(seconds(arguments))
    medians = {name: statistics.median(values) for name, values in samples.items()}
    base = medians["import typer, rich"]
    for name, median in medians.items():
        print(f"{name:<30} {median * 1000:6.0f} ms  {median / base:5.2f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
