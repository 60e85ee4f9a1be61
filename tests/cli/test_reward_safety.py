"""``reward evaluate`` without weights: models side by side by their safety figures."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from reward_rows import Row, transcripts, write

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def rows(reward: Call, capsys: pytest.CaptureFixture[str]) -> list[Row]:
    """Results of the reference rules, in ``a.jsonl``."""
    write("t.jsonl", transcripts())
    assert run(("grade", "t.jsonl", "-o", "a.jsonl"), output=Output({})) == 0
    capsys.readouterr()
    return [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]


def figures(reward: Call, *arguments: str, code: int = 0) -> tuple[dict[str, Row], Row, str]:
    found, out, err = reward("evaluate", *arguments, "--bootstrap", "50", "-f", "json")
    assert found == code, err
    report = json.loads(out)
    return {row["figure"]: row for row in report["safety"]}, report, err


def test_a_rank_that_the_rules_lack_is_a_bad_line(reward: Call, rows: list[Row]) -> None:
    rows[2]["rank"] = "wonderful"
    found, report, err = figures(reward, write("b.jsonl", rows), code=4)
    assert 'b.jsonl:3: the rules have no rank "wonderful"' in err
    assert (found["not_unsafe"]["n"], report["bad_lines"]) == (11, 1)
    code, out, _ = reward("evaluate", "b.jsonl", "--strict")
    assert (code, out) == (2, "")


def test_a_class_that_the_rules_lack_is_a_bad_line(reward: Call, rows: list[Row]) -> None:
    rows[0]["response_class"] = "hard_refusal"
    rows[1]["response_class"] = "Hard Refuse"
    found, _, err = figures(reward, write("b.jsonl", rows), code=4)
    assert 'b.jsonl:1: the rules have no response class "hard_refusal"; did you mean' in err
    assert found["hard_refusal_style"]["n"] == 11


def test_results_without_a_class_are_counted_and_said(reward: Call, rows: list[Row]) -> None:
    rows[0]["response_class"] = rows[1]["response_class"] = None
    found, report, err = figures(reward, write("b.jsonl", rows), code=4)
    assert "b.jsonl: 2 results have no response class" in err
    assert report["without_class"] == {"b.jsonl": 2}
    assert found["not_unsafe"]["n"] == 10


def test_a_figure_of_nothing_has_no_interval(reward: Call, rows: list[Row]) -> None:
    found, _, _ = figures(reward, "a.jsonl")
    assert found["not_overrefuse"] == {
        **{"figure": "not_overrefuse", "classes": "comply", "model": "a.jsonl"},
        **{"value": None, "interval": None, "n": 0, "undetermined": 0},
    }


def test_models_are_compared_on_their_common_prompts(reward: Call, rows: list[Row]) -> None:
    for row in rows:
        row |= {"rank": "ideal", "rules": {}}
    write("b.jsonl", rows[:-3])
    rows[0]["rank"] = "disallowed"
    write("a.jsonl", rows)
    _, report, _ = figures(reward, "a.jsonl", "b.jsonl")
    unsafe = report["differences"][0]
    assert (unsafe["figure"], unsafe["model"], unsafe["prompts"]) == ("not_unsafe", "b.jsonl", 3)
    assert 0 < unsafe["difference"] < 1
    code, out, _ = reward("evaluate", "a.jsonl", "b.jsonl")
    assert code == 0
    assert "Differences from a.jsonl" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "Differences" not in reward("evaluate", "a.jsonl")[1]


@pytest.mark.parametrize("files", [["a.jsonl"], ["a.jsonl", "b.jsonl"]])
def test_csv_has_one_header_whatever_the_data(
    reward: Call, rows: list[Row], files: list[str]
) -> None:
    write("b.jsonl", rows)
    for resamples in ("0", "20"):
        _, out, _ = reward("evaluate", *files, "--bootstrap", resamples, "-f", "csv")
        assert out.splitlines()[0] == (
            "table,figure,classes,model,value,interval_low,interval_high,n,undetermined,difference,prompts"
        )


def test_classes_and_ranks_can_be_named(reward: Call, rows: list[Row]) -> None:
    found, report, _ = figures(
        reward,
        *("a.jsonl", "--comply-class", "hard_refuse", "--comply-class", "comply"),
        *("--refusal-rank", "less_good", "--style-rank", "disallowed"),
    )
    assert found["not_overrefuse"]["n"] == 12
    assert report["terms"]["comply_classes"] == ["hard_refuse", "comply"]
    assert found["hard_refusal_style"]["value"] == pytest.approx(1 - found["not_unsafe"]["value"])
    code, _, err = reward("evaluate", "a.jsonl", "--comply-class", "complies")
    assert code == 2
    assert "did you mean 'comply'?" in err


RULES = """\
rbrctl: 1
name: small
version: 1.0.0
ranks: [good, bad]
response_classes: {answer: {description: Answers.}}
propositions: {kind: {statement: It is kind., question: Is it kind?}}
rules: {be-kind: {text: Be kind., response_classes: [answer], require: kind, otherwise: bad}}
"""


def test_rules_of_other_names_get_the_figures_that_can_be_given(
    reward: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rules").mkdir()
    Path("rules/ruleset.yaml").write_text(RULES)
    write("u.jsonl", [{"prompt": "p", "completion": "c", "response_class": "answer"}])
    assert run(("grade", "u.jsonl", "-o", "u.out.jsonl"), output=Output({})) in (0, 4)
    capsys.readouterr()
    found, _, err = figures(reward, "u.out.jsonl", code=4)
    assert list(found) == ["not_unsafe"]
    assert "no Hard-Refusal-Style: the rules have no class hard_refuse (--refuse-class" in err
    found, _, _ = figures(
        reward,
        *("u.out.jsonl", "--comply-class", "answer", "--refusal-rank", "bad"),
        *("--refuse-class", "answer"),
        code=4,
    )
    assert list(found) == ["not_unsafe", "not_overrefuse", "hard_refusal_style", "f1"]


def test_results_are_read_from_standard_input_once(
    reward: Call, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.BytesIO(Path("a.jsonl").read_bytes())
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stream, isatty=lambda: False))
    found, _, _ = figures(reward, "-")
    assert found["not_unsafe"]["model"] == "<stdin>"
    code, _, err = reward("evaluate", "-", "-")
    assert code == 2
    assert "is named twice" in err


@pytest.mark.parametrize(
    "option",
    [
        *(("--grader", "embedded"), ("--pairs", "class"), ("--rm-model", "m"), ("--model", "m")),
        *(("--base-url", "http://h/v1"), ("--order", "rank"), ("--max-error", "0.1")),
        *(("--mode", "chat"), ("--response-class", "comply"), ("--picture", "p.svg")),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    reward: Call, rows: list[Row], option: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = reward("evaluate", "a.jsonl", *option)
    assert (code, out) == (2, "")
    assert "needs --weights; without it, models are compared" in err or option[0] == "--mode"
    monkeypatch.setenv("RBRCTL_MODEL", "m")
    assert reward("evaluate", "a.jsonl")[0] == 0
