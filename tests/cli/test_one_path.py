"""The same transcripts have the same classes and verdicts in every command that grades them."""

import json
from pathlib import Path
from typing import Any

import pytest

import rbrctl
from rbrctl.cli.main import run
from rbrctl.records.json_lines import write_json_lines
from rbrctl.rewards import RuleReward
from rbrctl.rewards.weights import read_weights

RULES = """
rbrctl: 1
name: small
version: "1"
ranks: [good, poor, bad]
response_classes: {talk: {aliases: [Talk]}, silence: {}}
policy:
  chat:
    description: Chat.
    categories:
      small: {description: Small talk., response_class: talk}
      quiet: {description: Quiet., response_class: silence}
propositions:
  kind: {question: Is it kind?, cues: [lovely]}
  rude: {question: Is it rude?, cues: [you fool]}
rules:
  be-kind: {response_classes: [talk], require: kind, otherwise: poor}
  not-rude: {response_classes: [talk, silence], require: not rude, otherwise: bad}
"""
TEXTS = ("lovely day", "you fool", "nothing", "lovely, you fool")
SPELLING = {"talk": "Talk", "silence": "silence"}
CATEGORY = {"talk": "small", "silence": "quiet"}


def class_of(prompt: int) -> str:
    return ("talk", "silence")[prompt % 2]


def rank_of(text: str, response_class: str) -> str:
    if "fool" in text:
        return "bad"
    return "good" if "lovely" in text or response_class == "silence" else "poor"


def row(kind: str, prompt: int, text: str) -> dict[str, Any]:
    name = class_of(prompt)
    labels = {"kind": "lovely" in text, "rude": "fool" in text}
    made = {"id": f"{prompt}-{text}", "prompt": f"question {prompt}", "completion": text}
    if kind == "given":
        return {**made, "labels": labels, "response_class": SPELLING[name]}
    if kind == "category" or prompt < 4:
        return {**made, "labels": labels, "category": CATEGORY[name]}
    return {**made, "labels": labels}


def expected(kind: str) -> dict[str, tuple[str | None, str | None]]:
    found: dict[str, tuple[str | None, str | None]] = {}
    for prompt in range(6):
        for text in TEXTS:
            name = class_of(prompt)
            absent = kind == "absent" and prompt >= 4
            verdict = (None, None) if absent else (name, rank_of(text, name))
            found[f"{prompt}-{text}"] = verdict
    return found


@pytest.fixture(params=["given", "category", "absent"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a folder with rules and transcripts whose classes are given, by category or absent."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    Path("rules/set.yaml").write_text(RULES)
    (tmp_path / "new").mkdir()
    Path("new/set.yaml").write_text(RULES.replace("require: not rude", "require: rude"))
    name = str(request.param)
    rows = [row(name, prompt, text) for prompt in range(6) for text in TEXTS]
    write_json_lines("rows.jsonl", rows)
    return name


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = run(arguments)
    return code, capsys.readouterr().out


def verdicts(path: str) -> dict[str, tuple[str | None, str | None]]:
    lines = map(json.loads, Path(path).read_text().splitlines())
    return {line["id"]: (line.get("response_class"), line.get("rank")) for line in lines}


def test_grade_and_the_library(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = call(capsys, "grade", "rows.jsonl", "--rules", "rules", "-o", "results.jsonl")
    assert code == (4 if kind == "absent" else 0)
    assert verdicts("results.jsonl") == expected(kind)
    results = rbrctl.grade("rows.jsonl", "rules")
    assert {each.id: (each.response_class, each.rank) for each in results} == expected(kind)


def test_diff_on_transcripts(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    known = {id: rank for id, (name, rank) in expected(kind).items() if name}
    for options in (["--grader", "embedded"], []):
        on = ("--on", "rows.jsonl", *options)
        code, out = call(capsys, "diff", "rules", "new", *on, "-f", "json")
        corpus = json.loads(out)["corpus"]
        assert (code, corpus["rows"]) == (0, len(known))
        left = [
            each["old_rank"] for each in corpus["transitions"] for _ in range(each["transcripts"])
        ]
        assert sorted(left) == sorted(known.values())


def test_reward_fit_and_evaluate(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules = ("--rules", "rules", "--pairs", "class", "--order", "rank", "-f", "json")
    call(capsys, "grade", "rows.jsonl", "--rules", "rules", "-o", "results.jsonl")
    fits = {
        source: call(capsys, "reward", "fit", source, *rules, "-o", "weights.yaml")
        for source in ("results.jsonl", "rows.jsonl")
    }
    assert fits["rows.jsonl"] == fits["results.jsonl"]
    assert fits["rows.jsonl"][0] == (4 if kind == "absent" else 0)
    judged = [
        call(capsys, "reward", "evaluate", source, *rules, "--weights", "weights.yaml")
        for source in ("results.jsonl", "rows.jsonl")
    ]
    assert judged[0] == judged[1]


def test_a_reward_in_a_trainer(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    fit = ("reward", "fit", "rows.jsonl", "--rules", "rules", "--pairs", "class")
    call(capsys, *fit, "-o", "weights.yaml")
    rows = [row(kind, prompt, text) for prompt in range(4) for text in TEXTS]
    with RuleReward.load("rules", weights=read_weights("weights.yaml")) as reward:
        jobs = [
            reward.job(
                each["prompt"],
                each["completion"],
                each.get("response_class"),
                category=each.get("category"),
            )
            for each in rows
        ]
        rewards = reward.rewards_now(jobs)
    found = {
        each["id"]: (job.response_class, scored.rank if scored else None)
        for each, job, scored in zip(rows, jobs, rewards, strict=True)
    }
    assert found == {id: value for id, value in expected(kind).items() if id[0] < "4"}


def test_batch_asks_what_the_class_needs(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("batch", "write", "rows.jsonl", "--rules", "rules", "--cache", "cache.sqlite")
    at = ("--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--mode", "logprobs")
    code, out = call(capsys, *names, *at, "-o", "batch")
    lines = sum(len(Path(name).read_text().splitlines()) for name in out.split())
    # Labelled propositions are asked as well, so every row is asked both here.
    assert (code, lines) == (0, 2 * 24)


def test_held_out_results(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules = ("--rules", "rules", "--folds", "2", "--held-out", "held.jsonl")
    code, _ = call(capsys, "grader", "train", "rows.jsonl", *rules)
    assert code == (4 if kind == "absent" else 0)
    classes = {id: name for id, (name, _) in verdicts("held.jsonl").items()}
    assert classes == {id: name for id, (name, _) in expected(kind).items()}


def test_score_says_that_answers_are_missing_under_new_rules(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, "grade", "rows.jsonl", "--rules", "rules", "-o", "results.jsonl")
    more = RULES.replace("  rude: {", "  calm: {question: Is it calm?}\n  rude: {").replace(
        "require: kind,", "require: kind and calm,"
    )
    Path("new/set.yaml").write_text(more)
    code = run(["score", "results.jsonl", "--rules", "new"])
    assert code == 4
    if kind != "absent":
        assert "because answers that the rules need are missing" in capsys.readouterr().err
