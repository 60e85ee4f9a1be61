"""``rbrctl grade`` and what servers send that is no answer: through the real command line."""

import asyncio
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from servers.fault_endpoint import Plan, Reply, Request, chat, json_reply, serving, token, yes

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.cli.registry import ENTRIES

ROW = {"id": "t", "prompt": "Hi", "completion": "No.", "response_class": "hard_refuse"}


def graded(
    folder: Path, plan: Plan, mode: str = "logprobs", row: dict[str, Any] = ROW, *more: str
) -> tuple[int, str, list[Any]]:
    """Grade one transcript against a plan: exit code, stderr, and the answers that were stored."""
    source, out = folder / "t.jsonl", folder / "out.jsonl"
    source.write_text(json.dumps(row) + "\n")
    options = ["--mode", mode, "--cache", "none", "--retries", "0", "-f", "json", "-o", str(out)]

    async def work() -> int:
        async with serving(plan) as endpoint:
            at = ["--model", "m", "--base-url", endpoint.base_url]
            arguments = [*more, "grade", str(source), *at, *options]
            return await asyncio.to_thread(run, arguments, ENTRIES, Output({}))

    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        code = asyncio.run(work())
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    return code, err.getvalue(), [each for row in rows for each in row["answers"].values()]


def choice(finish: Any = "stop", **parts: Any) -> Any:
    reply = yes()
    reply["choices"][0] |= {"finish_reason": finish, **parts}
    return reply


def message(**parts: Any) -> Any:
    reply = yes()
    reply["choices"][0]["message"] |= parts
    return reply


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (choice(error={"code": 502, "message": "Provider gone"}), "Provider gone"),
        (yes() | {"error": {"message": "upstream failed"}}, "upstream failed"),
        (yes() | {"error": ["bad", {"msg": "worse"}]}, "bad; worse"),
        (message(error="lost it"), "lost it"),
        (message(refusal="I will not."), "I will not."),
        (message(refusal={"reason": "no"}), "refused to answer"),
        (message(tool_calls=[{"id": "1", "type": "function"}]), "called a tool"),
        (choice("error"), "finish reason error"),
        (choice("content_filter"), "content filter withheld"),
        (choice("SAFETY"), "content filter withheld"),
        (choice("tool_calls"), "called a tool"),
        (choice("insufficient_system_resource"), "broke off"),
        (choice(7), "ended abnormally"),
        (chat("No, wait", [token("No", 0.9, {"No": 0.9, "Yes": 0.1})], "length"), "cut the reply"),
    ],
)
def test_an_abnormal_end_is_a_failed_call_in_the_servers_words(
    tmp_path: Path, reply: Any, words: str
) -> None:
    code, err, answers = graded(tmp_path, lambda request: json_reply(reply))
    assert code == 4, err
    assert answers
    assert all(words in answer["error"] and "p" not in answer for answer in answers)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "finish",
    [
        "eos",
        "eos_token",
        "end_turn",
        "stop_sequence",
        "STOP",
        "completed",
        None,
        "",
        "done",
        "FINISH_REASON_STOP",
        "endoftext",
        "null",
        "COMPLETE",
        {"type": "stop"},
    ],
)
def test_a_normal_end_by_another_name_is_one(tmp_path: Path, finish: Any) -> None:
    code, err, answers = graded(tmp_path, lambda request: json_reply(choice(finish)))
    assert code == 0, err
    assert all(answer["p"] == pytest.approx(0.8) for answer in answers)


def decided(item: str, more: str = "") -> Plan:
    """Answer the first question of a decisions call with given JSON, and the others with 0.9."""

    def plan(request: Request) -> Reply:
        names = [question["name"] for question in request.json["questions"]]
        good = '{"type":"predicate","name":"%s","probability":0.9}'
        each = [item.replace("NAME", names[0]), *(good % name for name in names[1:])]
        listed = ",".join([*each, *([more.replace("NAME", names[0])] if more else [])])
        return Reply(body=b'{"answers":[' + listed.encode() + b'],"usage":{}}')

    return plan


PREDICATE = '{"type":"predicate","name":"NAME","probability":%s}'


@pytest.mark.parametrize(
    ("item", "more"),
    [
        *(
            (PREDICATE % value, "")
            for value in (
                "NaN",
                "Infinity",
                "-Infinity",
                "1.5",
                "-0.1",
                "true",
                '"0.9"',
                "null",
                "[0.9]",
                "1" * 400,
                "-" + "9" * 5000,
                "1e999",
                '{"p":1}',
                '0.9,"probability":0.1',
                '0.9,"error":"failed"',
            )
        ),
        ('{"type":"error","name":"NAME","probability":0.0}', ""),
        ('{"type":"choice","name":"NAME","probability":0.9}', ""),
        ('{"type":"predicate","name":["NAME"],"probability":0.9}', ""),
        ('{"type":"predicate","name":7,"probability":0.9}', ""),
        (PREDICATE % "0.9", PREDICATE % "0.1"),
        (PREDICATE % "0.9", '{"type":"error","name":"NAME"}'),
        ("null", ""),
    ],
    ids=lambda value: value[:60],
)
def test_one_bad_item_fails_its_own_proposition_alone(tmp_path: Path, item: str, more: str) -> None:
    code, err, answers = graded(tmp_path, decided(item, more), "decisions")
    assert code == 4, err
    assert sum("error" in answer for answer in answers) == 1
    assert all(answer["p"] == 0.9 for answer in answers if "error" not in answer)


