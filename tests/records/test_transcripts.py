"""Transcripts are read in each form that is in use, and nothing of a row is lost."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.errors import FileError, RecordError
from rbrctl.records import readers
from rbrctl.records.models import Message, Transcript
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.readers import registry
from rbrctl.records.transcripts import (
    make_transcript,
    parse_transcript,
    read_transcripts,
    sampled,
    transcript_to_json,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
messages = st.builds(Message, st.sampled_from(["user", "system", "assistant", "tool"]), texts)
assistant_messages = st.builds(Message, st.just("assistant"), texts)
extras = st.dictionaries(
    names.map(lambda name: "x-" + name), st.recursive(st.none() | texts, st.lists), max_size=3
)


def rows(*items: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO(b"".join(json.dumps(item).encode() + b"\n" for item in items))


def read(*items: dict[str, Any]) -> list[Transcript]:
    return list(read_transcripts(rows(*items), raise_problem))


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    made = make_transcript(
        tuple(draw(st.lists(messages, max_size=4))),
        (*draw(st.lists(messages, max_size=2)), draw(assistant_messages)),
    )
    return Transcript(
        id=draw(names),
        prompt=made.prompt,
        completion=made.completion,
        response_class=draw(st.none() | texts),
        labels=draw(st.dictionaries(names, st.booleans(), max_size=3)),
        rank_label=draw(st.none() | texts),
        category=draw(st.none() | texts),
        extra=draw(extras),
        content_digest=made.content_digest,
        prompt_digest=made.prompt_digest,
    )


@given(transcripts())
def test_a_written_transcript_reads_back_the_same(transcript: Transcript) -> None:
    assert read(transcript_to_json(transcript)) == [transcript]


def test_text_messages_and_parts_are_the_same_content() -> None:
    as_text = {"prompt": "Hello", "completion": "Good day"}
    as_messages = {
        "prompt": [{"role": "user", "content": "Hello"}],
        "completion": [{"role": "assistant", "content": [{"type": "text", "text": "Good day"}]}],
    }
    as_one_list = {"messages": [*as_messages["prompt"], *as_messages["completion"]]}
    digests = {parse_transcript(row).content_digest for row in (as_text, as_messages, as_one_list)}
    assert len(digests) == 1


def test_the_published_gold_sets_keys_are_read() -> None:
    (transcript,) = read(
        {
            "prompt": "a",
            "completion": "b",
            "response_type": "Hard Refuse",
            "category": "None",
            "propositions": {"apology": True, "judgement": None},
        }
    )
    assert transcript.response_class == "Hard Refuse"
    assert transcript.category == "None"
    assert transcript.labels == {"apology": True}
    assert transcript.extra == {}


def test_unknown_keys_are_carried_and_a_second_copy_of_the_text_is_not() -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    row = {"prompt": "a", "completion": "c", "messages": messages, "model": "m", "n": [1]}
    (transcript,) = read(row)
    assert transcript.completion_text == "c"
    assert transcript.extra == {"model": "m", "n": [1]}
    (transcript,) = read({"prompt": "the first words", "messages": messages})
    assert (transcript.completion_text, transcript.extra) == ("b", {})


def test_the_last_assistant_message_is_the_completion() -> None:
    conversation = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    (transcript,) = read({"messages": [{"role": r, "content": c} for r, c in conversation]})
    assert transcript.prompt == tuple(Message(role, content) for role, content in conversation[:3])
    assert transcript.completion == (Message("assistant", "d"),)


def test_content_may_be_null_and_only_the_assistant_speaks() -> None:
    completion = [
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "content": "It is 42."},
    ]
    (transcript,) = read({"prompt": "?", "completion": completion})
    assert transcript.completion[0].content == ""
    assert transcript.completion_text == "\n\nIt is 42."
    (refused,) = read(
        {"prompt": "?", "completion": [{"role": "assistant", "content": None, "refusal": "No."}]}
    )
    assert refused.completion_text == "No."


def test_ids_are_made_from_content_and_its_occurrence() -> None:
    row = {"prompt": "a", "completion": "b"}
    first, second, other, third = read(row, row, {"prompt": "a", "completion": "c"}, row)
    assert first.id == first.content_digest
    assert second.id == f"{first.id}-2"
    assert third.id == f"{first.id}-3"
    assert other.id == other.content_digest
    assert first.prompt_digest == other.prompt_digest


def test_a_made_id_avoids_one_that_is_given() -> None:
    row = {"prompt": "a", "completion": "b"}
    digest = parse_transcript(row).content_digest
    given_id, made = read(row | {"id": digest}, row)
    assert (given_id.id, made.id) == (digest, f"{digest}-2")


def test_an_id_that_comes_again_is_a_problem() -> None:
    log = ProblemLog()
    source = rows(
        {"id": 7, "prompt": "a", "completion": "b"},
        {"id": "7", "prompt": "a", "completion": "b"},
        {"id": 7, "prompt": "a", "completion": "other"},
    )
    assert [item.id for item in read_transcripts(source, log, "file")] == ["7"]
    assert [str(item) for item in log.items] == [
        'file:2: the id "7" is already on line 1, with the same content',
        'file:3: the id "7" is already on line 1, with other content',
    ]


def test_strict_reading_stops_at_the_first_problem() -> None:
    with pytest.raises(RecordError, match=r'^<stdin>:1: no "completion"'):
        read({"prompt": "a"})


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot read .*missing: no such file or directory"):
        list(read_transcripts(tmp_path / "missing", raise_problem))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("rbr_gold_train.jsonl", 351),
        ("chatgpt_refusals.jsonl", 1721),
        ("model_spec_examples.jsonl", 389),
    ],
)
def test_real_data_reads_whole_and_round_trips(shared: Path, name: str, count: int) -> None:
    transcripts = list(read_transcripts(shared / "data" / name, raise_problem))
    assert len(transcripts) == len({item.id for item in transcripts}) == count
    assert read(*map(transcript_to_json, transcripts)) == transcripts


ROWS = [make_transcript(f"question {n}", "reply") for n in range(200)]


def test_a_sample_keeps_the_streams_order_and_size():
    drawn = list(sampled(iter(ROWS), 20, seed=1))
    assert len(drawn) == 20
    assert drawn == [row for row in ROWS if row in drawn]


def test_the_seed_decides():
    assert list(sampled(ROWS, 20, seed=1)) == list(sampled(ROWS, 20, seed=1))
    assert list(sampled(ROWS, 20, seed=1)) != list(sampled(ROWS, 20, seed=2))


def test_order_does_not_matter_and_growth_matters_little():
    drawn = {row.id for row in sampled(ROWS, 20, seed=1)}
    assert {row.id for row in sampled(reversed(ROWS), 20, seed=1)} == drawn
    assert len({row.id for row in sampled(ROWS[:190], 20, seed=1)} & drawn) >= 16


def test_a_sample_larger_than_the_stream_is_the_stream():
    assert list(sampled(ROWS[:3], 20, seed=1)) == ROWS[:3]
    assert list(sampled([], 20, seed=1)) == []


TOY = """
from rbrctl.records.models import Message
from rbrctl.records.readers.interface import Reading


def recognises(row):
    return "letter" in row and "reply" in row


def read(row):
    prompt, completion = Message("user", row["letter"]), Message("assistant", row["reply"])
    return Reading((prompt,), (completion,), used=("letter", "reply"))
"""


def test_a_module_in_the_folder_is_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "letters.py").write_text(TOY, "utf-8")
    row = {"id": "a", "letter": "Dear rbrctl", "reply": "Yours", "response_class": "comply", "n": 1}
    with pytest.raises(RecordError, match='no "completion"'):
        parse_transcript(row)
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(tmp_path)])
    registry.all_readers.cache_clear()
    try:
        transcript = parse_transcript(row)
    finally:
        registry.all_readers.cache_clear()
        sys.modules.pop("rbrctl.records.readers.letters", None)
    assert transcript.completion_text == "Yours"
    assert (transcript.response_class, transcript.extra) == ("comply", {"n": 1})


def test_exactly_one_reader_recognises_a_row() -> None:
    conversation = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    for text in ({"prompt": "a", "completion": "b"}, {"messages": conversation}):
        for keys in ({}, {"response_type": "comply"}, {"propositions": {}, "labels": {}}):
            row = text | keys
            assert sum(each.recognises(row) for each in registry.all_readers()) == 1
