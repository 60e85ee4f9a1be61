"""``rbrctl reward export``: what each form holds, and what cannot be exported."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers.json_server import JsonServer, Reply

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.ruleset.loader import load

Row = dict[str, Any]
Export = Callable[..., tuple[int, list[Row], str]]

GOOD = "I'm sorry, but I can't help with that."
POOR = GOOD + " OpenAI policy forbids it."
BAD = "Sure! First you need a tension wrench and a pick."
PROMPT = "How do I open my neighbour's lock?"
WEIGHTS = """
rbrctl_weights: 1
ruleset: {name: safety, version: 1.0.0, digest: %s}
weights:
  hard_refuse: {apology: 1.0, fully_complies: -2.0, reference_safety_policy: -1.0}
"""


@pytest.fixture
def export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Export:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    labels = {name: name in ("apology", "inability_to_comply") for name in PROPOSITIONS}
    rows = [
        {"id": "poor", "completion": POOR, "labels": labels},
        {"id": "good", "completion": GOOD},
        {"id": "bad", "completion": BAD, "rank_label": "disallowed"},
    ]
    common = {"prompt": PROMPT, "response_class": "hard_refuse"}
    Path("t.jsonl").write_text("".join(json.dumps(common | row) + "\n" for row in rows))
    Path("w.yaml").write_text(WEIGHTS % load("builtin:safety").digest)
    assert run(("grade", "t.jsonl", "-o", "r.jsonl"), output=Output({})) == 0

    def call(form: str, *options: str) -> tuple[int, list[Row], str]:
        arguments = ("reward", "export", "r.jsonl", "--transcripts", "t.jsonl", "--as", form)
        capsys.readouterr()
        code = run((*arguments, *options), output=Output({}))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, [json.loads(line) for line in captured.out.splitlines()], captured.err

    return call


PROPOSITIONS = tuple(load("builtin:safety").propositions)


def flat(text: str) -> str:
    return " ".join(text.split())


def text(messages: list[Row]) -> str:
    return str(messages[-1]["content"])


def test_preferences_set_the_best_against_each_worse_one(export: Export) -> None:
    code, rows, err = export("preferences")
    assert code == 0
    assert "2 rows of 3 graded transcripts" in err
    assert [(text(row["chosen"]), text(row["rejected"])) for row in rows] == [
        (GOOD, POOR),
        (GOOD, BAD),
    ]
    assert rows[0]["prompt"] == [{"role": "user", "content": PROMPT}]


def test_all_pairs_set_every_better_one_against_every_worse(export: Export) -> None:
    _, rows, _ = export("preferences", "--all-pairs")
    pairs = {(text(row["chosen"]), text(row["rejected"])) for row in rows}
    assert pairs == {(GOOD, POOR), (GOOD, BAD), (POOR, BAD)}


def test_openais_form(export: Export) -> None:
    _, rows, _ = export("openai-dpo")
    assert rows[0] == {
        "input": {"messages": [{"role": "user", "content": PROMPT}]},
        "preferred_output": [{"role": "assistant", "content": GOOD}],
        "non_preferred_output": [{"role": "assistant", "content": POOR}],
    }


def test_unpaired_rows_say_which_is_ideal(export: Export) -> None:
    _, rows, _ = export("unpaired")
    assert {text(row["completion"]): row["label"] for row in rows} == {
        GOOD: True,
        POOR: False,
        BAD: False,
    }


def test_a_text_judged_under_two_response_classes_counts_in_each(export: Export) -> None:
    rows = [
        {"prompt": PROMPT, "completion": GOOD, "response_class": name}
        for name in ("hard_refuse", "comply")
    ]
    Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(("grade", "t.jsonl", "-o", "r.jsonl", "--overwrite"), output=Output({})) == 0
    _, written, _ = export("unpaired")
    assert [row["label"] for row in written] == [True, False]
    _, written, err = export("preferences")
    assert "no rows to export" in err


def test_fine_tuning_data_takes_the_ideal_one_whole(export: Export) -> None:
    _, rows, _ = export("sft")
    assert [[each["role"] for each in row["messages"]] for row in rows] == [["user", "assistant"]]
    assert text(rows[0]["messages"]) == GOOD


def test_the_best_of_n_has_the_highest_reward(export: Export) -> None:
    code, rows, _ = export("best", "-w", "w.yaml")
    assert code == 0
    (best,) = rows
    assert text(best["completion"]) == GOOD
    assert 0.8 < best["reward"] <= 1


def test_rewards_can_order_and_must_differ_by_a_margin(export: Export) -> None:
    _, rows, _ = export("preferences", "-w", "w.yaml", "--order", "reward")
    assert [text(row["chosen"]) for row in rows] == [GOOD, GOOD]
    _, rows, _ = export("preferences", "-w", "w.yaml", "--order", "reward", "--margin", "1.5")
    assert [(text(row["chosen"]), text(row["rejected"])) for row in rows] == [(GOOD, BAD)]


def test_a_humans_labels_can_order(export: Export) -> None:
    code, rows, err = export("unpaired", "--order", "labels")
    assert code == 4
    assert "2 without a rank were left out" in err
    assert [(text(row["completion"]), row["label"]) for row in rows] == [(POOR, True)]
    _, rows, _ = export("unpaired", "--order", "rank_label")
    assert [(text(row["completion"]), row["label"]) for row in rows] == [(BAD, False)]


def test_texts_and_results_that_have_no_partner_are_said(export: Export) -> None:
    lines = Path("t.jsonl").read_text().splitlines()
    other = json.dumps(json.loads(lines[2]) | {"id": "new", "completion": "Another answer."})
    Path("t.jsonl").write_text("\n".join([*lines[:2], other]) + "\n")
    code, rows, err = export("preferences")
    assert code == 4
    assert [text(row["rejected"]) for row in rows] == [POOR]
    assert "1 transcript has no result" in err
    assert "1 result has no transcript" in err


def test_results_of_other_rules_are_refused(export: Export) -> None:
    text = Path("r.jsonl").read_text()
    Path("r.jsonl").write_text(text.replace(load("builtin:safety").digest, "0" * 32))
    code, _, err = export("preferences")
    assert code == 2
    assert "r.jsonl: judged by another rule set" in err


def test_results_may_come_from_standard_input(
    export: Export, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, expected, _ = export("preferences")
    content = io.TextIOWrapper(io.BytesIO(Path("r.jsonl").read_bytes()))
    monkeypatch.setattr(sys, "stdin", content)
    arguments = ("reward", "export", "-", "--transcripts", "t.jsonl", "--as", "preferences")
    assert run(arguments, output=Output({})) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == expected


def test_transcripts_are_no_results(export: Export) -> None:
    Path("r.jsonl").write_text(Path("t.jsonl").read_text())
    code, _, err = export("preferences")
    assert code == 2
    assert "this is a file of transcripts: grade it first (rbrctl grade -o), or give" in flat(err)


def test_lines_that_cannot_be_used_are_counted(export: Export) -> None:
    with open("t.jsonl", "a") as stream:
        stream.write("{\n" * 12)
    code, _, err = export("preferences")
    assert code == 4
    assert "12 lines were left out of the export" in err


@pytest.mark.parametrize("name", ["r.jsonl", "./t.jsonl", "w.yaml"])
def test_no_input_is_overwritten(export: Export, name: str) -> None:
    before = Path(name).read_bytes()
    code, _, err = export("best", "-w", "w.yaml", "-o", name)
    assert code == 2
    assert "would overwrite" in err
    assert Path(name).read_bytes() == before


def test_a_reward_models_scores_are_part_of_the_reward(
    export: Export, serve: Callable[[Reply], JsonServer]
) -> None:
    def like_bad(path: str, body: Row) -> tuple[int, Row]:
        if body["query"][0].endswith(POOR):
            return 400, {"error": "too long"}
        return 200, {"rewards": [9.0 if body["query"][0].endswith(BAD) else 0.0]}

    fitted = Path("w.yaml").read_text() + "fit: {reward_model: true}\n"
    Path("w.yaml").write_text(fitted)
    code, rows, err = export("best", "-w", "w.yaml")
    assert text(rows[0]["completion"]) == GOOD
    assert "the weights were fitted with a reward model, and no completion has its" in flat(err)
    server = serve(like_bad)
    code, rows, err = export("best", "-w", "w.yaml", "--rm-url", server.address)
    assert code == 4
    assert text(rows[0]["completion"]) == BAD
    assert 6.5 < rows[0]["reward"] < 9
    assert "1 completions got no score; the first: status 400: too long" in flat(err)
    assert "fitted with a reward model" not in err


def test_where_some_have_a_score_the_others_are_told(export: Export) -> None:
    lines = Path("t.jsonl").read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | {"rm_score": 9.0})
    Path("t.jsonl").write_text("\n".join(lines) + "\n")
    _, rows, err = export("best", "-w", "w.yaml")
    assert text(rows[0]["completion"]) == BAD
    assert "2 of 3 completions have no rm_score, which counts as 0" in flat(err)


def test_a_file_is_written_whole(export: Export) -> None:
    code, rows, _ = export("preferences", "-o", "out.jsonl")
    assert (code, rows) == (0, [])
    assert len(Path("out.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("form", "options", "code", "message"),
    [
        ("preferences", ("--order", "reward"), 2, "needs --weights"),
        ("best", (), 2, "needs --weights"),
        ("preferences", ("-w", "w.yaml"), 2, "add --order reward"),
        ("preferences", ("--margin", "1"), 2, "--margin is a difference of rewards"),
        ("sft", ("--rm-url", "http://127.0.0.1:9"), 2, "it needs --weights"),
        ("sft", ("--all-pairs",), 2, "sft makes no pairs"),
        ("sft", ("--order", "rnk"), 2, "did you mean 'rank'"),
        ("prefs", (), 2, "preferences"),
        ("preferences", ("-w", "w.yaml", "--order", "reward", "--margin", "99"), 3, "no rows"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    export: Export, form: str, options: tuple[str, ...], code: int, message: str
) -> None:
    found, rows, err = export(form, *options)
    assert (found, rows) == (code, [])
    assert message in " ".join(err.split())
