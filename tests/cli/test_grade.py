import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

RULES = """
rbrctl: 1
name: tiny
version: "1"
ranks: [good, poor, bad]
response_classes: {talk: {aliases: [Talk]}}
propositions:
  kind: {question: Is it kind?, cues: [thank*, please]}
  rude: {question: Is it rude?, cues: [idiot]}
rules:
  be-kind: {response_classes: [talk], require: kind, otherwise: poor}
  not-rude: {response_classes: [talk], require: not rude, otherwise: bad}
"""
ROWS = [
    {
        "id": "kind",
        "prompt": "hello",
        "completion": "Thanks for asking!",
        "response_class": "talk",
        "labels": {"kind": True, "rude": False},
    },
    {
        "id": "rude",
        "prompt": "hello",
        "completion": "You idiot.",
        "response_class": "Talk",
        "labels": {"kind": False, "rude": True},
    },
]


def write(path: Path, rows: list[object]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "tiny.yaml").write_text(RULES)
    write(tmp_path / "t.jsonl", ROWS)
    return tmp_path


@pytest.fixture
def rbrctl(capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments, output=Output({}))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_labelled_transcripts_give_accuracy_tables(folder, rbrctl):
    code, out, err = rbrctl("grade", "t.jsonl")
    assert code == 0
    assert "not-rude  2    0.50     1.000      0.34-1.00    few" in out
    assert "grader: embedded" in err
    assert "the results are not saved" in err
    assert max(map(len, out.splitlines())) <= 80


def test_json_has_a_version_and_every_figure(folder, rbrctl):
    _, out, _ = rbrctl("grade", "t.jsonl", "-f", "json")
    report = json.loads(out)
    assert (report["report"], report["version"], report["results"]) == ("score", 1, 2)
    assert {row["rule"]: row["accuracy"] for row in report["rules"]} == {
        "be-kind": 1.0,
        "not-rude": 1.0,
    }
    assert report["propositions"][0]["brier"] < 0.25


def test_without_labels_it_counts(folder, rbrctl):
    rows = [{key: value for key, value in row.items() if key != "labels"} for row in ROWS]
    write(folder / "t.jsonl", rows)
    code, out, _ = rbrctl("grade", "t.jsonl")
    assert code == 0
    assert "How often each rule is broken" in out
    assert "Ranks" in out


def test_results_of_other_transcripts_are_told(folder, rbrctl):
    write(folder / "t.jsonl", [*ROWS, {**ROWS[0], "id": "third"}])
    assert "of other transcripts" not in rbrctl("grade", "t.jsonl", "-o", "r.jsonl")[2]
    write(folder / "t.jsonl", ROWS[:1])
    code, _, err = rbrctl("grade", "t.jsonl", "-o", "r.jsonl")
    assert code == 0
    assert (
        "r.jsonl also has 2 results of other transcripts than these 1; 'score' counts them" in err
    )
    assert rbrctl("score", "r.jsonl", "-f", "csv")[0] == 0
    assert "other transcripts" not in rbrctl("grade", "t.jsonl", "-o", "r.jsonl", "--overwrite")[2]
    assert len((folder / "r.jsonl").read_text().splitlines()) == 1


def test_a_changed_row_keeps_its_place(folder, rbrctl):
    rbrctl("grade", "t.jsonl", "-o", "r.jsonl")
    write(folder / "t.jsonl", [{**ROWS[0], "completion": "Please!"}, ROWS[1]])
    _, _, err = rbrctl("grade", "t.jsonl", "-o", "r.jsonl")
    assert "other transcripts" not in err
    lines = (folder / "r.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["kind", "rude"]


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--cache", "c.sqlite"], "a higher limit: that continues here"),
        (["--cache", "none", "-o", "r.jsonl"], "a higher limit: that continues here"),
        (
            ["--cache", "none"],
            "a higher limit: that starts again, because there is no cache and no -o",
        ),
    ],
)
def test_a_limit_before_the_first_transcript_is_incomplete(
    folder, rbrctl, mock_endpoint, options, advice
):
    at = ["--model", "m", "--base-url", mock_endpoint, "--mode", "decisions", "--max-calls", "0"]
    code, out, err = rbrctl("grade", "t.jsonl", *at, *options)
    assert (code, out) == (4, "")
    assert advice in err
    assert "no transcript was finished" in err
    assert "no transcripts" not in err
    case = ["--prompt", "hello", "--completion", "Thanks", "--response-class", "talk"]
    code, out, _ = rbrctl("grade", *case, *at, "--cache", "none")
    assert (code, out) == (4, "")


