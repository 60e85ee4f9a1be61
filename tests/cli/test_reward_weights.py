"""Weights that say how they were made, hand-set ones, and the reports of both commands."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from reward_rows import BAD, GOOD, QUICK, Row, preference, transcripts, write

from rbrctl.reports.report_pages import report_page

pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")

Call = Callable[..., tuple[int, str, str]]
LEVELS = [
    *("--level", "ideal=4", "--level", "less_good=3", "--level", "unacceptable=2"),
    *("--level", "illogical=1", "--level", "disallowed=0"),
]


def fit_of(path: str) -> Row:
    found: Row = yaml.safe_load(Path(path).read_text())["fit"]
    return found


def fitted(reward: Call, *options: str) -> tuple[Row, Row, str]:
    """The report, the file's ``fit`` and what was said."""
    file = write("t.jsonl", transcripts())
    code, out, err = reward("fit", file, *QUICK, "-o", "w.yaml", "-f", "json", *options)
    assert code == 0, err
    return json.loads(out), fit_of("w.yaml"), err


def test_a_weights_file_tells_all_that_made_it(reward: Call) -> None:
    report, fit, _ = fitted(
        reward,
        *("--loss", "logistic", "--l2", "0.5", "--prior", "zero", "--sign", "ideal=+"),
        *("--pin", "judgement=-1", "--pairs", "class", "--seed", "7"),
    )
    wanted = {
        **{"loss": "logistic", "l2": 0.5, "prior": {}, "signs": {"ideal": 1}, "hand_set": None},
        **{"fixed": {"judgement": -1.0}, "folds": 2, "bootstrap": 5, "seed": 7},
        **{"order": "labels", "pairs": "class", "margin": 1.0, "levels": {}, "orderings": {}},
        **{"reward_model": False, "bad_lines": 0, "left_out": {}},
    }
    for found in (fit, report):
        assert {key: found[key] for key in wanted} == wanted


def test_levels_take_the_place_of_the_margin(reward: Call) -> None:
    report, fit, _ = fitted(reward, *LEVELS)
    assert fit["margin"] is report["margin"] is None
    assert list(fit["levels"].values()) == [4.0, 3.0, 2.0, 1.0, 0.0]
    assert fit["prior"] == fit["levels"]


def test_the_same_fit_writes_the_same_file(reward: Call) -> None:
    fitted(reward)
    first = Path("w.yaml").read_bytes()
    fitted(reward)
    assert Path("w.yaml").read_bytes() == first


def test_training_data_is_no_test(reward: Call) -> None:
    fitted(reward)
    code, out, err = reward("evaluate", "t.jsonl", "-w", "w.yaml", "--bootstrap", "5")
    assert code == 0
    assert "the weights were fitted on 4 of these 4 prompts" in err
    assert "Error rates (fitted on these prompts: 4 of 4)" in out
    others = [
        {**row, "id": f"{row['id']} again", "prompt": f"Again: {row['prompt']}"}
        for row in transcripts(1)
    ]
    write("o.jsonl", [*others, *transcripts(1)[:2]])
    for file, seen, prompts in (("t.jsonl", 4, 4), ("o.jsonl", 1, 2)):
        _, out, _ = reward("evaluate", file, "-w", "w.yaml", "-f", "json")
        report = json.loads(out)
        assert (report["prompts_fitted_on"], report["prompts"]) == (seen, prompts)
    assert "fitted on" not in reward("evaluate", write("n.jsonl", others), "-w", "w.yaml")[2]


def test_a_reward_model_on_one_side_only_is_said(reward: Call) -> None:
    fitted(reward)
    scored = write("s.jsonl", [{**row, "rm_score": 1.0} for row in transcripts()])
    assert "were fitted without a reward model" in reward("evaluate", scored, "-w", "w.yaml")[2]
    assert reward("fit", scored, *QUICK, "-o", "s.yaml")[0] == 0
    assert fit_of("s.yaml")["reward_model"] is True
    assert "were fitted with a reward model" in reward("evaluate", "t.jsonl", "-w", "s.yaml")[2]
    assert "fitted with" not in reward("evaluate", scored, "-w", "s.yaml")[2]


