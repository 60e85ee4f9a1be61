"""A reward model's server, played by a real one on loopback."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers import fault_endpoint as http
from servers.json_server import JsonServer, Reply

from rbrctl.errors import GraderError
from rbrctl.graders.endpoint.client import RetryPolicy
from rbrctl.graders.endpoint.http.secrets import Secret
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.records.models import Message, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.reward_model.client import RewardModel, with_scores

Serve = Callable[[Reply], JsonServer]
OURS = Path(__file__).parents[2] / "servers" / "reward_server.py"
SECRET = "rm-secret-0123456789"


def settings(address: str, key: str | None = None) -> EndpointSettings:
    return EndpointSettings(
        address,
        "rm-1",
        Secret(key) if key else None,
        concurrency=4,
        timeout=5.0,
        retry=RetryPolicy(retries=1, base=0.01),
    )


def scored(
    chosen: EndpointSettings, transcripts: list[Transcript]
) -> tuple[list[Transcript], dict[str, str]]:
    unscored: dict[str, str] = {}

    async def run() -> list[Transcript]:
        model = RewardModel(chosen)
        try:
            return await with_scores(
                transcripts, model, lambda each, reason: unscored.update({each.id: reason})
            )
        finally:
            await model.close()

    return asyncio.run(run()), unscored


def completion(text: str, **extra: Any) -> Transcript:
    made = make_transcript("How are you?", text, "comply")
    return replace(made, id=text, extra=extra)


def test_openrlhfs_contract_one_sample_a_request(serve: Serve) -> None:
    server = serve(lambda path, body: (200, {"rewards": [len(body["query"][0])], "scores": [0]}))
    texts = ["fine", "very well", "so-so"]
    found, unscored = scored(
        settings(server.address + "/get_reward", SECRET), [completion(text) for text in texts]
    )
    assert [each.extra["rm_score"] for each in found] == [12 + len(text) for text in texts]
    assert not unscored
    path, body, key = next(each for each in server.asked if each[1]["query"][0].endswith("fine"))
    assert path == "/get_reward"
    assert body == {
        "query": ["How are you?fine"],
        "prompts": ["How are you?"],
        "labels": ["comply"],
    }
    assert key == f"Bearer {SECRET}"


def test_a_prompt_of_several_messages_is_sent_as_chatml(serve: Serve) -> None:
    server = serve(lambda path, body: (200, {"rewards": [1.5]}))
    prompt = (Message("system", "Be kind."), Message("user", "Hi"))
    found, _ = scored(settings(server.address), [make_transcript(prompt, "Hello!", "comply")])
    assert found[0].extra["rm_score"] == 1.5
    path, body, _ = server.asked[0]
    assert path == "/"
    assert body["query"][0] == (
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\nHello!"
    )


def test_no_text_can_end_its_own_turn(serve: Serve) -> None:
    server = serve(lambda path, body: (200, {"rewards": [1.5]}))
    prompt = (Message("system", "Be kind.<|im_end|>"), Message("user", "Hi <seed:bos>"))
    scored(settings(server.address), [make_transcript(prompt, "[THINK] Hello!", "comply")])
    query = server.asked[0][1]["query"][0]
    assert query.count("<|im_end|>") == 2
    assert "<seed:bos>" not in query
    assert "[THINK]" not in query


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/pooling", {"data": [0.25]}),
        ("/pooling", {"data": [[0.1], [0.25]]}),
        ("/pooling", {"data": 0.25}),
        ("/v1/classify", {"probs": [0.25], "label": "LABEL_0", "num_classes": 1}),
    ],
)
def test_vllm_is_sent_messages_and_asked_for_the_number_itself(
    serve: Serve, path: str, data: dict[str, Any]
) -> None:
    server = serve(lambda path, body: (200, {"data": [{"index": 0, **data}]}))
    found, _ = scored(settings(server.address + path), [completion("fine")])
    assert found[0].extra["rm_score"] == 0.25
    asked, body, _ = server.asked[0]
    assert asked == path
    assert body == {
        "model": "rm-1",
        "messages": [
            {"role": "user", "content": "How are you?"},
            {"role": "assistant", "content": "fine"},
        ],
        "use_activation": False,
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([0.1, 0.2, 0.7], "the reply holds 3 numbers where a reward is one"),
        ([[0.1, 0.9], [0.2, 0.8]], "the reply holds 2 numbers where a reward is one"),
        ([], "the reply holds 0 numbers where a reward is one"),
        ("AAAA", "the reply holds no number as a score"),
        ([[[0.5]]], "the reply holds no number as a score"),
        ([True], "the reply holds no number as a score"),
        ([-1e10], "the reply's score is -1e+10"),
    ],
)
def test_an_embedding_or_several_labels_are_no_reward(
    serve: Serve, data: object, reason: str
) -> None:
    server = serve(lambda path, body: (200, {"data": [{"index": 0, "data": data}]}))
    found, unscored = scored(settings(server.address + "/pooling"), [completion("fine")])
    assert found == []
    assert unscored["fine"].startswith(reason)


@pytest.mark.parametrize(
    ("path", "reply", "shape"),
    [
        ("", [0.7], '{"rewards": [NUMBER]}'),
        ("/get_reward", {"data": [{"score": 0.7}]}, '{"rewards": [NUMBER]}'),
        ("/pooling", {"rewards": [0.7]}, '{"data": [{"data": [NUMBER]}]}'),
        ("/classify", [[{"score": 0.7}]], '{"data": [{"probs": [NUMBER]}]}'),
    ],
)
def test_a_reply_of_another_shape_is_told_what_it_is_to_be_and_asked_for_once(
    serve: Serve, path: str, reply: object, shape: str
) -> None:
    server = serve(lambda path, body: (200, reply))
    found, unscored = scored(settings(server.address + path), [completion("fine")])
    assert found == []
    assert f"from such an address it is to be {shape} (OpenRLHF's contract" in unscored["fine"]
    assert len(server.asked) == 1


def test_a_redirect_is_followed_by_naming_it_with_the_option_of_this_server(serve: Serve) -> None:
    server = serve(lambda path, body: (307, {}))
    with pytest.raises(GraderError, match="give it as --rm-url"):
        scored(settings(server.address), [completion("fine")])


def test_scores_of_the_file_stay_and_are_not_asked_for(serve: Serve) -> None:
    server = serve(lambda path, body: (200, {"rewards": [9]}))
    found, _ = scored(settings(server.address), [completion("a", rm_score=0.0), completion("b")])
    assert [each.extra["rm_score"] for each in found] == [0.0, 9.0]
    assert len(server.asked) == 1


def test_a_failure_is_never_a_score(serve: Serve) -> None:
    replies = {
        "none": (200, {"rewards": []}),
        "two": (200, {"rewards": [1, 2]}),
        "text": (200, {"rewards": ["1"]}),
        "true": (200, {"rewards": [True]}),
        "huge": (200, {"rewards": [1e300]}),
        "error": (500, {"error": f"bad {SECRET}"}),
        "long": (400, {"detail": "too long"}),
    }

    def reply(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        name = body["query"][0].removeprefix("How are you?")
        return replies.get(name, (200, {"rewards": [1]}))

    server = serve(reply)
    found, unscored = scored(
        settings(server.address, SECRET), [completion(name) for name in ["well", *replies]]
    )
    assert [each.id for each in found] == ["well"]
    assert set(unscored) == set(replies)
    assert "too long" in unscored["long"]
    assert SECRET not in str(unscored)


@pytest.mark.parametrize(
    "score",
    [
        *("NaN", "Infinity", "-Infinity", "1" * 400, "-" + "9" * 5000, "1e999", '"0.5"', '"NaN"'),
        *("true", "null", "{}", '{"score": 1}', "[]", "[[0.5]]", '""', "2e9"),
    ],
)
@pytest.mark.parametrize("path", ["", "/pooling", "/classify"])
def test_no_score_that_is_no_reward_gets_through(path: str, score: str) -> None:
    shapes = {
        "": '{"rewards": [%s]}',
        "/pooling": '{"data": [{"data": [%s]}]}',
        "/classify": '{"data": [{"probs": [%s]}]}',
    }
    reply = http.Reply(body=(shapes[path] % score).encode())

    async def run() -> None:
        async with http.serving(lambda request: reply) as endpoint:
            address = f"http://127.0.0.1:{endpoint.port}{path}"
            unscored: list[str] = []
            model = RewardModel(settings(address))
            try:
                found = await with_scores(
                    [completion("fine")], model, lambda each, reason: unscored.append(reason)
                )
            finally:
                await model.close()
            assert found == []
            assert len(unscored) == 1
            assert len(unscored[0]) < 400

    asyncio.run(run())


def test_a_server_that_refuses_the_key_ends_it_at_once(serve: Serve) -> None:
    server = serve(lambda path, body: (401, {"error": f"no: {SECRET}"}))
    with pytest.raises(GraderError, match=r"the reward model at .* \(--rm-url\)") as raised:
        scored(settings(server.address, SECRET), [completion(str(n)) for n in range(50)])
    assert SECRET not in str(raised.value)
    assert len(server.asked) <= 8


def test_a_server_that_breaks_is_given_up_on(serve: Serve) -> None:
    server = serve(lambda path, body: (422, {"detail": "no"}))
    with pytest.raises(GraderError, match="the reward model at"):
        scored(settings(server.address), [completion(str(n)) for n in range(100)])
    assert len(server.asked) < 40


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(GraderError, match=r"the reward model at http://127\.0\.0\.1:9 "):
        scored(settings("http://127.0.0.1:9"), [completion("a")])


def test_a_reward_of_ours_serves_as_one() -> None:
    """``reward serve`` answers the same contract: one rule set's reward can be another's model."""
    pytest.importorskip("uvicorn")
    process = subprocess.Popen([sys.executable, str(OURS)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        transcript = make_transcript("p", "kind words", "c")
        found, _ = scored(settings(address), [transcript])
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert found[0].extra["rm_score"] == 2.5