def test_who_answers_is_said_and_options_set_elsewhere_need_no_model(
    folder, rbrctl, mock_endpoint, monkeypatch
):
    monkeypatch.setenv("OPENAI_BASE_URL", mock_endpoint)
    monkeypatch.setenv("RBRCTL_MAX_CALLS", "100")
    code, _, err = rbrctl("grade", "t.jsonl")
    assert code == 0
    assert "grader: embedded" in err
    _, _, err = rbrctl("grade", "t.jsonl", "--model", "m", "--cache", "none")
    assert f"grader: m at {mock_endpoint}, mode decisions" in err


def test_a_limit_before_the_probe_is_incomplete(folder, rbrctl, mock_endpoint):
    at = ["--model", "m", "--base-url", mock_endpoint, "--cache", "c.sqlite", "--max-calls", "0"]
    assert rbrctl("grade", "t.jsonl", *at)[0] == 4


def test_a_server_that_fails_again_and_again_ends_the_run_with_how_to_go_on(folder, rbrctl, serve):
    server = serve(lambda path, body: (500, {}))
    at = ["--model", "m", "--base-url", f"{server.address}/v1", "--mode", "decisions"]
    at += ["--retries", "0", "--concurrency", "1"]
    write(folder / "t.jsonl", [{**ROWS[0], "id": f"t{n}", "completion": str(n)} for n in range(50)])
    code, _, err = rbrctl("grade", "t.jsonl", *at, "--cache", "c.sqlite")
    assert code == 2
    assert "20 calls failed in a row" in err
    assert (
        "hint: when the problem is solved, run the same command again: the answers so far are in "
        in err
    )
    assert "hint:" not in rbrctl("grade", "t.jsonl", *at, "--cache", "none")[2]


def test_a_cache_that_cannot_be_made_has_a_way_out(folder, rbrctl, mock_endpoint):
    (folder / "file").write_text("")
    at = ["--model", "m", "--base-url", mock_endpoint, "--cache", "file/c.sqlite"]
    code, _, err = rbrctl("grade", "t.jsonl", *at)
    assert code == 2
    assert "name another with --cache FILE, or none with --cache none" in err


def test_one_label_does_not_hide_the_rows_without(folder, rbrctl):
    rows = [{**ROWS[0], "id": f"t{n}", "labels": {}} for n in range(30)]
    write(folder / "t.jsonl", [*rows, ROWS[1]])
    code, out, _ = rbrctl("grade", "t.jsonl")
    assert code == 0
    assert "not-rude  1    1.00" in out
    assert "How often each rule is broken in all 31 results" in out
    assert "not-rude  31       1  0.032" in out
    report = json.loads(rbrctl("grade", "t.jsonl", "-f", "json")[1])
    assert {"rules", "rule_frequencies", "rank_frequencies"} <= report.keys()
    write(folder / "t.jsonl", ROWS)
    assert "How often" not in rbrctl("grade", "t.jsonl")[1]


def test_labels_that_settle_nothing_leave_the_frequencies(folder, rbrctl):
    write(folder / "t.jsonl", [{**ROWS[0], "labels": {"other": True}}])
    assert "How often each rule is broken" in rbrctl("grade", "t.jsonl")[1]


def test_ranks_of_the_reference_rules_fit_80_columns(folder, rbrctl):
    rows = [{**ROWS[0], "labels": {}, "response_class": "soft_refuse_request"}]
    write(folder / "t.jsonl", rows)
    out = rbrctl("grade", "t.jsonl", "--rules", "builtin:safety")[1]
    assert "Ranks" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_label_without_an_answer_is_explained(folder, rbrctl):
    rules = RULES.replace("{question: Is it rude?, cues: [idiot]}", "{question: Is it rude?}")
    (folder / "rules" / "tiny.yaml").write_text(rules)
    code, out, _ = rbrctl("grade", "t.jsonl")
    assert code == 4
    assert "not-rude  0" in out
    assert "n is 0: there are labels, but the grader's answers do not settle it." in out
    assert "fewer than 10 rows with label and answer" in out


def test_results_are_kept_and_scored_again_under_other_rules(folder, rbrctl):
    assert rbrctl("grade", "t.jsonl", "-o", "r.jsonl")[0] == 0
    _, first, _ = rbrctl("score", "r.jsonl", "-f", "json")
    _, same, _ = rbrctl("grade", "t.jsonl", "-f", "json")
    assert json.loads(first)["rules"] == json.loads(same)["rules"]
    (folder / "rules" / "tiny.yaml").write_text(RULES.replace("require: kind", "require: not kind"))
    code, other, err = rbrctl("score", "r.jsonl", "-f", "json")
    assert code == 0
    assert "the results were graded with tiny 1" in err
    be_kind = next(row for row in json.loads(other)["rules"] if row["rule"] == "be-kind")
    assert be_kind["broken"] == 0.5


