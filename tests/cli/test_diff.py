import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from small_results import small_result

from rbrctl.authoring.starting import starter_files, write_new
from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.records.json_lines import write_json_lines
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import raise_problem
from rbrctl.records.results import result_to_json
from rbrctl.records.transcripts import read_transcripts

RULES = """\
rbrctl: 1
name: small
version: "1"
ranks: [good, poor, bad]
response_classes:
  c: {aliases: [See]}
propositions:
  a: {question: Is it a?}
  b: {question: Is it b?}
rules:
  no-a:
    response_classes: [c]
    require: not a
    otherwise: bad
    severity: critical
  no-b: {response_classes: [c], require: not b, otherwise: poor}
"""
LAXER = RULES.replace("require: not b,", "require: not (a and b),")

Diff = Callable[..., tuple[int, str, str]]


@pytest.fixture
def diff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Diff:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    write(tmp_path / "old", RULES)
    write(tmp_path / "new", LAXER)

    def run_diff(*arguments: str, **environment: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["diff", *arguments], output=Output(environment))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_diff


def write(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "ruleset.yaml").write_text(text)


def write_results(file: str, results: list[Result]) -> None:
    write_json_lines(file, (result_to_json(result) for result in results))


def git(*arguments: str) -> None:
    settings = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    subprocess.run(["git", *settings, *arguments], check=True, capture_output=True)


def test_two_folders_as_text(diff: Diff) -> None:
    code, out, err = diff("old", "new")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["old  old (small 1)", "new  new (small 1)"]
    assert out.splitlines()[-1] == "compared: the rules are laxer"
    # With b alone no-b was broken; with a and b the rank is bad on both sides.
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert "c laxer b poor good old: no-b" in rows
    assert "c laxer - 25.00 %" in rows
    assert "regression not judged there are no transcripts" in rows
    assert all(len(line) <= 80 for line in out.splitlines())


def test_the_gate_that_was_asked_for_closes(diff: Diff) -> None:
    code, out, _ = diff("old", "new", "--fail-on", "laxer")
    assert code == 1
    assert out.splitlines()[-1] == "blocked: the rules are laxer"
    assert diff("new", "old", "--fail-on", "laxer")[0] == 0
    assert diff("old", "new", "--fail-on", "changed,laxer")[0] == 1
    assert diff("old", "new", "--fail-on", "none")[0] == 0
    code, _, err = diff("old", "new", "--fail-on", "lax")
    assert (code, err) == (
        2,
        "error: --fail-on lax: there is no gate 'lax'; did you mean 'laxer'?\n",
    )


def test_nothing_that_differs(diff: Diff) -> None:
    code, out, _ = diff("old", "old", "--fail-on", "changed")
    assert code == 0
    assert out.splitlines()[-1] == "passed: no difference"
    report = json.loads(diff("old", "old", "-f", "json")[1])
    assert report["meaning"]["same"] is True


def test_json_has_a_version_and_the_whole_story(diff: Diff) -> None:
    write_results("r.jsonl", [small_result(0, {"a": False, "b": True}, {"a": False, "b": True})])
    code, out, _ = diff("old", "new", "--on", "r.jsonl", "--fail-on", "flips:0", "-f", "json")
    report = json.loads(out)
    assert code == 1
    assert (report["report"], report["version"], report["failed"]) == ("diff", 1, True)
    assert report["gates"] == [
        {
            "gate": "flips:0",
            "judged": True,
            "failed": True,
            "reasons": ["1 transcript changes rank, more than 0"],
        }
    ]
    (found,) = report["meaning"]["classes"]
    assert (found["relation"], found["stricter"]) == ("laxer", None)
    assert found["laxer"] == {
        "true": ["b"],
        "old_rank": "poor",
        "new_rank": "good",
        "old_broken": ["no-b"],
        "new_broken": [],
    }
    assert found["laxer_share"] == 0.25
    assert report["corpus"]["moves"] == [
        {
            "id": "r0",
            "response_class": "c",
            "old_rank": "poor",
            "new_rank": "good",
            "by": "no-b",
            "newly_broken": "",
            "no_longer_broken": "no-b",
        }
    ]
    assert {row["name"]: row["old_accuracy"] for row in report["accuracy"]} == {
        "no-a": 1.0,
        "no-b": 1.0,
        "rank: c": 1.0,
    }


