"""``rbrctl reward synth``: what it asks of whom, what it keeps, and what it refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers.json_server import JsonServer, Reply

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

Row = dict[str, Any]
Serve = Callable[[Reply], JsonServer]
Synth = Callable[..., tuple[int, str, str]]

RULES = """
rbrctl: 1
name: manners
version: 1.0.0
ranks: [good, poor, worst]
response_classes:
  hello: {aliases: [Hello]}
propositions:
  kind: {statement: It is kind., cues: [kindly]}
  rude: {statement: It is rude., cues: [rudely]}
  banned: {statement: It is banned., cues: [forbidden]}
rules:
  be-kind:
    {text: Be kind., response_classes: [hello], require: kind, otherwise: poor}
  not-rude:
    {text: Do not be rude., response_classes: [hello], require: not rude, otherwise: poor}
  not-banned:
    text: Nothing forbidden.
    response_classes: [hello]
    require: not banned
    otherwise: worst
    severity: critical
"""
WORDS = {"kind": "kindly", "rude": "rudely", "banned": "forbidden"}


def obedient(request: str) -> str:
    """Write just what is asked for."""
    if "The message to write" in request:
        return "kindly forbidden"
    _, _, broken = request.partition("clearly breaks")
    words = ["" if "Be kind." in broken else "kindly", "rudely" if "be rude." in broken else ""]
    return "well " + " ".join(words)


def writing(write: Callable[[str], str] = obedient) -> Reply:
    """Serve a writer, and a grader that finds each proposition's word in the last text."""

    def reply(path: str, body: Row) -> tuple[int, Row]:
        request = body["messages"][-1]["content"]
        if "Write the assistant's next message." in request:
            text = write(request)
        else:
            found = re.search("is (kind|rude|banned)", request)
            word = WORDS[found[1]] if found else "no word"
            text = "yes" if word in request else "no"
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000}
        return 200, {"id": "x", "model": body["model"], "choices": [choice], "usage": usage}

    return reply


def asked_to_write(server: JsonServer) -> list[Row]:
    return [body for _, body, _ in server.asked if "next message." in json.dumps(body)]


