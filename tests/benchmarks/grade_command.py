"""
How fast ``rbrctl grade`` and ``rbrctl score`` are as processes, and that their memory is flat.

Run by hand from the repository's root: ``python tests/benchmarks/grade_command.py [ROWS ...]``
(default 1,000 and 100,000). It grades the transcripts that ship, over and over under new ids, into
a results file, scores that file, and prints transcripts a second and the peak memory of each.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures" / "transcripts.jsonl"


def write_transcripts(path: Path, rows: int) -> None:
    """Repeat the fixtures under ids of their own."""
    known = [json.loads(line) for line in FIXTURES.read_text(encoding="utf-8").splitlines()]
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(itertools.islice(itertools.cycle(known), rows)):
            file.write(json.dumps({**row, "id": f"t{number}"}) + "\n")


def measured(arguments: list[str]) -> tuple[float, float]:
    """Run the program; give its seconds and its peak memory in MB."""
    command = [sys.executable, "-m", "rbrctl", *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} ended with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main(sizes: list[int]) -> None:
    """Measure each number of rows."""
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            transcripts, results = Path(folder) / "t.jsonl", Path(folder) / "r.jsonl"
            write_transcripts(transcripts, rows)
            for name, arguments in {
                "grade": ["grade", str(transcripts), "-o", str(results)],
                "grade again": ["grade", str(transcripts), "-o", str(results)],
                "score": ["score", str(results)],
            }.items():
                seconds, peak = measured(arguments)
                print(f"{name:12} {rows:>9,} rows: {rows / seconds:8,.0f} a second, {peak:.0f} MB")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000, 100_000])
