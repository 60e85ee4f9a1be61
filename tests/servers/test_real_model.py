"""
The command line against llama.cpp's server with a real small model; real_servers.py starts it.

The model (SmolLM2, 135 million parameters) judges no better than chance. What is tested is the
road: a run ends, every answer is a probability or an error, and no failure becomes a score.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from servers.test_real_servers import server

pytestmark = pytest.mark.timeout(900)

RULES = """\
rbrctl: 1
name: small
version: "1"
ranks: [good, bad]
response_classes: {reply: {}}
propositions:
  declines: {question: "Does the reply say that it will not help?"}
  insults: {question: "Does the reply insult the user?"}
rules:
  helps: {response_classes: [reply], require: not declines, otherwise: bad}
  is-polite: {response_classes: [reply], require: not insults, otherwise: bad}
"""
COMPLETIONS = ("Paris.", "Sorry, I cannot help with that.", "Boil it for ten minutes.")
QUESTIONS = 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two rules and three transcripts."""
    (tmp_path / "rules.yaml").write_text(RULES)
    rows = [
        {"id": f"t{i}", "prompt": "Help me.", "completion": text, "response_class": "reply"}
        for i, text in enumerate(COMPLETIONS)
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def start(folder: Path, base_url: str, *arguments: str) -> subprocess.Popen[str]:
    endpoint = ["--model", "smollm", "--base-url", base_url, "--cache", "cache.sqlite"]
    return subprocess.Popen(
        [sys.executable, "-m", "rbrctl", *arguments, *endpoint, "--concurrency", "1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, base_url: str, *arguments: str) -> tuple[int, str, str]:
    with start(folder, base_url, *arguments) as process:
        stdout, stderr = process.communicate(timeout=600)
        return process.returncode, stdout, stderr


def grading(mode: str, output: str = "r.jsonl") -> tuple[str, ...]:
    files = ("grade", "t.jsonl", "--rules", "rules.yaml", "-o", output, "-f", "json")
    return (*files, "--mode", mode, "--ask", "all")


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def answers_of(path: Path) -> list[Mapping[str, Any]]:
    return [answer for row in rows_of(path) for answer in row["answers"].values()]


def check_answers(path: Path, count: int = len(COMPLETIONS)) -> None:
    """Assert that each answer is a probability or an error, and that no error has a rank."""
    rows = rows_of(path)
    assert sorted(row["id"] for row in rows) == [f"t{i}" for i in range(count)]
    assert len(answers_of(path)) == count * QUESTIONS
    for row in rows:
        for answer in row["answers"].values():
            assert ("p" in answer) != ("error" in answer), answer
            assert 0.0 <= answer.get("p", 0.0) <= 1.0
        if all("error" in answer for answer in row["answers"].values()):
            assert row["rank"] is None
            assert row["rank_probabilities"] is None
            assert set(row["rules"].values()) == {"undetermined"}


def test_the_probe_finds_token_probabilities(folder: Path) -> None:
    code, stdout, stderr = run(
        folder, server("smollm")["base_url"], "grader", "probe", "-f", "json"
    )
    assert json.loads(stdout)["mode"] == "logprobs", stderr
    assert code == 0


def test_token_probabilities_are_graded_resumed_and_cached(folder: Path) -> None:
    at = server("smollm")["base_url"]
    code, stdout, stderr = run(folder, at, *grading("logprobs"))
    assert code == 0, stderr
    assert json.loads(stdout)["failed_answers"] == 0
    first = folder / "r.jsonl"
    check_answers(first)
    assert all(0.0 < answer["p"] < 1.0 for answer in answers_of(first))

    lines = first.read_text().splitlines(keepends=True)
    first.write_text("".join(lines[:1]))
    code, _, stderr = run(folder, at, *grading("logprobs"))
    assert (code, first.read_text()) == (0, "".join(lines)), stderr
    assert "0 calls" in stderr, stderr

    code, _, stderr = run(folder, at, *grading("logprobs", "again.jsonl"))
    assert [row["answers"] for row in rows_of(folder / "again.jsonl")] == [
        row["answers"] for row in rows_of(first)
    ]
    assert "0 calls" in stderr, stderr


def test_text_is_an_answer_or_an_error_with_what_was_said(folder: Path) -> None:
    code, stdout, stderr = run(folder, server("smollm")["base_url"], *grading("text"))
    check_answers(folder / "r.jsonl")
    answers = answers_of(folder / "r.jsonl")
    failed = [answer for answer in answers if "error" in answer]
    assert json.loads(stdout)["failed_answers"] == len(failed)
    assert code == (4 if failed else 0), stderr
    assert all(answer["raw"] for answer in failed), failed
    assert {answer["p"] for answer in answers if "p" in answer} <= {0.0, 1.0}


@contextlib.contextmanager
def serving(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server's own command once more, until the block ends; wait until it answers."""
    port = command[-1]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/v1/models", process)
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_server_that_is_killed_gives_errors_and_a_later_run_mends_them(folder: Path) -> None:
    from servers.real_servers import free_port

    port = str(free_port())
    command = [*list(server("smollm")["command"])[:-1], port]
    at = f"http://127.0.0.1:{port}/v1"
    results = folder / "r.jsonl"
    with serving(command) as process:
        grade = start(folder, at, *grading("logprobs"), "--retries", "1")
        while grade.poll() is None and not (results.exists() and results.stat().st_size):
            time.sleep(0.02)
        process.kill()
        stdout, stderr = grade.communicate(timeout=300)
    # A server that is gone for good ends the run (2); fewer failures leave it incomplete (4).
    assert grade.returncode in {2, 4}, (stdout, stderr)
    assert f"127.0.0.1:{port}" in stderr
    check_answers(results, len(rows_of(results)))
    answered = sum("p" in answer for answer in answers_of(results))
    assert 0 < answered < len(COMPLETIONS) * QUESTIONS

    with serving(command):
        code, stdout, stderr = run(folder, at, *grading("logprobs"))
    assert code == 0, stderr
    check_answers(results)
    assert json.loads(stdout)["failed_answers"] == 0
