"""The whole job as one call of a library, against a server on loopback."""

import json
from pathlib import Path
from typing import Any

import pytest
from reward_helpers import WordGrader, with_policy
from servers.json_server import JsonServer
from synthesis_helpers import RULES

from rbrctl.errors import NothingMatchedError
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards import write_completions

PROMPT = {"id": "p", "prompt": "hello", "category": "greeting"}


def obedient(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Break the rules that are to be broken."""
    broken = body["messages"][-1]["content"].partition("clearly breaks")[2]
    words = [
        *(() if "be-kind" in broken else ("kind",)),
        *(("rude",) if "not-rude" in broken else ()),
    ]
    text = " ".join(words) or "plain"
    message = {"role": "assistant", "content": text}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def test_completions_are_written_in_a_few_lines_and_never_paid_for_twice(tmp_path: Path) -> None:
    prompts, out = tmp_path / "p.jsonl", tmp_path / "out.jsonl"
    prompts.write_text(json.dumps(PROMPT) + "\n")
    rules = with_policy(RULES)
    server = JsonServer(obedient)
    try:
        writer = EndpointSettings(f"{server.address}/v1", "m", mode=Mode.TEXT)
        written = write_completions(prompts, out, writer, rules, WordGrader())
        assert len(written.completions) == written.summary.wanted == 3
        assert written.summary.failed == []
        calls = len(server.asked)
        again = write_completions(prompts, out, writer, rules, WordGrader())
    finally:
        server.close()
    assert {each.extra["completion_type"] for each in written.completions} >= {"good"}
    assert [each.id for each in again.completions] == [each.id for each in written.completions]
    assert again.summary.tries == 0
    assert all("Write the assistant" not in str(body) for _, body, _ in server.asked[calls:])


def test_a_file_without_prompts_is_nothing_to_write(tmp_path: Path) -> None:
    prompts = tmp_path / "p.jsonl"
    prompts.write_text("torn\n")
    writer = EndpointSettings("http://127.0.0.1:9/v1", "m")
    problems = ProblemLog()
    with pytest.raises(NothingMatchedError, match="no prompts in it"):
        write_completions(prompts, tmp_path / "o.jsonl", writer, RULES, problems=problems)
    assert problems.count == 1