@pytest.mark.parametrize("fixed", ["ranks", "rules-kept"])
def test_hand_set_weights_are_not_said_to_be_optimal(reward: Call, fixed: str) -> None:
    report, fit, _ = fitted(reward, "--weights-from", fixed)
    (row,) = report["fits"]
    assert [row[key] for key in ("l2", "duality_gap", "iterations")] == [None] * 3
    assert {each["note"] for each in report["weights"]} == {"hand-set"}
    assert {each["interval"] for each in report["weights"]} == {None}
    assert report["held_out"][0]["yardstick"] is not None
    assert (report["hand_set"], fit["hand_set"]) == (fixed, fixed)
    assert fit["prompt_marks"] == ""
    names = [each["feature"] for each in report["weights"]]
    assert names == (["rules_kept"] if fixed == "rules-kept" else names)
    _, out, _ = reward("fit", "t.jsonl", *QUICK, "--weights-from", fixed)
    assert "duality gap" not in out
    assert "fitted" not in out
    assert reward("evaluate", "t.jsonl", "-w", "w.yaml", "--bootstrap", "0")[0] == 0


def test_a_footnote_speaks_of_no_empty_column(reward: Call) -> None:
    rows = [preference(f"p{n}", f"prompt {n}", GOOD, BAD) for n in range(3)]
    _, out, _ = reward("fit", write("p.jsonl", rows), "--bootstrap", "0", "--folds", "0")
    assert "Held out:" not in out
    assert "By rank" not in out


def test_more_folds_than_prompts_are_said(reward: Call) -> None:
    _, _, err = fitted(reward, "--folds", "9")
    assert "there are 4 prompts, so the number of folds is lower" in err


def headers(reward: Call, *arguments: str) -> str:
    _, out, err = reward(*arguments, "-f", "csv")
    assert out, err
    return out.splitlines()[0]


def test_csv_columns_depend_on_nothing(reward: Call) -> None:
    fitted(reward)
    fits = {
        headers(reward, "fit", "t.jsonl", *options)
        for options in (
            QUICK,
            ("--bootstrap", "0", "--folds", "0"),
            ("--weights-from", "ranks", *QUICK),
        )
    }
    assert len(fits) == 1
    assert fits.pop().startswith("table,response_class,prompts,")
    evaluations = {
        headers(reward, "evaluate", "t.jsonl", "-w", "w.yaml", *options)
        for options in (("--bootstrap", "0"), ("--bootstrap", "5", "--pairs", "class"))
    }
    assert len(evaluations) == 1


def test_the_spread_is_told_in_every_format(reward: Call) -> None:
    fitted(reward)
    call = ("evaluate", "t.jsonl", "-w", "w.yaml", "--bootstrap", "0", "-f")
    report = json.loads(reward(*call, "json")[1])
    assert len(report["spread_edges"]) == len(report["spread"][0]["counts"]) + 1
    rows = list(csv.DictReader(io.StringIO(reward(*call, "csv")[1])))
    drawn = [row for row in rows if row["table"] == "spread"]
    assert [row["rank"] for row in drawn] == [row["rank"] for row in report["spread"]]
    assert sum(int(row["n"]) for row in drawn) == 12
    assert sum(sum(map(int, row["counts"].split())) for row in drawn) == 12
    assert "### Reward (both) by rank" in reward(*call, "markdown")[1]


def test_the_best_of_n_has_a_row_for_each_n(reward: Call) -> None:
    fitted(reward)
    _, out, _ = reward("evaluate", "t.jsonl", "-w", "w.yaml", "--bootstrap", "5", "-f", "json")
    best = [row for row in json.loads(out)["best_of"] if row["reward"] == "both"]
    assert [row["n"] for row in best] == [1, 2]
    assert best[0]["interval"] is None
    assert best[0]["share"] == pytest.approx(1 / 3)


def test_every_key_of_a_report_is_on_its_page(reward: Call) -> None:
    report, _, _ = fitted(reward)
    _, out, _ = reward("evaluate", "t.jsonl", "-w", "w.yaml", "--bootstrap", "5", "-f", "json")
    for each in (report, json.loads(out)):
        page = report_page(each["report"]) or ""
        if each["report"] == "reward-evaluate":
            page += report_page("reward-fit") or ""
        tables = [value[0] for value in each.values() if value and isinstance(value, list)]
        keys = {key for row in tables if isinstance(row, dict) for key in row}
        for key in {*each, *keys}:
            suffixless = key.removesuffix("_ties").removesuffix("_interval")
            assert f"``{suffixless}``" in page or f'"{suffixless}"' in page, key


def test_old_names_of_options_still_work_and_are_warned_about(reward):
    report, _, _ = fitted(reward, "--fixed", "ranks")
    assert report["hand_set"] == "ranks"
    _, _, err = reward("fit", "t.jsonl", *QUICK, "--fix", "judgement=-1", "--pairs", "class")
    assert "--fix is now called --pin" in err
