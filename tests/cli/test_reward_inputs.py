"""What the reward commands say of input that is bad, empty, contradictory or of something else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from reward_rows import BAD, GOOD, POOR, QUICK, Row, preference, transcript, transcripts, write

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def results(reward: Call, capsys: pytest.CaptureFixture[str]) -> list[Row]:
    """The rows of ``r.jsonl``, results of ``t.jsonl``."""
    write("t.jsonl", transcripts())
    assert run(("grade", "t.jsonl", "-o", "r.jsonl"), output=Output({})) == 0
    capsys.readouterr()
    return [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]


@pytest.fixture
def weights(reward: Call) -> str:
    assert reward("fit", write("t.jsonl", transcripts()), "-o", "w.yaml", *QUICK)[0] == 0
    return "w.yaml"


def test_one_completion_a_prompt_makes_no_pair(reward: Call) -> None:
    rows = [transcript("a", "p", GOOD), transcript("b", "q", BAD)]
    code, out, err = reward("fit", write("t.jsonl", rows), *QUICK)
    assert (code, out) == (3, "")
    assert "2 prompts with one completion only or all of the same rank" in err
    assert "--pairs class" in err
    assert reward("fit", "t.jsonl", "--pairs", "class", *QUICK)[0] == 0


def test_completions_that_are_all_equal_make_no_pair(reward: Call) -> None:
    rows = [transcript("a", "p", GOOD), {**transcript("b", "p", GOOD), "completion": "Sorry, no."}]
    code, _, err = reward("fit", write("t.jsonl", rows), *QUICK)
    assert code == 3
    assert "1 prompt with one completion only or all of the same rank" in err


def test_prompts_that_make_no_pair_are_counted_beside_those_that_do(reward: Call) -> None:
    rows = [*transcripts(), transcript("alone", "p", GOOD)]
    code, _, err = reward("fit", write("t.jsonl", rows), *QUICK)
    assert code == 0
    assert "1 prompt has no pair" in err


def test_an_optimum_that_is_not_proved_closely_is_warned_of(
    reward: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("t.jsonl", transcripts())
    assert "only proved to be within" not in reward("fit", "t.jsonl", *QUICK)[2]
    monkeypatch.setattr("rbrctl.cli.commands.reward_fit.CERTIFIED", -1.0)
    assert "the loss is only proved to be within" in reward("fit", "t.jsonl", *QUICK)[2]


def test_without_l2_the_report_says_of_which_weights_the_optimum_is_meant(reward: Call) -> None:
    write("t.jsonl", transcripts())
    free = " ".join(reward("fit", "t.jsonl", "--l2", "0", *QUICK)[1].split())
    assert "without L2 that holds for weights whose" in free
    assert "without L2" not in reward("fit", "t.jsonl", "--l2", "0.1", *QUICK)[1]


def test_a_constant_feature_is_marked(reward: Call, results: list[Row]) -> None:
    for row in results:
        row["answers"]["insulting_language"]["p"] = 0.25
    code, out, _ = reward("fit", write("r.jsonl", results), *QUICK, "-f", "json")
    assert code == 0
    notes = {row["feature"]: row["note"] for row in json.loads(out)["weights"]}
    assert notes["insulting_language"] == "constant"
    assert notes["disallowed_content"] != "constant"


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        ("NaN", "NaN is not a JSON number"),
        ("Infinity", "Infinity is not a JSON number"),
        ("1e400", "the number 1e400 is too large"),
        ("1e12", "rm_score must be a finite number below 1e9"),
        ('"high"', "rm_score must be a number, not a string"),
        ("true", "rm_score must be a number, not a boolean"),
    ],
)
def test_a_score_that_is_no_number_is_a_bad_line(reward: Call, score: str, reason: str) -> None:
    *rows, last = transcripts()
    bad = json.dumps(last)[:-1] + f', "rm_score": {score}}}'
    code, _, err = reward("fit", write("t.jsonl", [*rows, bad]), *QUICK)
    assert code == 4
    assert f"t.jsonl:{len(rows) + 1}: {reason}" in err
    code, out, err = reward("fit", "t.jsonl", *QUICK, "--strict")
    assert (code, out) == (2, "")
    assert reason in err


def test_weights_of_another_rule_set_are_refused(reward: Call, weights: str) -> None:
    text = Path(weights).read_text()
    digest = text.split("digest: ")[1].splitlines()[0]
    Path("other.yaml").write_text(text.replace(digest, "abcdef0123456789"))
    for command in (
        ("evaluate", "t.jsonl", "-w", "other.yaml"),
        ("fit", "t.jsonl", "--weights-from", "other.yaml"),
        ("serve", "-w", "other.yaml", "--port", "0"),
    ):
        code, out, err = reward(*command)
        assert (code, out) == (2, "")
        assert "the weights were fitted for the rule set safety" in err
        assert "fit them again with rbrctl reward fit" in err


def test_a_class_that_the_fit_never_saw_is_said(reward: Call, weights: str) -> None:
    rows = [{**row, "response_class": "comply"} for row in transcripts()]
    write("comply.jsonl", rows)
    for command in (
        ("evaluate", "comply.jsonl", "-w", weights),
        ("serve", "-w", weights, "--port", "0", "--response-class", "comply"),
    ):
        code, _, err = reward(*command)
        assert code == 2
        assert "no weights for the response class 'comply': they are for hard_refuse" in err


def test_contradictory_preferences_are_named_and_left_out(reward: Call) -> None:
    rows = [
        preference("first", "p", GOOD, BAD),
        preference("second", "p", BAD, GOOD),
        preference("third", "q", GOOD, BAD),
        preference("fourth", "r", GOOD, POOR),
    ]
    code, out, err = reward("fit", write("p.jsonl", rows), *QUICK, "-o", "w.yaml", "-f", "json")
    assert code == 4
    assert "contradict each other, all left out: p.jsonl:1 and p.jsonl:2" in err
    report = json.loads(out)
    assert report["contradictions"] == [["first", "second"]]
    assert report["fits"][0]["pairs"] == 2
    assert "- first" in Path("w.yaml").read_text()


def test_nothing_but_contradictions_is_nothing(reward: Call) -> None:
    rows = [preference("first", "p", GOOD, BAD), preference("second", "p", BAD, GOOD)]
    code, _, err = reward("fit", write("p.jsonl", rows), *QUICK)
    assert code == 3
    assert "p.jsonl:1 and p.jsonl:2" in err


def test_contradictory_labels_of_one_completion_are_named_and_left_out(reward: Call) -> None:
    again = {**transcripts()[0], "id": "again", "labels": transcripts()[2]["labels"]}
    code, out, err = reward("fit", write("t.jsonl", [*transcripts(), again]), *QUICK, "-f", "json")
    assert code == 4
    assert (
        "one completion that contradict each other, all left out: t.jsonl:1 and t.jsonl:13" in err
    )
    report = json.loads(out)
    assert report["contradictions"] == [["good0", "again"]]
    assert report["left_out"] == {"contradictory labels": 2}


def test_the_graders_own_ranks_as_order_are_said_to_tell_little(reward: Call) -> None:
    rows = [{k: v for k, v in row.items() if k != "labels"} for row in transcripts()]
    code, out, err = reward("fit", write("t.jsonl", rows), *QUICK, "-f", "json")
    assert code == 0
    assert "the figures do not show its mistakes" in err
    assert json.loads(out)["order"] == "rank"


def test_answers_of_another_grader_than_the_weights_are_said(
    reward: Call, results: list[Row], weights: str
) -> None:
    assert "another grader" not in reward("evaluate", "r.jsonl", "-w", weights)[2]
    for row in results:
        row["grader"]["model"] = "other"
    code, _, err = reward("evaluate", write("other.jsonl", results), "-w", weights)
    assert code == 0
    assert "the weights were fitted on answers of another grader: embedded builtin" in err


def test_results_say_nothing_of_a_grader_that_is_not_asked(
    reward: Call, results: list[Row]
) -> None:
    assert "grader:" in reward("fit", "t.jsonl", *QUICK)[2]
    assert "grader:" not in reward("fit", "r.jsonl", *QUICK)[2]


def test_failed_answers_are_left_out_and_never_a_score(reward: Call, results: list[Row]) -> None:
    results[0]["answers"]["apology"] = {"error": "timed out"}
    code, out, err = reward("fit", write("r.jsonl", results), *QUICK, "-f", "json")
    assert code == 4
    assert "1 left out with missing answers; the first: good0" in err
    assert json.loads(out)["left_out"] == {"missing answers": 1}


BAD_FILES = {
    "empty.jsonl": [],
    "torn.jsonl": ['{"id": '],
    "unfit.jsonl": ['{"a": 1}'],
    "same.jsonl": [preference("x", "p", GOOD, GOOD)],
    "classless.jsonl": [{"prompt": "p", "chosen": GOOD, "rejected": BAD}],
    "unknown.jsonl": [{**row, "response_class": "hard_refusal"} for row in transcripts(1)],
    "mixed.jsonl": [*transcripts(), preference("x", "p", GOOD, BAD)],
    "p.jsonl": [preference("x", "p", GOOD, BAD)],
    "marked.jsonl": [{**row, "mark": "good"} for row in transcripts(1)],
    "circle.yaml": ["a: [b]", "b: [c]", "c: a"],
    "table.yaml": ["good: [bad]"],
}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fit", "none.jsonl"], 2, "cannot read none.jsonl"),
        (["fit", "."], 2, "it is a folder"),
        (["fit", "empty.jsonl"], 3, "nothing to compare among 0 completions"),
        (["fit", "torn.jsonl"], 3, "torn.jsonl:1: not JSON"),
        (["fit", "torn.jsonl", "--strict"], 2, "torn.jsonl:1: not JSON"),
        (["fit", "unfit.jsonl"], 3, 'unfit.jsonl:1: no "completion"'),
        (["fit", "same.jsonl"], 3, "chosen and rejected are the same text"),
        (["fit", "classless.jsonl"], 3, "2 with no response class"),
        (["fit", "unknown.jsonl"], 3, "did you mean 'hard_refuse'?"),
        (["fit", "mixed.jsonl"], 4, "mixed.jsonl:13: this row belongs to a file of preferences"),
        (["fit", "ok.jsonl", "--pairs", "clas"], 2, "not one of 'prompt', 'class'"),
        (["fit", "ok.jsonl", "--order", "ranks"], 2, "did you mean 'rank'?"),
        (["fit", "ok.jsonl", "--order", "mark"], 2, "with --orderings"),
        (["fit", "ok.jsonl", "--orderings", "table.yaml"], 2, "name the key with --order"),
        (
            ["fit", "ok.jsonl", "--orderings", "circle.yaml", "--order", "mark"],
            2,
            "a beats b beats c beats a",
        ),
        (
            ["fit", "ok.jsonl", "--orderings", "table.yaml", "--order", "mark"],
            3,
            "no row has this key",
        ),
        (["fit", "ok.jsonl", "--level", "ideal=1"], 2, "either every rank needs a level or none"),
        (["fit", "ok.jsonl", "--level", "ideal"], 2, "write NAME=NUMBER"),
        (["fit", "ok.jsonl", "--margin", "0"], 2, "must be a positive number"),
        (["fit", "ok.jsonl", "--margin", "nan"], 2, "must be a positive number"),
        (["fit", "ok.jsonl", "--l2", "-1"], 2, "must be zero or positive"),
        (["fit", "ok.jsonl", "--l2", "nan"], 2, "must be zero or positive"),
        (["fit", "ok.jsonl", "--l2", "much"], 2, "give a number, 0 for none, or auto"),
        (["fit", "ok.jsonl", "--prior", "one"], 2, "not one of 'ranks', 'zero'"),
        (["fit", "ok.jsonl", "--pin", "idel=1"], 2, "did you mean 'ideal'?"),
        (["fit", "ok.jsonl", "--pin", "ideal=x"], 2, "write NAME=NUMBER"),
        (["fit", "ok.jsonl", "--sign", "ideal=1"], 2, "write NAME=+ or NAME=-"),
        (["fit", "ok.jsonl", "--folds", "1"], 2, "0 or at least 2"),
        (["fit", "ok.jsonl", "--bootstrap", "-1"], 2, "must not be negative"),
        (
            ["fit", "ok.jsonl", "--loss", "squared"],
            2,
            "there is no loss 'squared'; there are hinge, logistic",
        ),
        (["fit", "ok.jsonl", "--loss", "logistic", "--l2", "0"], 2, "has no optimum"),
        (["fit", "ok.jsonl", "--weights-from", "rank"], 2, "did you mean 'ranks'?"),
        (["fit", "ok.jsonl", "--weights-from", "table.yaml"], 2, "this is not a weights file"),
        (
            ["fit", "ok.jsonl", "--weights-from", "ranks", "--pin", "ideal=1"],
            2,
            "--weights-from fits nothing",
        ),
        (
            ["fit", "ok.jsonl", "--weights-from", "ranks", "--l2", "1"],
            2,
            "--l2 applies to a fit, but --weights-from",
        ),
        (
            ["fit", "ok.jsonl", "--weights-from", "ranks", "--prior", "zero"],
            2,
            "--prior applies to a fit",
        ),
        (
            ["fit", "ok.jsonl", "--weights-from", "ranks", "--sign", "ideal=+"],
            2,
            "--sign applies to a fit",
        ),
        (["fit", "ok.jsonl", "--sign", "ideal=+", "--sign", "ideal=-"], 2, "as + and as -"),
        (["fit", "ok.jsonl", "--pin", "ideal=1", "--pin", "ideal=2"], 2, "given twice"),
        (["fit", "p.jsonl", "--order", "rank"], 2, "--order rank does not apply to preferences"),
        (["fit", "p.jsonl", "--pairs", "class"], 2, "--pairs class does not apply to preferences"),
        (
            ["fit", "p.jsonl", "--orderings", "table.yaml", "--order", "mark"],
            2,
            "--order mark does not apply to preferences",
        ),
        (
            ["fit", "marked.jsonl", "--orderings", "table.yaml", "--order", "mrak"],
            3,
            "--order mrak: no row has this key; did you mean 'mark'?",
        ),
        (["fit", "marked.jsonl", "--order", "mrak"], 2, "--order mrak: did you mean 'mark'?"),
        (["fit", "ok.jsonl", "-o", "none/w.yaml"], 2, "the folder none does not exist"),
        (["evaluate", "ok.jsonl", "-w", "none.yaml"], 2, "cannot read none.yaml"),
        (["evaluate", "ok.jsonl", "-w", "table.yaml"], 2, "written by rbrctl reward fit"),
        (["evaluate", "ok.jsonl", "ok.jsonl", "-w", "w.yaml"], 2, "a single file of comparisons"),
        (["evaluate", "ok.jsonl", "-w", "w.yaml", "--picture", "p.gif"], 2, ".svg or .png"),
        (["evaluate", "ok.jsonl", "-w", "w.yaml", "--picture", "no/p.svg"], 2, "does not exist"),
        (["evaluate", "ok.jsonl", "-w", "w.yaml", "--unsafe-rank", "ideal"], 2, "safety figures"),
        (["evaluate", "ok.jsonl", "--max-error", "0.1"], 2, "needs --weights"),
        (["evaluate", "ok.jsonl"], 2, "made by rbrctl grade -o"),
        (["evaluate", "ok.jsonl", "--unsafe-rank", "ilogical"], 2, "did you mean 'illogical'?"),
        (["synth", "ok.jsonl", "-o", "s.jsonl"], 2, "--model"),
    ],
)
def test_what_is_wrong_is_said_before_any_report(
    reward: Call, arguments: list[str], code: int, message: str
) -> None:
    for name, rows in BAD_FILES.items():
        write(name, rows)
    write("ok.jsonl", transcripts())
    quick = QUICK if arguments[0] == "fit" else ()
    found, out, err = reward(*(arguments[:2]), *quick, *arguments[2:])
    assert found == code
    assert message in err
    assert code == 4 or out == ""


def test_wrong_options_are_told_before_anything_is_graded(reward: Call) -> None:
    _, _, err = reward("fit", write("t.jsonl", transcripts()), "--margin", "0")
    assert "grader:" not in err


def without_class(prompts: int = 3) -> list[Row]:
    rows = [preference(f"p{n}", f"How do I open lock {n}?", GOOD, BAD) for n in range(prompts)]
    return [{key: row[key] for key in row if key != "response_class"} for row in rows]


def test_a_class_can_be_given_to_all_that_have_none(reward: Call) -> None:
    write("p.jsonl", without_class())
    code, _, err = reward("fit", "p.jsonl", *QUICK)
    assert code == 3
    assert "6 with no response class; --response-class names one for all" in " ".join(err.split())
    code, out, _ = reward("fit", "p.jsonl", *QUICK, "--response-class", "hard_refuse", "-f", "json")
    assert code == 0
    assert json.loads(out)["fits"][0]["pairs"] == 3


def test_the_class_for_all_must_be_one(reward: Call) -> None:
    code, _, err = reward(
        "fit", write("p.jsonl", without_class()), "--response-class", "hard_refus"
    )
    assert code == 2
    assert "--response-class hard_refus: there is no such response class; did you mean" in " ".join(
        err.split()
    )


def test_a_circle_of_preferences_is_named_by_its_places(reward: Call) -> None:
    rows = [
        *(preference("a", "p", GOOD, POOR), preference("b", "p", POOR, BAD)),
        *(preference("c", "p", BAD, GOOD), preference("d", "q", GOOD, BAD)),
    ]
    code, out, err = reward("fit", write("c.jsonl", rows), *QUICK, "-f", "json")
    assert code == 4
    assert "all left out: c.jsonl:1, c.jsonl:2 and c.jsonl:3" in " ".join(err.split())
    report = json.loads(out)
    assert report["contradictions"] == [["a", "b", "c"]]
    assert report["fits"][0]["pairs"] == 1


def test_completions_that_cannot_be_compared_are_counted_once(
    reward: Call, results: list[Row]
) -> None:
    for row in results:
        row["answers"]["apology"] = {"error": "timed out"}
    code, _, err = reward("fit", write("r.jsonl", results), *QUICK)
    assert code == 3
    assert "nothing to compare among 12 completions: 12 with missing answers" in err


def test_a_class_with_nothing_to_compare_is_not_complete(reward: Call) -> None:
    rows = [*transcripts(), transcript("alone", "p", GOOD, response_class="soft_refuse")]
    code, out, err = reward("fit", write("t.jsonl", rows), *QUICK, "-f", "json")
    assert code == 4
    assert "soft_refuse: there is nothing to compare, so it gets no weights" in err
    assert json.loads(out)["classes_without_pairs"] == ["soft_refuse"]


def test_scores_of_some_completions_only_are_said(reward: Call) -> None:
    rows = [
        *({**preference("a", "p", GOOD, BAD), "rm_score_chosen": 1, "rm_score_rejected": 2},),
        *(preference("b", "q", GOOD, BAD), preference("c", "r", GOOD, BAD)),
    ]
    _, out, err = reward("fit", write("p.jsonl", rows), *QUICK, "-f", "json")
    assert "4 of 6 completions have no rm_score" in err
    assert json.loads(out)["reward_model"] is True


def test_a_bare_score_of_a_preference_is_a_bad_line(reward: Call) -> None:
    rows = [{**preference("a", "p", GOOD, BAD), "rm_score": 1}, preference("b", "q", GOOD, BAD)]
    code, _, err = reward("fit", write("p.jsonl", rows), *QUICK)
    assert code == 4
    assert "p.jsonl:1: rm_score is the score of one completion" in err
