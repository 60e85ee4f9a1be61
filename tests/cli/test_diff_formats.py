"""What diff prints in each of its formats."""

import json
from pathlib import Path

import jsonschema
from diff_helpers import LAXER, RULES, Diff, write, write_results
from small_results import small_result

from rbrctl.authoring.starting import starter_files, write_new
from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import raise_problem
from rbrctl.records.transcripts import read_transcripts


def test_two_folders_as_text(diff: Diff) -> None:
    code, out, err = diff("old", "new")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["old  old (small 1)", "new  new (small 1)"]
    assert out.splitlines()[-1] == "not blocked: the rules are laxer"
    # With b alone no-b was broken; with a and b the rank is bad on both sides.
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert "c laxer b poor good old: no-b" in rows
    assert "c laxer - 25.00 %" in rows
    assert "regression not judged there are no transcripts" in rows
    assert all(len(line) <= 80 for line in out.splitlines())


def test_json_has_a_version_and_the_whole_story(diff: Diff) -> None:
    write_results("r.jsonl", [small_result(0, {"a": False, "b": True}, {"a": False, "b": True})])
    code, out, _ = diff("old", "new", "--on", "r.jsonl", "--fail-on", "flips:0", "-f", "json")
    report = json.loads(out)
    assert code == 1
    assert (report["report"], report["version"], report["failed"]) == ("diff", 1, True)
    assert report["gates"] == [
        {
            "gate": "flips:0",
            "outcome": "failed",
            "judged": True,
            "failed": True,
            "reasons": ["1 transcript changes rank, more than 0"],
            "not_judged": None,
            "skipped": {},
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


def test_the_p_beside_a_row_is_the_one_that_the_gate_goes_by(diff: Diff) -> None:
    labels = {"a": True, "b": False}
    write_results("a.jsonl", [small_result(i, labels, labels) for i in range(40)])
    worse = [small_result(i, {"a": i >= 6, "b": False}, labels) for i in range(40)]
    write_results("b.jsonl", worse)
    pair = ("a.jsonl", "b.jsonl", "--rules", "old")
    (row,) = [
        each
        for each in json.loads(diff(*pair, "-f", "json")[1])["accuracy"]
        if each["name"] == "no-a"
    ]
    assert row["drop_p"] < 0.05 < 2 * row["drop_p"] <= row["adjusted"]
    code, out, _ = diff(*pair)
    (line,) = [line for line in out.splitlines() if line.startswith("no-a  ") and "1.000" in line]
    assert code == 1
    assert f"{row['drop_p']:.3f}" in line.split()
    assert f"{row['adjusted']:.3f}" not in line.split()
    table = diff(*pair, "-f", "markdown")[1]
    assert "| p of a drop |" in table
    assert f"| {row['drop_p']:.3f} |" in table
    wide = diff(*pair, "--wide")[1]
    assert "two-sided p" in wide
    assert f"{row['adjusted']:.3f}" in wide


def test_scores_that_are_as_before_are_counted_and_listed_only_where_it_is_wide(
    diff: Diff,
) -> None:
    labels = {"a": True, "b": False}
    same = [small_result(i, labels, labels) for i in range(12)]
    write_results("a.jsonl", same)
    write_results("b.jsonl", [*same[:-1], small_result(11, {"a": True, "b": True}, labels)])
    code, out, _ = diff("a.jsonl", "b.jsonl", "--rules", "old")
    lines = [line.split()[0] for line in out.splitlines() if " 12  1.000 " in line]
    assert (code, lines) == (0, ["no-b"])
    assert "2 more unchanged; --wide lists them." in out
    wide = diff("a.jsonl", "b.jsonl", "--rules", "old", "--wide")[1]
    assert "unchanged" not in wide
    assert {"no-b", "no-a", "rank: c"} <= {line.split("  ")[0] for line in wide.splitlines()}
    out = diff("a.jsonl", "a.jsonl", "--rules", "old")[1]
    assert "Agreement with the labels\n3 rules and ranks unchanged; --wide lists them.\n" in out


def test_a_class_that_came_leaves_the_others_their_relation(diff: Diff) -> None:
    more = RULES.replace("response_classes:\n", "response_classes:\n  d: {}\n", 1)
    write(Path("old"), RULES)
    write(Path("more"), more)
    same = "the rules are equivalent where both have the class; 1 class added"
    assert diff("old", "more")[1].splitlines()[-1] == f"passed: {same}"
    write(Path("new"), LAXER)
    assert diff("more", "new")[1].splitlines()[-1] == (
        "blocked: the rules are laxer where both have the class; 1 class removed"
    )
    write(Path("other"), RULES.replace("  c: {", "  d: {").replace("[c]", "[d]"))
    assert "where both" not in diff("old", "other")[1].splitlines()[-1]


def test_names_from_files_are_inert_in_a_comment(diff: Diff) -> None:
    write_results("r.jsonl", [small_result("<b>@someone</b> ![x](y) |", {"a": False, "b": True})])
    out = diff("old", "new", "--on", "r.jsonl", "-f", "markdown")[1]
    assert "<b>" not in out.replace("`r<b>", "")
    assert "| `r<b>@someone</b> ![x](y) \\|` |" in out


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
  lectures_in_vain: lectures and not fully_complies
"""


def starter_transcripts() -> list[Transcript]:
    return list(read_transcripts("before/fixtures/transcripts.jsonl", raise_problem))


def answered(transcript: Transcript) -> Result:
    return small_result(
        transcript.id, transcript.labels, transcript.labels, transcript.response_class
    )