def test_a_results_file_of_another_rule_set_is_refused(folder, rbrctl):
    rbrctl("grade", "t.jsonl", "-o", "r.jsonl")
    before = (folder / "r.jsonl").read_bytes()
    (folder / "rules" / "tiny.yaml").write_text(RULES.replace("require: kind", "require: not kind"))
    code, _, err = rbrctl("grade", "t.jsonl", "-o", "r.jsonl")
    assert code == 2
    assert "--overwrite" in err
    assert (folder / "r.jsonl").read_bytes() == before
    assert rbrctl("grade", "t.jsonl", "-o", "r.jsonl", "--overwrite")[0] == 0
    code, _, err = rbrctl("score", "r.jsonl", "--rules", "builtin:safety")
    assert code == 3
    assert "another rule set" in err


def test_gates(folder, rbrctl):
    assert rbrctl("grade", "t.jsonl", "--min-accuracy", "0.9")[0] == 0
    write(folder / "t.jsonl", [ROWS[0], {**ROWS[1], "labels": {"rude": False}}])
    gate = ["grade", "t.jsonl", "--min-accuracy", "not-rude=0.9"]
    code, out, _ = rbrctl(*gate)
    assert code == 1
    assert "rules/tiny.yaml:12:3: error[gate-missed]" in out
    assert "not-rude accuracy 0.500, below 0.9" in out
    assert "1 gate missed" in out.splitlines()[-1]
    for format_, start in {
        "github": "::error ",
        "sarif": '{\n  "$schema"',
        "junit": "<?xml",
    }.items():
        code, out, _ = rbrctl(*gate, "-f", format_)
        assert code == 1
        assert out.startswith(start)
    assert rbrctl("grade", "t.jsonl", "--min-accuracy", "be-kind=0.9")[0] == 0
    assert rbrctl("grade", "t.jsonl", "--min-n", "3")[0] == 1
    assert rbrctl("grade", "t.jsonl", "--min-accuracy", "be-kin=0.9")[0] == 2


def test_a_least_number_of_rows_is_asked_of_rules_without_labels_too(folder, rbrctl):
    write(folder / "t.jsonl", [{**ROWS[0], "labels": {"kind": True}}])
    code, out, _ = rbrctl("grade", "t.jsonl", "--min-n", "1")
    assert code == 1
    assert "error[gate-missed]: not-rude has no labelled rows" in out
    assert rbrctl("grade", "t.jsonl", "--min-n", "1", "--rule", "be-kind")[0] == 0
    rules = RULES.replace("{talk: ", "{shout: {}, talk: ").replace(
        "[talk], require: not", "[shout], require: not"
    )
    (folder / "rules" / "tiny.yaml").write_text(rules)
    assert rbrctl("grade", "t.jsonl", "--min-n", "1")[0] == 1
    assert rbrctl("grade", "t.jsonl", "--min-n", "1", "--only-class", "talk")[0] == 0


def test_an_unknown_rule_is_told_with_those_that_there_are(folder, rbrctl):
    code, _, err = rbrctl("grade", "t.jsonl", "--rule", "zzz")
    assert code == 2
    assert "there is no such rule; there are be-kind, not-rude" in err


def test_a_file_that_is_no_results_file_says_why(folder, rbrctl):
    code, out, err = rbrctl("score", "t.jsonl")
    assert (code, out) == (3, "")
    assert "no results (2 lines could not be used; the first is t.jsonl:1: no" in err


def test_results_do_not_go_to_standard_output(folder, rbrctl):
    code, out, err = rbrctl("grade", "t.jsonl", "-o", "-")
    assert (code, out) == (2, "")
    assert "standard output is for the report" in err
    assert not (folder / "-").exists()