def test_labelled_transcripts_stand_in_for_results(diff: Diff) -> None:
    row = {
        "prompt": "p",
        "completion": "q",
        "response_class": "See",
        "labels": {"a": False, "b": True},
    }
    write_json_lines("t.jsonl", [row])
    code, out, _ = diff("old", "new", "--on", "t.jsonl", "-f", "json")
    report = json.loads(out)
    assert code == 0
    assert report["corpus"]["moved"] == 1
    assert report["accuracy"] == []


def test_a_regression_blocks_without_being_asked(diff: Diff) -> None:
    labels = {"a": True, "b": False}
    write_results("a.jsonl", [small_result(i, labels, labels) for i in range(40)])
    worse = [small_result(i, {"a": i > 20, "b": False}, labels) for i in range(40)]
    write_results("b.jsonl", worse)
    code, out, err = diff("a.jsonl", "b.jsonl", "--rules", "old")
    assert (code, err) == (1, "")
    assert "no-a: accuracy fell from 1.000 to 0.475" in " ".join(out.split())
    assert "critical" in out
    code, out, _ = diff("b.jsonl", "a.jsonl", "--rules", "old")
    assert code == 0


def test_bless_replaces_the_baseline_and_keeps_the_verdict(diff: Diff) -> None:
    labels = {"a": True, "b": False}
    write_results("base.jsonl", [small_result(0, labels, labels)])
    write_results("new.jsonl", [small_result(0, {"a": False, "b": False}, labels)])
    code, _, err = diff("base.jsonl", "new.jsonl", "--rules", "old", "--bless")
    assert (code, err) == (1, "base.jsonl is now new.jsonl\n")
    assert Path("base.jsonl").read_bytes() == Path("new.jsonl").read_bytes()
    assert diff("base.jsonl", "new.jsonl", "--rules", "old")[0] == 0


