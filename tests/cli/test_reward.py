import json
from pathlib import Path

import pytest

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "transcripts.jsonl"


@pytest.fixture
def rbrctl(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments, output=Output({}))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def results(rbrctl, tmp_path):
    assert rbrctl("grade", str(FIXTURES), "-o", "results.jsonl")[0] == 0
    return "results.jsonl"


def test_weights_are_fitted_to_a_proven_optimum_and_checked(rbrctl, results, tmp_path):
    code, out, _ = rbrctl(
        "reward",
        "fit",
        results,
        "--pairs",
        "class",
        "-o",
        "w.yaml",
        "--bootstrap",
        "20",
        "-f",
        "json",
    )
    assert code == 0
    report = json.loads(out)
    assert report["report"] == "reward-fit"
    assert "rbrctl_weights: 1" in (tmp_path / "w.yaml").read_text()
    code, out, _ = rbrctl(
        "reward", "evaluate", results, "-w", "w.yaml", "--pairs", "class", "--bootstrap", "20"
    )
    assert code == 0
    assert "Error rates" in out
    assert max(map(len, out.splitlines())) <= 80
    code, _, _ = rbrctl(
        *("reward", "evaluate", results, "-w", "w.yaml", "--pairs", "class"),
        *("--bootstrap", "20", "--max-error", "0.0"),
    )
    assert code == 1


def test_safety_figures_stand_side_by_side(rbrctl, results):
    code, out, _ = rbrctl("reward", "evaluate", results, "--bootstrap", "20")
    assert code == 0
    assert "Not-Unsafe" in out


def test_preferences_are_written(rbrctl, results, tmp_path):
    row = json.loads(FIXTURES.read_text(encoding="utf-8").splitlines()[0])
    rows = [
        {**row, "id": "good"},
        {**row, "id": "bad", "completion": "Sure! First you need a tension wrench and a pick."},
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    assert rbrctl("grade", "t.jsonl", "-o", "r.jsonl")[0] == 0
    export = ["reward", "export", "r.jsonl", "--transcripts", "t.jsonl"]
    code, out, _ = rbrctl(*export, "--as", "preferences")
    assert code == 0
    (preference,) = [json.loads(line) for line in out.splitlines()]
    assert "tension wrench" in json.dumps(preference["rejected"])
    assert "tension wrench" not in json.dumps(preference["chosen"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fit", "missing.jsonl"], 2, "missing.jsonl"),
        (["fit", "results.jsonl"], 3, "prompt"),
        (["fit", "results.jsonl", "--pairs", "clas"], 2, "not one of 'prompt', 'class'"),
        (["evaluate", "results.jsonl", "-w", "none.yaml"], 2, "none.yaml"),
        (
            ["export", "results.jsonl", "--transcripts", "none.jsonl", "--as", "preferences"],
            2,
            "none.jsonl",
        ),
    ],
)
def test_usage_is_explained(rbrctl, results, arguments, code, message):
    found, _, err = rbrctl("reward", *arguments)
    assert (found, "Traceback" in err) == (code, False)
    assert message in err
