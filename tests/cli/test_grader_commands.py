"""The commands around graders: probe, calibrate, and the cache of answers."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.json_server import JsonServer, Reply

from rbrctl.cli.endpoint import cache_path, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.cli.registry import ENTRIES
from rbrctl.errors import UsageError
from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.graders.calibration_file import read_calibration
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.results import result_to_json

SERVERS = Path(__file__).parent.parent / "servers"
Call = Callable[..., tuple[int, str, str]]
Serve = Callable[[Reply], JsonServer]


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Call:
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments, ENTRIES, Output({"XDG_CACHE_HOME": str(tmp_path / "cache")}))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return called


def test_a_probe_tells_what_it_found(call: Call, mock_endpoint: str) -> None:
    code, out, err = call("grader", "probe", "--model", "m", "--base-url", mock_endpoint)
    assert code == 0
    assert "decisions" in out
    assert "one call answers all questions" in out
    assert f"{mock_endpoint}, model m: mode decisions" in err


def test_a_model_that_says_neither_yes_nor_no_is_no(call: Call, serve: Serve) -> None:
    message = {"role": "assistant", "content": "The capital is a city."}
    server = serve(lambda path, body: (200, {"choices": [{"index": 0, "message": message}]}))
    at = ("--model", "m", "--base-url", f"{server.address}/v1", "--mode", "text")
    code, out, err = call("grader", "probe", *at)
    assert code == 1
    assert "text  no" in out
    assert "answers neither yes nor no; 'grade' would use mode text" in err
    code, _, err = call("grade", "builtin:fixtures", *at, "--limit", "1")
    assert code == 4
    assert f"warning: m at {server.address}/v1 answered neither of two easy questions" in err


def test_a_probe_writes_json(call: Call, mock_endpoint: str) -> None:
    options = ("--model", "m", "--base-url", mock_endpoint, "--mode", "logprobs", "-f", "json")
    code, out, _ = call("grader", "probe", *options)
    report = json.loads(out)
    assert code == 0
    assert report["mode"] == "logprobs"
    assert report["capabilities"]["top_logprobs"] == 20
    assert report["steps"][0]["works"] is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no model is named; name the model of the endpoint with --model NAME"),
        (("--model", "m"), "no endpoint is named; name it with --base-url URL or OPENAI_BASE_URL"),
        (("--model", "m", "--base-url", "nonsense"), "--base-url 'nonsense' is not a URL"),
        (
            ("--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--retries", "0"),
            "the endpoint cannot be reached",
        ),
    ],
)
def test_a_probe_that_cannot_be_made(call: Call, options: tuple[str, ...], message: str) -> None:
    code, out, err = call("grader", "probe", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") <= 2


def options(**values: object) -> EndpointOptions:
    return EndpointOptions(**{"model": "m", "base_url": "https://api.test/v1"} | values)  # type: ignore[arg-type]  # any field


def test_the_key_comes_from_the_environment_only() -> None:
    environment = {"OPENAI_API_KEY": "sk-1", "OTHER": "sk-2", "GATEWAY": "g-3"}
    output = Output(environment)
    assert settings_of(options(), output).request_headers()["Authorization"] == "Bearer sk-1"
    other = settings_of(options(api_key_env="OTHER", header=["api-key=GATEWAY"]), output)
    assert other.request_headers()["Authorization"] == "Bearer sk-2"
    assert other.request_headers()["api-key"] == "g-3"
    assert "sk-" not in repr(other)
    assert "Authorization" not in settings_of(options(), Output({})).request_headers()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"api_key_env": "NOPE"},
            "--api-key-env NOPE: this environment variable is not set or is empty",
        ),
        ({"header": ["x"]}, "--header: write NAME=VARIABLE"),
        ({"header": ["x=sk-secret"]}, "--header x: write NAME=VARIABLE"),
        ({"extra_body": "[1]"}, "--extra-body must be a JSON object"),
        ({"extra_body": "{"}, "--extra-body must be a JSON object"),
        ({"max_cost": 1.0}, "--max-cost needs a price"),
    ],
)
def test_options_that_cannot_be_meant(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of(options(**values), Output({}))
    assert message in str(caught.value)
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "proxy", "url", "expected"),
    [
        ({}, None, "https://api.test/v1", None),
        ({"HTTPS_PROXY": "http://p:1"}, None, "https://api.test/v1", "http://p:1"),
        ({"https_proxy": "http://p:1"}, "none", "https://api.test/v1", None),
        ({"HTTPS_PROXY": "http://p:1"}, None, "http://api.test/v1", None),
        ({"ALL_PROXY": "http://p:1"}, None, "http://api.test/v1", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "a.b, .test"}, None, "http://api.test/v1", None),
        ({"ALL_PROXY": "http://p:1", "no_proxy": "*"}, None, "http://api.test/v1", None),
        ({"ALL_PROXY": "http://p:1", "no_proxy": "pi.test"}, None, "http://api.test", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, None, "http://127.0.0.1:8000/v1", None),
        ({}, "http://q:2", "http://127.0.0.1:8000/v1", "http://q:2"),
    ],
)
def test_proxies_are_those_of_the_environment(
    environment: dict[str, str], proxy: str | None, url: str, expected: str | None
) -> None:
    chosen = settings_of(options(proxy=proxy, base_url=url), Output(environment))
    assert chosen.proxy == expected


def test_the_cache_is_in_the_users_cache_folder(tmp_path: Path) -> None:
    home = cache_path(None, {"XDG_CACHE_HOME": str(tmp_path)})
    assert home == tmp_path / "rbrctl" / "answers.sqlite"
    assert cache_path(None, {"XDG_CACHE_HOME": "relative"}).is_absolute()
    assert cache_path("x.sqlite", {}) == Path("x.sqlite")


def fill(path: Path) -> None:
    async def put() -> None:
        for index, model in enumerate("aab"):
            key = bytes([index]) * 20
            await cache.put({key: Answer(0.5, "text")}, Origin("http://x/v1", model, "text"))

    cache = AnswerCache(path)
    asyncio.run(put())
    cache.close()


def test_the_cache_is_shown_and_pruned(call: Call, tmp_path: Path) -> None:
    file = str(tmp_path / "c.sqlite")
    assert call("cache", "info", "--cache", file)[0] == 3
    fill(tmp_path / "c.sqlite")
    code, out, err = call("cache", "info", "--cache", file, "-f", "json")
    assert code == 0
    counts = [(row["model"], row["answers"]) for row in json.loads(out)["origins"]]
    assert counts == [("a", 2), ("b", 1)]
    assert "3 answers" in err
    assert call("cache", "prune", "--cache", file)[0] == 2
    assert call("cache", "prune", "--cache", file, "--all", "--model", "a")[0] == 2
    assert "0 answers deleted" in call("cache", "prune", "--cache", file, "--older-than", "1")[1]
    assert "2 answers deleted" in call("cache", "prune", "--cache", file, "--model", "a")[1]
    assert "1 answer deleted" in call("cache", "prune", "--cache", file, "--all")[1]
    assert call("cache", "prune", "--cache", str(tmp_path / "none"), "--all")[0] == 3


def labelled(path: Path, count: int = 200) -> str:
    grader = GraderIdentity("endpoint", "abc", "m", "logprobs")
    rules = RuleSetIdentity("small", "1", "x")
    lines = []
    for index in range(count):
        label = index % 3 == 0
        p = (0.99 if index % 9 else 0.2) if label else (0.03 if index % 5 else 0.9)
        answers = {"apology": Answer(p, "logprobs", "d"), "rare": Answer(0.2, "logprobs", "d")}
        labels = {"apology": label, "rare": index == 0}
        result = Result(f"t{index}", f"c{index}", f"p{index}", answers, grader, rules)
        row = result_to_json(result) | {"labels": labels}
        lines.append(json.dumps(row))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_calibrate_writes_what_it_reports(call: Call, tmp_path: Path) -> None:
    results = labelled(tmp_path / "r.jsonl")
    code, out, err = call("grader", "calibrate", results, "-o", str(tmp_path / "c.yaml"))
    assert code == 0
    assert "Calibration of each proposition" in out
    assert "Not calibrated, because they have too few labels: rare" in out
    assert "Reliability" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "the calibration was written to" in err
    calibration = read_calibration(tmp_path / "c.yaml")
    assert calibration.grader.digest == "abc"
    assert calibration.entries["apology", "logprobs"].map is not None
    report = json.loads(call("grader", "calibrate", results, "-f", "json")[1])
    rows = {row["proposition"]: row for row in report["propositions"]}
    assert rows["apology"]["brier_after"] < rows["apology"]["brier_before"]
    assert rows["rare"]["map"] == "none"


def test_calibrate_without_labels_or_with_bad_lines(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert call("grader", "calibrate", str(tmp_path / "empty.jsonl"))[0] == 3
    results = labelled(tmp_path / "r.jsonl")
    with open(results, "a") as file:
        file.write("{broken\n")
    code, _, err = call("grader", "calibrate", results)
    assert code == 4
    assert "left out" in err
