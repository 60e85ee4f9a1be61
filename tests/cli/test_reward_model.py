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
            "--rm-key-env NONE: the variable is not set or empty",
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
