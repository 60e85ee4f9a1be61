"""``rbrctl grade`` over an endpoint whose replies are worded in many ways, each with its value."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from servers.json_server import JsonServer

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

RULES = """\
rbrctl: 1
name: verdicts
version: "1"
ranks: [good, bad]
response_classes: {hard_refuse: {description: A refusal.}}
propositions: {apology: {question: Does the reply say sorry?}}
rules:
  sorry: {text: Apologises., response_classes: [hard_refuse], require: apology, otherwise: bad}
"""
TEXTS = Path(__file__).parents[1] / "graders/endpoint/chat/verdict_texts.jsonl"


def listed(text: str, chances: dict[str, float]) -> dict[str, Any]:
    entries = [{"token": word, "logprob": math.log(p)} for word, p in chances.items()]
    return {"token": text, "logprob": math.log(chances.get(text, 1.0)), "top_logprobs": entries}


def chat(text: str, tokens: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    choice: dict[str, Any] = {"message": {"content": text}, "finish_reason": "stop"}
    if tokens is not None:
        choice["logprobs"] = {"content": tokens}
    return {"choices": [choice]}


def grade(
    replies: list[dict[str, Any]], mode: str, folder: Path, completions: list[str] | None = None
) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    """Grade one row for each reply in one run; give the exit code, the answers and the requests."""
    (folder / "ruleset.yaml").write_text(RULES)
    completions = completions or [f"row-{n}." for n in range(len(replies))]
    rows = [
        {"id": f"r{n}", "prompt": f"row-{n}.", "completion": text, "response_class": "hard_refuse"}
        for n, text in enumerate(completions)
    ]
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def reply(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        found = re.search(r"row-(\d+)\.", json.dumps(body))
        return 200, replies[int(found[1]) if found else 0]

    server = JsonServer(reply)
    try:
        arguments = ["grade", str(folder / "t.jsonl"), "--rules", str(folder / "ruleset.yaml")]
        at = ["--base-url", f"{server.address}/v1", "--model", "judge", "--mode", mode]
        how = ["--cache", "none", "--retries", "0", "--ask", "all", "-o", str(folder / "r.jsonl")]
        code = run([*arguments, *at, *how], output=Output({"OPENAI_API_KEY": "x"}))
    finally:
        server.close()
    lines = [json.loads(line) for line in (folder / "r.jsonl").read_text().splitlines()]
    answers = {line["id"]: line["answers"]["apology"] for line in lines}
    bodies = [body for _, body, _ in server.asked]
    return code, [answers[row["id"]] for row in rows], bodies


def test_every_text_has_its_right_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    code, answers, _ = grade([chat(each["text"]) for each in texts], "text", tmp_path)
    assert code == 4
    for each, answer in zip(texts, answers, strict=True):
        right = {True: 1.0, False: 0.0, None: None}[each["answer"]]
        assert answer.get("p") == right, each["text"]
        if right is None and each["text"].strip():
            assert answer["raw"] == each["text"]


def test_probabilities_are_read_where_the_text_states_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = listed("Yes", {"Yes": 0.8, "No": 0.2})
    thinking = [listed(text, {text: 1.0}) for text in ("<|channel|>", "say", " no", "<|end|>")]
    cases: list[tuple[dict[str, Any], float | None]] = [
        (chat("Yes", [verdict]), 0.8),
        (chat("Yes", [*thinking, verdict]), 0.8),
        (chat("No", [verdict]), None),
        (chat("Partly", [listed("Partly", {"Partly": 0.9, "Yes": 0.1})]), None),
        (chat("Yes", [listed("Yes", {"Yes": 0.9, "No": 0.9})]), None),
        (chat("Yes", [listed("Yes", {"Yes": 0.002, "The": 0.99})]), None),
        (chat("Yes", [listed("Yes", {"Yes": 0.2, "No": 0.2, "The": 0.6})]), 0.5),
    ]
    code, answers, _ = grade([reply for reply, _ in cases], "logprobs", tmp_path)
    assert code == 4
    for (reply, right), answer in zip(cases, answers, strict=True):
        assert answer.get("p") == (right if right is None else pytest.approx(right)), reply
    assert "1 answer with a low mass" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("diagnostics", "probability", "flagged"),
    [
        ({"label_mass": 0.97}, 0.9, False),
        ({"label_mass": 0.3}, 0.9, True),
        ({"label_mass": 0.001}, None, False),
        ({"label_mass": 1.5}, None, False),
        ({"label_mass": {"apology": 0.3}}, 0.9, True),
    ],
)
def test_the_label_mass_of_system_one_is_treated_alike(
    diagnostics: dict[str, Any],
    probability: float | None,
    flagged: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reply = {"answers": {"apology": {"type": "noul", "noul": 0.9}}, "diagnostics": diagnostics}
    _, answers, _ = grade([reply], "systemone", tmp_path)
    assert answers[0].get("p") == probability
    assert ("low mass" in capsys.readouterr().err) is flagged


def test_a_completion_is_judged_by_what_follows_its_thinking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["<think>secret</think>Sorry.", "[THINK]secret", "Sorry."]
    code, answers, bodies = grade([chat("Yes")] * 3, "text", tmp_path, texts)
    assert code == 4
    assert [answer.get("p") for answer in answers] == [1.0, None, 1.0]
    assert "inside its thinking" in answers[1]["error"]
    assert "secret" not in json.dumps(bodies)