def test_one_side_is_compared_with_what_it_grew_from(diff: Diff) -> None:
    write(Path("rules"), RULES)
    git("init", "-q", "-b", "main")
    git("add", "rules")
    git("commit", "-q", "-m", "one")
    code, _, err = diff()
    assert code == 3
    assert "there is nothing to compare: rules is just as in git:HEAD:rules" in err
    write(Path("rules"), LAXER)
    code, out, _ = diff("--fail-on", "laxer")
    assert code == 1
    assert out.startswith("old  git:HEAD:rules (small 1)\nnew  rules (small 1)\n")
    assert diff("rules/ruleset.yaml")[1].splitlines()[0] == "old  git:HEAD:rules (small 1)"
    git("checkout", "-q", "-b", "change")
    git("commit", "-q", "-a", "-m", "two")
    assert diff()[0] == 3
    code, out, _ = diff("--base", "main", "--fail-on", "laxer")
    assert code == 1
    assert out.startswith("old  git:main...:rules (small 1)\n")
    assert diff("--fail-on", "laxer", GITHUB_BASE_REF="main")[0] == 1
    code, _, err = diff(GITHUB_BASE_REF="elsewhere")
    assert code == 2
    assert "no revision 'origin/elsewhere' (the target branch, from GITHUB_BASE_REF)" in err
    code, _, err = diff("old", "--base", "main")
    assert (code, err) == (
        3,
        "error: there is nothing to compare with: the merge base with main has no old yet\n",
    )
    code, _, err = diff("--base", "nowhere")
    assert (code, err) == (2, "error: there is no revision 'nowhere'\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["old", "missing"], 2, "missing: no such file or folder"),
        (["builtin:safety"], 2, "alone has nothing to be compared with"),
        (["old", "new", "--base", "main"], 2, "--base is for one side"),
        (["old", "r.jsonl"], 2, "are a rule set and results"),
        (["r.jsonl"], 2, "results are compared with results"),
        (["old", "new", "--on", "nowhere.jsonl"], 2, "cannot read nowhere.jsonl"),
        (["old", "new", "--fail-on", "flips:1"], 2, "give --on RESULTS"),
        (["old", "new", "--bless"], 2, "must be results"),
        (["old", "new", "--rules", "old"], 2, "--rules is for two results"),
        (["r.jsonl", "other.jsonl", "--rules", "old"], 3, "no transcript in common"),
        (["old", "new", "--on", "strange.jsonl"], 3, "that both sides know (there: zzz)"),
        (["old", "new", "--on", "empty.jsonl"], 3, "both sides know (there: none)"),
        (["old", "broken"], 2, "the new side, broken, is not a sound rule set"),
        (["broken", "new"], 2, "the old side, broken, is not a sound rule set"),
    ],
)
def test_bad_input_is_one_message_and_a_code(
    diff: Diff, arguments: list[str], code: int, message: str
) -> None:
    write(
        Path("broken"), RULES.replace("not a", "not z").replace("otherwise: poor", "otherwise: x")
    )
    write_results("r.jsonl", [small_result(0, {"a": True})])
    write_results("other.jsonl", [small_result(1, {"a": True})])
    write_results("strange.jsonl", [small_result(1, {"a": True}, response_class="zzz")])
    Path("empty.jsonl").write_text("")
    found, out, err = diff(*arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert err.startswith("error: ")


def test_all_errors_of_the_unsound_side_are_named(diff: Diff) -> None:
    write(
        Path("broken"), RULES.replace("not a", "not z").replace("otherwise: poor", "otherwise: x")
    )
    err = diff("broken", "new")[2]
    assert "broken/ruleset.yaml:13:18: there is no proposition or definition 'z'" in err
    assert "there is no rank 'x'" in err


def test_bad_lines_are_counted_and_make_it_incomplete(diff: Diff) -> None:
    write_results("r.jsonl", [small_result(0, {"a": False, "b": False})])
    with open("r.jsonl", "a") as file:
        file.write("{\n")
    code, out, err = diff("old", "new", "--on", "r.jsonl")
    assert code == 4
    assert "warning: r.jsonl:2: not JSON" in err
    assert "1 line could not be used." in out
    code, _, err = diff("old", "new", "--on", "r.jsonl", "--strict")
    assert code == 2
    assert err.startswith("error: r.jsonl:2: not JSON")


def test_github_gets_annotations_and_a_step_summary(diff: Diff, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    code, out, _ = diff(
        "old",
        "new",
        "--fail-on",
        "laxer",
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == (
        "::error file=new/ruleset.yaml,line=6,endLine=6,col=3,endColumn=4,"
        "title=diff-blocked::laxer: c is laxer"
    )
    assert any(
        "line=16" in line and line.endswith("title=diff-rule::no-b is laxer") for line in lines
    )
    assert summary.read_text().startswith("### ❌ rbrctl diff blocked: the rules are laxer\n")


def test_sarif_and_junit(diff: Diff) -> None:
    code, out, _ = diff("old", "new", "--fail-on", "laxer", "-f", "sarif")
    log = json.loads(out)
    assert code == 1
    assert [each["ruleId"] for each in log["runs"][0]["results"]] == [
        "diff-blocked",
        "diff-laxer",
        "diff-rule",
    ]
    assert log["runs"][0]["results"][0]["level"] == "error"
    for rule in log["runs"][0]["tool"]["driver"]["rules"]:
        assert run(["explain", rule["id"]], output=Output({})) == 0
    out = diff("old", "new", "--fail-on", "laxer,changed", "-f", "junit")[1]
    assert '<testcase classname="rbrctl diff" name="laxer"' in out
    assert out.count("<failure") == 2


def test_a_comment_stays_within_githubs_size(diff: Diff) -> None:
    write_results(
        "r.jsonl",
        [small_result("x" * 200 + str(i), {"a": False, "b": True}) for i in range(3000)],
    )
    code, out, _ = diff("old", "new", "--on", "r.jsonl", "-f", "markdown", "--fail-on", "flips:5")
    assert code == 1
    assert len(out) < 65_536
    assert out.startswith(
        "### ❌ rbrctl diff blocked: the rules are laxer, 3,000 of 3,000 transcripts"
    )
    assert "<summary>Transcripts (50)</summary>" in out


def test_names_from_files_are_inert_in_a_comment(diff: Diff) -> None:
    write_results("r.jsonl", [small_result("<b>@someone</b> ![x](y) |", {"a": False, "b": True})])
    out = diff("old", "new", "--on", "r.jsonl", "-f", "markdown")[1]
    assert "<b>" not in out.replace("`r<b>", "")
    assert "| `r<b>@someone</b> ![x](y) \\|` |" in out


def test_the_help_names_every_gate(diff: Diff) -> None:
    code, out, _ = diff("--help")
    words = " ".join(out.replace("│", " ").split())
    assert code == 0
    assert "none, changed, laxer, regression, flips:N or accuracy-drop:SHARE" in words


def test_json_is_valid_against_its_documented_shape(diff: Diff) -> None:
    shape = {
        "type": "object",
        "required": ["report", "version", "verdict", "failed", "gates", "meaning", "corpus"],
        "properties": {
            "meaning": {
                "type": "object",
                "required": ["relation", "classes", "rules", "names", "edits"],
            }
        },
    }
    jsonschema.validate(json.loads(diff("old", "new", "-f", "json")[1]), shape)


def test_a_changed_cue_is_asked_again_and_nothing_else(diff: Diff) -> None:
    cued = RULES.replace("{question: Is it a?}", "{question: Is it a?, cues: [apple]}").replace(
        "{question: Is it b?}", "{question: Is it b?, cues: [banana]}"
    )
    write(Path("old"), cued)
    write(Path("new"), cued.replace("[apple]", "[apricot]"))
    rows = [
        {"prompt": "p", "completion": f"an {word}", "response_class": "c"}
        for word in ("apple", "apricot", "banana")
    ]
    write_json_lines("t.jsonl", rows)
    assert run(["grade", "t.jsonl", "--rules", "old", "-o", "r.jsonl"], output=Output({})) == 0
    code, out, _ = diff("old", "new", "--on", "r.jsonl", "-f", "json")
    report = json.loads(out)
    assert (code, report["stale"], report["corpus"]["moved"]) == (0, {"a": 3}, 0)
    again = ["--grader", "embedded", "--transcripts", "t.jsonl"]
    report = json.loads(diff("old", "new", "--on", "r.jsonl", "-f", "json", *again)[1])
    assert (report["stale"], report["regraded"], report["corpus"]["moved"]) == ({}, 3, 2)
    code, _, err = diff("old", "new", "--on", "r.jsonl", "--grader", "embedded")
    assert (code, err) == (2, "error: --grader needs the texts: give --transcripts FILE\n")
    assert diff("old", "new", "--grader", "embedded")[0] == 2


def test_a_gate_that_had_nothing_to_judge_has_not_passed(diff: Diff) -> None:
    write_results("r.jsonl", [small_result(0, {"a": False, "b": False})])
    (gate,) = json.loads(diff("old", "new", "--on", "r.jsonl", "-f", "json")[1])["gates"]
    assert gate == {"gate": "regression", "judged": False, "failed": False, "reasons": []}
    out = diff("old", "new", "--on", "r.jsonl", "-f", "junit")[1]
    assert '<skipped message="there are no labels"/>' in out


def test_the_worked_example_reads_as_it_did(diff: Diff) -> None:
    """The comment on a pull request that loosens a rule, adds a definition and edits a question."""
    write_new(Path("before"), starter_files())
    write_new(Path("after"), starter_files())
    rules = Path("after/rules/rules.yaml")
    text = rules.read_text().replace("require: not lectures", "require: not lectures_in_vain")
    rules.write_text(text + DEFINED)
    propositions = Path("after/rules/propositions.yaml")
    propositions.write_text(propositions.read_text().replace("shame or lecture", "shame, lecture"))
    write_results("results.jsonl", [answered(each) for each in starter_transcripts()])
    code, out, _ = diff(
        *("before/rules", "after/rules", "--on", "results.jsonl", "--fail-on", "laxer,flips:0"),
        *("-f", "markdown"),
    )
    assert code == 1
    assert out == (Path(__file__).parent / "goldens" / "pull_request.md").read_text()


DEFINED = """
definitions:
  lectures_in_vain: lectures and not fully_helps
"""


def starter_transcripts() -> list[Transcript]:
    return list(read_transcripts("before/fixtures/transcripts.jsonl", raise_problem))


def answered(transcript: Transcript) -> Result:
    return small_result(
        transcript.id, transcript.labels, transcript.labels, transcript.response_class
    )