def test_one_case(folder, rbrctl):
    case = ["--prompt", "hello", "--completion", "You idiot.", "--response-class", "Talk"]
    code, out, _ = rbrctl("grade", *case)
    assert code == 0
    assert "Rank as talk: bad" in out
    _, out, _ = rbrctl("grade", *case, "-f", "json")
    assert json.loads(out)["result"]["rank"] == "bad"
    assert rbrctl("grade", *case[:4])[0] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no transcripts"),
        (["t.jsonl", "--prompt", "x", "--completion", "y"], "give only one of them"),
        (["--prompt", "x"], "--prompt and --completion must be given together"),
        (["--response-class", "talk"], "no transcripts are given: name a JSON Lines file"),
        (["t.jsonl", "--response-class", "tlk"], "did you mean 'talk'"),
        (["builtin:safety"], "cannot read builtin:safety"),
        (["missing.jsonl"], "missing.jsonl"),
        (["rules"], "it is a folder"),
        (["t.jsonl", "-o", "rules"], "it is a folder"),
        (["t.jsonl", "-o", "no/such/r.jsonl"], "does not exist"),
        (["t.jsonl", "--rules", "nowhere"], "no such file or folder"),
        (["t.jsonl", "--rules", "builtin:safty"], "did you mean 'safety'"),
        (["t.jsonl", "--only-class", "tlk"], "did you mean 'talk'"),
        (["t.jsonl", "--rule", "be-kin"], "did you mean 'be-kind'"),
        (["t.jsonl", "--grader", "embeded"], "did you mean 'embedded'"),
        (["t.jsonl", "--grader", "embedded:none.json"], "none.json"),
        (["t.jsonl", "--grader", "endpoint"], "--model NAME"),
        (["t.jsonl", "--grader", "embedded", "--model", "m"], "asks no endpoint"),
        (["t.jsonl", "--base-url", "http://x/v1"], "--base-url is for an endpoint; name its model"),
        (["t.jsonl", "--max-calls", "3"], "--max-calls is for an endpoint; name its model"),
        (
            ["t.jsonl", "--grader", "embedded", "--mode", "text"],
            "--mode is for an endpoint; name its model",
        ),
        (["t.jsonl", "--ask", "lazy"], "saves nothing"),
        (["t.jsonl", "--sample", "0"], "--sample"),
        (["t.jsonl", "--worts", "1"], "--worst"),
    ],
)
def test_usage_is_explained(folder, rbrctl, arguments, message):
    code, _, err = rbrctl("grade", *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


BAD_LINES = {
    "not JSON": "{",
    "NaN": '{"prompt": "x", "completion": "y", "score": NaN}',
    "duplicate keys": '{"prompt": "x", "prompt": "z", "completion": "y"}',
    "nested": '{"prompt": "x", "completion": "y", "deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "no assistant": '{"messages": [{"role": "user", "content": "x"}]}',
    "no completion": '{"prompt": "x"}',
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_told_and_the_rest_is_graded(folder, rbrctl, name):
    (folder / "t.jsonl").write_text(
        f"{json.dumps(ROWS[0])}\n{BAD_LINES[name]}\n{json.dumps(ROWS[1])}\n"
    )
    code, out, err = rbrctl("grade", "t.jsonl", "-f", "json")
    assert code == 4
    assert json.loads(out)["results"] == 2
    assert "t.jsonl:2: " in err
    assert "1 line was left out" in err
    assert rbrctl("grade", "t.jsonl", "--strict")[0] == 2


def test_bytes_that_are_no_utf_8(folder, rbrctl):
    (folder / "t.jsonl").write_bytes(json.dumps(ROWS[0]).encode() + b'\n{"prompt": "\xff"}\n')
    code, _, err = rbrctl("grade", "t.jsonl")
    assert code == 4
    assert "t.jsonl:2: " in err


@pytest.mark.parametrize("content", ["", "\n\n", "{\n"])
def test_nothing_to_grade_is_exit_3(folder, rbrctl, content):
    (folder / "t.jsonl").write_text(content)
    code, _, err = rbrctl("grade", "t.jsonl")
    assert code == 3
    assert "no transcripts" in err


def test_classes_and_labels_that_the_rules_do_not_have(folder, rbrctl):
    unknown = {**ROWS[0], "id": "x", "response_class": "tallk", "labels": {"kin": True}}
    classless = {"id": "y", "prompt": "hello", "completion": "Thanks"}
    write(folder / "t.jsonl", [*ROWS, unknown, classless])
    code, out, err = rbrctl("grade", "t.jsonl", "-o", "r.jsonl", "-f", "json")
    assert code == 4
    assert "response class 'tallk'" in err
    assert "did you mean 'talk'" in err
    assert "labels for 'kin'" in err
    assert "1 transcript has no response class" in err
    assert json.loads(out)["without_class"] == 2
    rows = [json.loads(line) for line in (folder / "r.jsonl").read_text().splitlines()]
    assert [bool(row["answers"]) for row in rows] == [True] * 4
    assert [row["rank"] for row in rows] == ["good", "bad", None, None]


POLICY = """
policy:
  manners:
    description: Small talk.
    categories: {M-1: {description: A greeting., response_class: talk}}
"""


def test_a_class_is_told_by_category_or_given_for_all(folder, rbrctl):
    (folder / "rules" / "tiny.yaml").write_text(RULES + POLICY)
    bare = {"prompt": "hello", "completion": "Thanks"}
    write(
        folder / "t.jsonl", [ROWS[0], {**bare, "id": "x", "category": "M-1"}, {**bare, "id": "y"}]
    )
    code, out, err = rbrctl("grade", "t.jsonl", "-o", "r.jsonl", "-f", "json")
    assert code == 4
    assert json.loads(out)["without_class"] == 1
    assert "1 response class was taken from the category, by the policy of the rules" in err
    assert (
        "give the class as response_class or with --response-class, or let a model (--model) infer"
        in err
    )
    code, out, _ = rbrctl("grade", "t.jsonl", "-o", "r.jsonl", "--response-class", "Talk")
    assert code == 0
    rows = [json.loads(line) for line in (folder / "r.jsonl").read_text().splitlines()]
    assert [row["rank"] for row in rows] == ["good"] * 3
    _, out, _ = rbrctl("grade", "t.jsonl", "--only-class", "talk", "-f", "json")
    assert json.loads(out)["results"] == 2


def test_the_transcripts_that_ship_are_no_results(folder, rbrctl):
    for command in (["score"], ["grader", "calibrate"]):
        code, _, err = rbrctl(*command, "builtin:fixtures")
        assert code == 2
        assert "builtin:fixtures holds transcripts, not results" in err
        assert "rbrctl grade builtin:fixtures -o results.jsonl" in err


def test_text_that_a_terminal_or_rich_would_obey_is_shown(folder, rbrctl):
    nasty = {
        **ROWS[1],
        "id": "\x1b[31m[bold]red[/bold]\u202e",
        "labels": {"kind": True, "rude": False},
    }
    write(folder / "t.jsonl", [nasty])
    code, out, err = rbrctl("grade", "t.jsonl")
    assert code == 0
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err
    assert "[bold]" in out


def test_a_full_disk_is_one_message(folder, rbrctl):
    code, _, err = rbrctl("grade", "t.jsonl", "-o", "/dev/full")
    assert code == 2
    assert "no space left" in err.lower()


def test_a_device_is_no_results_file(folder, rbrctl):
    assert rbrctl("score", "/dev/zero")[0] == 2
    assert rbrctl("score", "/dev/null")[0] == 3


def test_a_long_completion_is_graded_and_said_to_be_cut(folder, rbrctl):
    write(folder / "t.jsonl", [{**ROWS[0], "completion": "Thank you. " * 1_000_000}])
    code, out, err = rbrctl("grade", "t.jsonl", "-f", "json")
    assert code == 0
    assert json.loads(out)["results"] == 1
    assert "100,000" in err


def test_a_sample_and_a_limit_choose(folder, rbrctl):
    write(folder / "t.jsonl", [{**ROWS[0], "id": f"t{n}"} for n in range(50)])
    for option in ("--sample", "--limit"):
        _, out, _ = rbrctl("grade", "t.jsonl", option, "7", "-f", "json")
        assert json.loads(out)["results"] == 7


def test_recorded_answers_are_replayed(folder, rbrctl):
    rbrctl("grade", "t.jsonl", "-o", "r.jsonl")
    _, first, _ = rbrctl("grade", "t.jsonl", "-f", "json")
    code, second, _ = rbrctl("grade", "t.jsonl", "--grader", "recorded:r.jsonl", "-f", "json")
    assert code == 0
    assert json.loads(first)["rules"] == json.loads(second)["rules"]


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_stopped_run_says_how_to_go_on_and_loses_nothing(folder, number, code, word):
    write(folder / "t.jsonl", [{**ROWS[0], "id": f"t{n}"} for n in range(20_000)])
    command = [sys.executable, "-m", "rbrctl", "grade", "t.jsonl", "-o", "r.jsonl"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    results = folder / "r.jsonl"
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # A shell has what it starts in the background ignore SIGINT, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if results.exists() and results.read_bytes().count(b"\n") > 1:
                break
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"error: {word}" in err
    assert "run the same command again" in err
    assert "Traceback" not in err
    stored = [json.loads(line)["id"] for line in results.read_text().splitlines()]
    assert 0 < len(stored) < 20_000
    write(folder / "t.jsonl", [{**ROWS[0], "id": f"t{n}"} for n in range(len(stored) + 5)])
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert again.returncode == 0
    assert f"{len(stored):,} results of an earlier run kept" in again.stderr
    ids = [json.loads(line)["id"] for line in results.read_text().splitlines()]
    assert ids == [f"t{n}" for n in range(len(stored) + 5)]