def rows_of(name: str) -> list[Row]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def synth(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
) -> Synth:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    Path("rules").mkdir()
    Path("rules/ruleset.yaml").write_text(RULES)
    rows = [{"id": f"p{n}", "prompt": f"Hi {n}", "response_class": "Hello"} for n in range(3)]
    Path("p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def call(server: JsonServer | str, *options: str) -> tuple[int, str, str]:
        address = server if isinstance(server, str) else f"{server.address}/v1"
        capsys.readouterr()
        command = ("reward", "synth", "p.jsonl", "-o", "out.jsonl", "--rules", "rules")
        code = run((*command, "--base-url", address, *options), output=Output(environment))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, " ".join(captured.err.split())

    return call


def test_it_writes_grades_and_goes_on(synth: Synth, serve: Serve) -> None:
    server = serve(writing())
    code, out, err = synth(server, "--model", "m", "--dry-run", "-f", "json")
    estimate = json.loads(out)
    assert (code, estimate["completions"], estimate["dry_run"]) == (0, 9, True)
    assert (estimate["one_try"]["writing_calls"], estimate["all_tries"]["writing_calls"]) == (9, 36)
    assert "9 completions to write" in err
    assert not server.asked
    assert not Path("out.jsonl").exists()
    code, out, _ = synth(
        *(server, "--model", "m", "--sft", "sft.jsonl", "--results", "r.jsonl", "-f", "json")
    )
    report = json.loads(out)
    assert code == 0
    assert [row["written"] for row in report["ranks"]] == [3, 6, 0]
    assert report["usage"]["writer"]["input_tokens"] >= 9000
    assert len(asked_to_write(server)) == 9
    roles = [[each["role"] for each in row["messages"]] for row in rows_of("sft.jsonl")]
    assert roles == [["user", "assistant"]] * 3
    results = rows_of("r.jsonl")
    assert {row["id"]: row["rank"] for row in results} == {
        row["id"]: row["completion_type"] for row in rows_of("out.jsonl")
    }

    lines = Path("out.jsonl").read_bytes().splitlines(keepends=True)
    Path("out.jsonl").write_bytes(b"".join(lines[:2]) + lines[2][:20])
    before = len(server.asked)
    Path("r.jsonl").unlink()
    code, out, err = synth(server, "--model", "m", "--results", "r.jsonl", "-f", "json")
    assert "2 are there already; 7 completions to write" in err
    assert Path("out.jsonl").read_bytes().splitlines(keepends=True)[:2] == lines[:2]
    assert len(asked_to_write(server)) == 9
    assert [row["written"] for row in json.loads(out)["ranks"]] == [3, 6, 0]
    assert len(rows_of("r.jsonl")) == 9
    assert len(server.asked) == before


def test_with_nothing_to_do_nobody_is_asked(synth: Synth, serve: Serve) -> None:
    assert synth(serve(writing()), "--model", "m")[0] == 0
    code, out, _ = synth("http://127.0.0.1:9/v1", "--model", "other", "-f", "json")
    assert (code, json.loads(out)["kept"]) == (0, 9)


def test_one_model_can_write_and_another_grade(
    synth: Synth, serve: Serve, environment: dict[str, str]
) -> None:
    environment["OPENAI_API_KEY"] = "sk-grader-0123456789"
    environment["WRITER_KEY"] = "sk-writer-0123456789"
    writer, grader = serve(writing()), serve(writing())
    named = ("--writer", "helpful", "--writer-url", f"{writer.address}/v1")
    own = ("--writer-key-env", "WRITER_KEY", "--writer-tokens", "77", "--writer-temperature", "0.3")
    code, out, err = synth(
        *(grader, "--model", "judge", *named, *own, "--writer-extra-body", '{"top_k": 5}'),
        *("-f", "json"),
    )
    assert code == 0, err
    assert not asked_to_write(grader)
    (body, *_) = written = asked_to_write(writer)
    assert len(written) == 9
    assert (body["model"], body["max_completion_tokens"]) == ("helpful", 77)
    assert (body["temperature"], body["top_k"]) == (0.3, 5)
    assert {key for _, _, key in writer.asked} == {"Bearer sk-writer-0123456789"}
    assert {key for _, _, key in grader.asked} == {"Bearer sk-grader-0123456789"}
    assert {body["model"] for _, body, _ in grader.asked} == {"judge"}
    assert set(json.loads(out)["usage"]) == {"writer", "grader"}
    assert "sk-" not in err + out


@pytest.mark.parametrize("named", [("--writer", "w"), ("--grader", "endpoint")])
def test_limits_hold_for_both_models_together_and_nothing_is_lost(
    synth: Synth, serve: Serve, named: tuple[str, ...]
) -> None:
    server = serve(writing())
    models = ("--model", "m", *named, "--concurrency", "2")
    total = 0
    for _ in range(9):
        code, out, err = synth(server, *models, "--max-calls", "12", "-f", "json")
        usage = json.loads(out)["usage"] if out else {}
        assert sum(each["calls"] for each in usage.values()) <= 12
        assert len(server.asked) - total <= 12
        total = len(server.asked)
        if code == 0:
            break
        assert code == 4, err
        assert "stopped after 12 calls" in err
        assert "--max-calls 12 may not be enough for one try of each" in err
    assert code == 0
    assert len(asked_to_write(server)) == 9
    code, out, _ = synth(server, *models, "--max-calls", "0", "-f", "json")
    assert (code, json.loads(out)["kept"]) == (0, 9)


def test_a_cost_is_held_with_the_prices_of_both(synth: Synth, serve: Serve) -> None:
    server = serve(writing())
    models = ("--model", "g", "--writer", "w", "--price-in", "1", "--concurrency", "1")
    code, _, err = synth(server, *models, "--max-cost", "0.01")
    assert code == 2
    assert "--max-cost needs the price of --writer too: give --writer-price-in" in err
    priced = ("--writer-price-out", "2")
    code, out, err = synth(server, *models, *priced, "--max-cost", "0.03", "-f", "json")
    usage = json.loads(out)["usage"]
    spent = sum(each["cost"] for each in usage.values())
    assert code == 4
    assert "stopped at a cost" in err
    # The first call of each model has no price yet that it could be held against.
    assert 0.02 < spent <= 0.033
    assert re.search(r"writer: .*; cost 0\.0", err)


def test_what_a_probe_uses_is_told_where_nothing_else_was_paid_for(
    synth: Synth, serve: Serve
) -> None:
    code, out, err = synth(serve(writing()), "--model", "m", "--max-calls", "1", "-f", "json")
    assert code == 4, err
    report = json.loads(out)
    assert (report["usage"]["writer"]["calls"], report["kept"]) == (1, 0)


def test_what_no_try_reached_is_not_paid_for_again(synth: Synth, serve: Serve) -> None:
    server = serve(writing(lambda request: "rudely"))
    plan = ("--model", "m", "--plan", "Hello=good:1", "--attempts", "2")
    code, out, err = synth(server, *plan, "-f", "json")
    failures = json.loads(out)["failures"]
    assert code == 4
    assert [each["tries"] for each in failures] == [2, 2, 2]
    assert "p0/good: not reached: graded poor, and good was asked for" in err
    assert len(asked_to_write(server)) == 6
    code, _, err = synth(server, *plan)
    assert code == 4
    assert "--retry-failed starts again" in err
    assert len(asked_to_write(server)) == 6
    assert synth(server, *plan, "--retry-failed")[0] == 4
    assert len(asked_to_write(server)) == 12


def test_a_critical_rule_is_broken_only_to_a_description_of_the_users(
    synth: Synth, serve: Serve
) -> None:
    server = serve(writing())
    code, _, err = synth(server, "--model", "m", "--plan", "hello=worst:1")
    assert code == 2
    assert "only critical rules lead to the rank worst" in err
    assert "--describe worst=TEXT" in err
    assert not server.asked
    plan = ("--model", "m", "--plan", "hello=worst:1,bad:2", "--describe", "worst=The forbidden.")
    assert synth(server, *plan)[0] == 0
    requests = [body["messages"][-1]["content"] for body in asked_to_write(server)]
    described = [each for each in requests if "The message to write: The forbidden." in each]
    assert (len(described), len(requests)) == (3, 9)
    assert not any("Nothing forbidden." in each.partition("clearly breaks")[2] for each in requests)
    rows = [row for row in rows_of("out.jsonl") if row["completion_type"] == "worst"]
    assert [row["broken"] for row in rows] == [["not-banned"]] * 3


def test_bad_lines_are_counted_and_told(synth: Synth, serve: Serve) -> None:
    with open("p.jsonl", "a") as stream:
        stream.write("{\n" * 12)
    code, out, err = synth(serve(writing()), "--model", "m", "--dry-run", "-f", "json")
    assert (code, json.loads(out)["bad_lines"]) == (4, 12)
    assert "12 lines were left out of the prompts" in err
    code, out, _ = synth(serve(writing()), "--model", "m", "-f", "json")
    assert (code, json.loads(out)["bad_lines"]) == (4, 12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--writer-url", "http://h/v1"), "--writer-url applies to a writer"),
        (("--writer-price-in", "1"), "--writer-price-in applies to a writer"),
        (("--writer", "w", "--writer-url", "h/v1"), "--writer-url 'h/v1' is not a URL"),
        (
            ("--writer", "w", "--writer-key-env", "NONE"),
            "--writer-key-env NONE: this environment variable",
        ),
        (("--writer", "w", "--writer-extra-body", "["), "--writer-extra-body must be a JSON"),
        (("--grader", "recorded:r.jsonl"), "no recorded answer is about a completion"),
        (("--plan", "hello=good:²"), "write CLASS=RANK:N"),
        (("--plan", "hello=good:1,good:2"), "good is given twice"),
        (("--plan", "hello=good:1", "--plan", "Hello=good:1"), "hello has a plan already"),
        (("--plan", "helo=good:1"), "did you mean 'hello'"),
        (("--describe", "worst"), "write RANK=TEXT"),
        (("--plan", "hello=good:1", "--describe", "worst=x"), "no completion of that rank"),
        (("--sft", "p.jsonl"), "--sft p.jsonl would overwrite the prompts"),
        (("--sft", "out.jsonl"), "--sft out.jsonl would overwrite -o"),
        (("--sft", "./out.jsonl.tries.jsonl"), "would overwrite -o's tries"),
        (("--results", "rules/../p.jsonl"), "would overwrite the prompts"),
        (("--results", "none/r.jsonl"), "the folder none does not exist"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_call(
    synth: Synth, serve: Serve, options: tuple[str, ...], message: str
) -> None:
    server = serve(writing())
    code, _, err = synth(server, "--model", "m", *options)
    assert (code, message in err) == (2, True), err
    assert not server.asked
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize("left_out", ["hello=none", "hello=good:0"])
def test_a_class_can_be_left_out(synth: Synth, serve: Serve, left_out: str) -> None:
    code, _, err = synth(serve(writing()), "--model", "m", "--plan", left_out)
    assert code == 3
    assert "the plan leaves out all of its classes" in err


def test_another_plan_begins_anew_only_where_that_is_said(synth: Synth, serve: Serve) -> None:
    server = serve(writing())
    assert synth(server, "--model", "m")[0] == 0
    other = ("--model", "m", "--describe", "worst=The forbidden.", "--describe", "good=A kind one.")
    code, _, err = synth(server, *other)
    assert code == 2
    assert "holds completions of another plan" in err
    synth(server, *other, "--overwrite", "--attempts", "1")
    assert len(asked_to_write(server)) == 9 + 12


def test_a_grader_that_fails_is_no_miss_of_the_writer(synth: Synth, serve: Serve) -> None:
    fine = writing()

    def failing(path: str, body: Row) -> tuple[int, Row]:
        if "is rude" in body["messages"][-1]["content"]:
            return 400, {"error": {"message": "the grader broke"}}
        return fine(path, body)

    writer = serve(writing())
    named = ("--model", "g", "--writer", "w", "--writer-url", f"{writer.address}/v1")
    plan = (*named, "--plan", "hello=good:1")
    code, _, err = synth(serve(failing), *plan)
    assert code == 4
    assert "p0/good: not reached: not graded: rude: " in err
    assert "the grader broke" in err
    assert len(asked_to_write(writer)) == 3
    assert synth(serve(fine), *plan)[0] == 0
    assert len(asked_to_write(writer)) == 3


def test_a_grader_that_knows_nothing_of_the_rules_is_refused(synth: Synth, serve: Serve) -> None:
    rules = Path("rules/ruleset.yaml")
    rules.write_text(rules.read_text().replace(", cues: [rudely]", ""))
    server = serve(writing())
    code, _, err = synth(server, "--model", "m")
    assert code == 2
    assert "hello: the grader knows nothing of rude" in err
    assert not asked_to_write(server)
