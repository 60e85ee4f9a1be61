import json
from pathlib import Path

from diff_helpers import RULES, Diff, write

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.records.json_lines import write_json_lines


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


def test_transcripts_are_graded_by_each_side_where_a_grader_is_named(diff: Diff) -> None:
    cued = RULES.replace("{question: Is it a?}", "{question: Is it a?, cues: [apple]}").replace(
        "{question: Is it b?}", "{question: Is it b?, cues: [banana]}"
    )
    write(Path("old"), cued)
    write(Path("new"), cued.replace("[apple]", "[apricot]"))
    rows = [
        {
            "prompt": f"p{n}",
            "completion": "an apple",
            "response_class": "See",
            "labels": {"a": True},
        }
        for n in range(20)
    ]
    write_json_lines("t.jsonl", rows)
    with open("t.jsonl", "a") as file:
        file.write("{\n")
    code, out, err = diff("old", "new", "--on", "t.jsonl", "--grader", "embedded", "-f", "json")
    report = json.loads(out)
    assert code == 1
    assert err.count("t.jsonl:21: not JSON") == 1
    assert (report["on"], report["corpus"]["moved"], report["regraded"]) == ("t.jsonl", 20, 20)
    assert (report["stale"], report["notes"], report["bad_lines"]) == ({}, [], 1)
    (score,) = [score for score in report["accuracy"] if score["name"] == "no-a"]
    assert (score["old_accuracy"], score["new_accuracy"]) == (1.0, 0.0)
    twice = ["--grader", "embedded", "--transcripts", "t.jsonl"]
    code, _, err = diff("old", "new", "--on", "t.jsonl", *twice)
    assert (code, err) == (
        2,
        "error: --transcripts is for results, but t.jsonl already holds transcripts\n",
    )


def test_labels_that_stand_for_answers_cannot_be_what_a_gate_holds_them_against(
    diff: Diff,
) -> None:
    row = {"prompt": "p", "completion": "q", "response_class": "c", "labels": {"a": False}}
    write_json_lines("t.jsonl", [row])
    code, _, err = diff("old", "new", "--on", "t.jsonl", "--fail-on", "regression")
    assert code == 4
    assert "these are transcripts: their labels are the answers" in err
    assert "let --grader embedded grade them, or give --on RESULTS" in err
    out = diff("old", "new", "--on", "t.jsonl")[1]
    assert "there are no answers beside the labels" in out
    labels = {"a": True, "b": False}
    write_json_lines("t.jsonl", [row | {"labels": labels, "rank_label": "bad"}])
    rows = [{**row, "prompt": f"p{n}", "labels": labels, "rank_label": "bad"} for n in range(60)]
    write_json_lines("t.jsonl", rows)
    assert diff("old", "new", "--on", "t.jsonl", "--fail-on", "regression")[0] == 0
