import json
import subprocess
from pathlib import Path

import pytest
from diff_helpers import LAXER, RULES, Diff, write, write_results
from small_results import small_result

from rbrctl.diff.gates import GateKind


def git(*arguments: str) -> None:
    settings = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    subprocess.run(["git", *settings, *arguments], check=True, capture_output=True)


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
    assert "there is nothing to compare: rules is the same as in git:HEAD:rules" in err
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
    git("tag", "feature")
    for sides in (("main", "feature"), ("main",)):
        code, _, err = diff(*sides)
        assert (code, err) == (
            2,
            "error: main: no such file or folder; name a rule set's folder or 'builtin:safety'; it "
            "is a revision: write 'git:main:rules', or give one side and '--base main'\n",
        )
    code, _, err = diff("HEAD~1")
    assert "write 'git:HEAD~1:rules'" in err
    assert "revision" not in diff("elsewhere")[2]
    code, _, err = diff("--base", "nowhere")
    assert (code, err) == (2, "error: there is no revision 'nowhere'\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["old", "missing"], 2, "missing: no such file or folder"),
        (["builtin:safety"], 2, "alone has nothing to be compared with"),
        (["old", "new", "--base", "main"], 2, "--base is for one argument"),
        (["old", "r.jsonl"], 2, "are a rule set and a results file"),
        (["r.jsonl"], 2, "a results file is compared with another one"),
        (["old", "new", "--on", "nowhere.jsonl"], 2, "cannot read nowhere.jsonl"),
        (["old", "new", "--fail-on", "flips:1"], 2, "give --on RESULTS"),
        (["old", "new", "--bless"], 2, "must be results"),
        (["old", "new", "--rules", "old"], 2, "--rules is for comparing two results files"),
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


def test_the_help_names_every_gate(diff: Diff) -> None:
    code, out, _ = diff("--help")
    words = " ".join(out.replace("│", " ").split())
    assert code == 0
    for gate in (*GateKind, "default"):
        assert gate in (GateKind.ACCEPTANCE,) or f"{gate}" in words


def test_a_gate_that_had_nothing_to_judge_has_not_passed(diff: Diff) -> None:
    write_results("r.jsonl", [small_result(0, {"a": False, "b": False})])
    gates = json.loads(diff("old", "new", "--on", "r.jsonl", "-f", "json")[1])["gates"]
    assert gates[1] == {
        "gate": "regression",
        "outcome": "not judged",
        "judged": False,
        "failed": False,
        "reasons": [],
        "not_judged": "there are no labels",
        "skipped": {},
    }
    out = diff("old", "new", "--on", "r.jsonl", "-f", "junit")[1]
    assert '<skipped message="there are no labels"/>' in out
