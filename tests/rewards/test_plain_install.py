"""What needs no numpy works without it, as after a plain install."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT_NUMPY = """
import sys

sys.modules["numpy"] = None
from rbrctl.cli.main import run

sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            (
                "reward",
                "export",
                "r.jsonl",
                "--transcripts",
                "t.jsonl",
                "--as",
                "unpaired",
                "-o",
                "-",
            ),
            0,
            "",
        ),
        (("reward", "fit", "r.jsonl"), 2, "pip install 'rbrctl[reward]'"),
        (("reward", "evaluate", "r.jsonl", "--weights", "w.yaml"), 2, "rbrctl[reward]"),
    ],
)
def test_without_numpy(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    rows = [
        {"prompt": "p", "completion": text, "response_class": "hard_refuse"}
        for text in ("I'm sorry, but I can't help with that.", "Sure! First, you take the lock")
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT_NUMPY, *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert call("grade", "t.jsonl", "-o", "r.jsonl").returncode == 0
    done = call(*arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