@pytest.mark.parametrize(
    "wait",
    [
        "1e400",
        "-5",
        "NaN",
        "9" * 400,
        "Mon, 01 Jan 9999 00:00:00 GMT",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "soon",
    ],
)
def test_no_wait_that_a_server_asks_for_ends_or_stalls_a_run(tmp_path: Path, wait: str) -> None:
    def plan(request: Request) -> Reply:
        if b"France" in request.body:
            return json_reply(yes())
        return Reply("503 Full", b"full", {"Retry-After": wait})

    code, err, answers = graded(tmp_path, plan)
    assert code == 4, err
    assert all("error" in answer for answer in answers)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 10**30},
        {"prompt_tokens": -5},
        "x",
        [1],
        {"prompt_tokens": {"n": 1}},
        {"prompt_tokens": "9" * 50},
    ],
)
def test_no_count_of_tokens_ends_a_run(tmp_path: Path, usage: Any) -> None:
    code, err, _ = graded(tmp_path, lambda request: json_reply(yes() | {"usage": usage}))
    assert code == 0, err


def test_a_server_that_truncates_is_told_of_once(tmp_path: Path) -> None:
    row = ROW | {"completion": "word " * 8000}
    plan: Plan = lambda request: json_reply(yes() | {"usage": {"prompt_tokens": 2048}})  # noqa: E731
    code, err, _ = graded(tmp_path, plan, row=row)
    assert code == 0, err
    assert err.count("it truncates long requests") == 1


def test_the_warnings_of_a_grader_are_shown_under_quiet_and_its_counts_are_not(
    tmp_path: Path,
) -> None:
    row = ROW | {"completion": "word " * 8000}
    usages = [{"prompt_tokens": 2048}, {"prompt_tokens": -3}]

    def plan(request: Request) -> Reply:
        return json_reply(yes() | {"usage": usages[request.number % 2]})

    code, err, _ = graded(tmp_path, plan, "logprobs", row, "--quiet")
    assert code == 0, err
    lines = err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("warning: ") for line in lines)
    assert "it truncates long requests" in lines[0]
    assert "numbers of tokens that cannot be true" in lines[1]


def test_fewer_alternatives_are_asked_for_in_the_servers_words(tmp_path: Path) -> None:
    asked: list[int] = []

    def plan(request: Request) -> Reply:
        count = request.json["top_logprobs"]
        asked.append(count)
        most = 10 if b"France" in request.body else 5
        says = {"detail": [{"msg": f"top_logprobs: max allowed: {most}"}]}
        return json_reply(says, status="400 Bad Request") if count > most else json_reply(yes())

    code, err, answers = graded(tmp_path, plan)
    assert code == 0, err
    assert set(asked) == {20, 10, 5}
    assert all(answer["source"] == "logprobs" for answer in answers)


def test_404_everywhere_points_at_the_address_once(tmp_path: Path) -> None:
    plan: Plan = lambda request: Reply("404 Not Found", b"<h1>Not Found</h1>")  # noqa: E731
    code, err, answers = graded(tmp_path, plan, "auto")
    assert (code, answers) == (2, [])
    assert "--base-url" in err
    assert "5 modes, each: status 404: Not Found" in err
    assert err.count("status 404") == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("400 X", b'{"error": "No connected db."}'),
        ("500 X", b"Invalid API key given"),
        ("403 X", b'["forbidden"]'),
    ],
)
def test_a_key_error_in_any_dialect_is_one(tmp_path: Path, status: str, body: bytes) -> None:
    code, err, _ = graded(tmp_path, lambda request: Reply(status, body))
    assert code == 2
    assert "does not take the key" in err


def test_what_failed_is_counted_by_kind(tmp_path: Path) -> None:
    def plan(request: Request) -> Reply:
        if b"France" in request.body:
            return json_reply(yes())
        return Reply("400 X", b"bad luck") if request.number % 2 else json_reply(choice("SAFETY"))

    code, err, _ = graded(tmp_path, plan)
    assert code == 4
    assert "times 'status 400'" in err
    assert "times 'the endpoint's content filter withheld the answer'" in err


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 4_000_000,
        b'{"a":' * 100_000,
        b'{"choices":' + b"[" * 900,
        b'{"x":"' + b"a" * 5_000_000 + b'"}',
        b"\xff\xfe",
        b"\x00",
    ],
)
def test_no_body_ends_a_run(tmp_path: Path, body: bytes) -> None:
    def plan(request: Request) -> Reply:
        return json_reply(yes()) if b"France" in request.body else Reply(body=body)

    code, err, answers = graded(tmp_path, plan)
    assert code == 4, err
    assert all("error" in answer for answer in answers)
