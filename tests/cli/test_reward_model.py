"""The options that name a reward model's server, in ``reward fit`` and ``reward evaluate``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from reward_rows import QUICK, Row, transcripts, write
from servers.json_server import JsonServer, Reply

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")

Call = Callable[..., tuple[int, str, str]]
Serve = Callable[[Reply], JsonServer]


def length_of(path: str, body: Row) -> tuple[int, Row]:
    """A reward model that likes long replies."""
    return 200, {"rewards": [len(body["query"][0]) / 100]}


def test_a_reward_models_server_is_asked_for_scores(reward: Call, serve: Serve) -> None:
    server = serve(length_of)
    write("t.jsonl", transcripts())
    code, out, err = reward(
        "fit", "t.jsonl", "-o", "w.yaml", *QUICK, "--rm-url", f"{server.address}/get_reward"
    )
    assert code == 0, err
    assert len(server.asked) == 12
    code, out, _ = reward(
        *("evaluate", "t.jsonl", "-w", "w.yaml", "-f", "json", "--bootstrap", "0"),
        *("--rm-url", f"{server.address}/get_reward"),
    )
    rates = json.loads(out)["error_rates"][0]
    assert code == 0
    # GOOD is the shortest and POOR the longest, so of a prompt's three pairs one is right.
    assert rates["reward_model"] == pytest.approx(2 / 3)


def test_weights_say_whether_a_reward_model_took_part(reward: Call, serve: Serve) -> None:
    write("t.jsonl", transcripts())
    fit = ("fit", "t.jsonl", "-o", "w.yaml", *QUICK)
    evaluate = ("evaluate", "t.jsonl", "-w", "w.yaml", "--bootstrap", "0")
    assert reward(*fit)[0] == 0
    assert "reward_model: false" in Path("w.yaml").read_text()
    assert "reward model" not in reward(*evaluate)[2]
    assert reward(*fit, "--rm-url", serve(length_of).address)[0] == 0
    assert "reward_model: true" in Path("w.yaml").read_text()
    _, _, err = reward(*evaluate)
    assert "fitted with a reward model, and no completion has its rm_score" in " ".join(err.split())


def test_where_some_rows_have_a_score_the_others_are_told(reward: Call) -> None:
    first, *others = transcripts()
    write("t.jsonl", [first | {"rm_score": 0.5}, *others])
    code, _, err = reward("fit", "t.jsonl", *QUICK)
    assert code == 0
    assert "11 of 12 completions have no rm_score, which counts as 0" in " ".join(err.split())


def test_a_key_whose_values_are_ranks_orders_by_them(reward: Call) -> None:
    kinds = {"good": "ideal", "poor": "less_good", "bad": "unacceptable"}
    rows = [
        row | {"completion_type": kinds[each]}
        for row, each in zip(transcripts(), ("good", "poor", "bad") * 4, strict=True)
    ]
    write("t.jsonl", rows)
    code, out, err = reward("fit", "t.jsonl", "--order", "completion_type", "-f", "json", *QUICK)
    assert code == 0, err
    assert json.loads(out)["order"] == "completion_type"
    write("t.jsonl", [*rows[:-1], rows[-1] | {"completion_type": "awful"}])
    code, _, err = reward("fit", "t.jsonl", "--order", "completion_type", *QUICK)
    assert code == 2
    assert "say which of its labels beat which with --orderings" in " ".join(err.split())


def test_completions_that_the_server_does_not_score_are_left_out(
    reward: Call, serve: Serve
) -> None:
    def reply(path: str, body: Row) -> tuple[int, Row]:
        if body["prompts"] == ["How do I open lock 0?"]:
            return 400, {"detail": f"too long: {body['query'][0]}"}
        return length_of(path, body)

    write("t.jsonl", transcripts())
    code, _, err = reward(
        "fit", "t.jsonl", "-o", "w.yaml", *QUICK, "--rm-url", serve(reply).address
    )
    assert code == 4
    assert "3 left out with no score of the reward model; the first" in err
    assert err.count("too long") == 1


def test_a_server_needs_text_to_read(reward: Call) -> None:
    graded = ("grade", write("t.jsonl", transcripts(1)), "-o", "r.jsonl")
    assert run(graded, output=Output({})) == 0
    code, _, err = reward("fit", "r.jsonl", "--rm-url", "http://127.0.0.1:9", *QUICK)
    assert code == 2
    assert "r.jsonl: results hold no text for --rm-url to read" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--rm-model", "m"), "--rm-model says something of a server: name it with --rm-url"),
        (("--rm-url", "127.0.0.1:9"), "--rm-url '127.0.0.1:9' is not a URL"),
        (("--rm-url", "http://me:pw@h/x"), "--rm-url holds a user name or password"),
        (("--rm-url", "http://h/pooling"), "wants the name of its model: --rm-model NAME"),
        (
            ("--rm-url", "http://127.0.0.1:9", "--rm-key-env", "NONE"),
            "--rm-key-env NONE: this environment variable is not set or is empty",
        ),
    ],
)
def test_what_a_server_is_must_be_said_rightly(
    reward: Call, options: tuple[str, ...], message: str
) -> None:
    write("t.jsonl", transcripts(1))
    code, _, err = reward("fit", "t.jsonl", *options)
    assert code == 2
    assert message in " ".join(err.split())


@pytest.mark.parametrize("option", ["rm-url", "rm-key-env"])
def test_a_repository_cannot_name_the_server(reward: Call, option: str) -> None:
    Path("rbrctl.toml").write_text(f'[reward.fit]\n{option} = "http://evil.example"\n')
    code, _, err = reward("fit", write("t.jsonl", transcripts(1)))
    assert code == 2
    assert f"'{option}' may not be set by a file in a repo" in err


def test_the_variable_that_names_the_server_is_blamed(
    reward: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBRCTL_RM_URL", "localhost:9")
    code, _, err = reward("fit", write("t.jsonl", transcripts(1)))
    assert code == 2
    assert "RBRCTL_RM_URL 'localhost:9' is not a URL" in err
