"""``rbrctl grader train``: what it prints and writes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

pytest.importorskip("sklearn", reason="the extra 'train' installs scikit-learn")

FIXTURES = Path(__file__).parents[2] / "fixtures" / "transcripts.jsonl"
QUICK = ("--proposition", "apology", "--proposition", "additional_content", "--folds", "2")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def train(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Call:
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> tuple[int, str, str]:
        code = run(("grader", "train", *arguments), output=Output({}))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return called


def test_figures_model_and_held_out_results(train: Call, tmp_path: Path) -> None:
    code, out, err = train(
        *("builtin:fixtures", *QUICK, "-o", "model.json", "--held-out", "held.jsonl", "-f", "json"),
    )
    assert code == 0
    assert "144 results written to held.jsonl" in err
    report = json.loads(out)
    assert report["report"] == "training"
    assert {row["proposition"] for row in report["propositions"]} == {
        "apology",
        "additional_content",
    }
    assert json.loads((tmp_path / "model.json").read_text())["rbrctl_model"] == 1
    lines = (tmp_path / "held.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 144
    assert {row["grader"]["model"] for row in rows} == {"cross-fitted"}
    right = sum(
        (row["answers"]["apology"]["p"] >= 0.5) == row["labels"]["apology"]
        for row in rows
        if "apology" in row["labels"]
    )
    accuracy = next(r["accuracy"] for r in report["propositions"] if r["proposition"] == "apology")
    assert right / 144 == pytest.approx(accuracy)


def test_of_two_products_the_one_that_is_not_kept_is_named(train: Call) -> None:
    _, _, err = train("builtin:fixtures", *QUICK, "--held-out", "held.jsonl")
    assert "144 results written to held.jsonl" in err
    assert "the model was not saved; -o FILE saves it" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-", "--held-out", "h.jsonl"], 2, "reads the transcripts twice"),
        ([str(FIXTURES), "--held-out", "missing/h.jsonl"], 2, "missing"),
        ([str(FIXTURES), "--weak-label", "nonsense"], 2, "KEY:VALUE=NAMES"),
        (["empty.jsonl"], 3, "nothing to learn from"),
        (["one.jsonl", "--folds", "2"], 2, "at least 2"),
    ],
)
def test_usage_is_explained(
    train: Call, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "one.jsonl").write_text(FIXTURES.read_text().splitlines()[0] + "\n")
    found, out, err = train(*arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
