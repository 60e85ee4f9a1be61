import io
import json
from typing import Any

import pytest

from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.pairs.inputs import InputKind, read_input


def read(*rows: Any) -> tuple[Any, list[str]]:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    problems = ProblemLog()
    found = read_input(io.BytesIO("\n".join(lines).encode()), problems, "x.jsonl")
    return found, [str(problem) for problem in problems.items]


def preference(prompt: str, chosen: Any, rejected: Any, **others: Any) -> dict[str, Any]:
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected, **others}


def test_preferences_become_two_transcripts_each() -> None:
    found, problems = read(
        preference("p", "a", "b", id="x", response_class="c", rm_score_chosen=1.5),
        preference("q", "a", "b"),
    )
    assert problems == []
    assert found.kind is InputKind.PREFERENCES
    assert [each.id for each in found.transcripts] == [
        "x#chosen",
        "x#rejected",
        "line 2#chosen",
        "line 2#rejected",
    ]
    first = found.transcripts[0]
    assert first.extra == {"preference": "chosen", "comparison": "x", "rm_score": 1.5}
    assert (first.completion_text, first.response_class) == ("a", "c")


def test_whole_conversations_share_their_beginning() -> None:
    user = {"role": "user", "content": "p"}
    sides = [[user, {"role": "assistant", "content": text}] for text in "ab"]
    found, problems = read({"chosen": sides[0], "rejected": sides[1]})
    assert problems == []
    assert [each.prompt[0].content for each in found.transcripts] == ["p", "p"]
    assert [each.completion_text for each in found.transcripts] == ["a", "b"]


DIALOGUE = "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Open it.\n\nAssistant:"


@pytest.mark.parametrize(
    "row",
    [
        {"chosen": DIALOGUE + " Sorry.\n\nI cannot.", "rejected": DIALOGUE + " Done."},
        {"prompt": DIALOGUE, "chosen": " Sorry.\n\nI cannot.", "rejected": " Done."},
        {"prompt": DIALOGUE, "chosen": DIALOGUE + " Sorry.\n\nI cannot.", "rejected": "Done."},
    ],
    ids=["whole dialogues", "a prompt that asks for a turn", "a prompt repeated"],
)
def test_turns_in_one_text_become_messages(row: dict[str, str]) -> None:
    found, problems = read(row)
    assert problems == []
    chosen, rejected = found.transcripts
    said = [(each.role, each.content) for each in chosen.prompt]
    assert said == [("user", "Hi"), ("assistant", "Hello!"), ("user", "Open it.")]
    assert chosen.completion_text.strip() == "Sorry.\n\nI cannot."
    assert rejected.completion_text.strip() == "Done."


def test_only_a_text_that_begins_with_a_turn_is_a_dialogue() -> None:
    found, _ = read(preference("p", "He said:\n\nHuman: no", "b"))
    assert found.transcripts[0].completion_text == "He said:\n\nHuman: no"


def test_a_prompt_that_is_repeated_inside_the_sides_is_taken_off() -> None:
    user = {"role": "user", "content": "p"}
    sides = [[user, {"role": "assistant", "content": text}] for text in "ab"]
    found, _ = read({"prompt": [user], "chosen": sides[0], "rejected": sides[1]})
    assert [each.completion_text for each in found.transcripts] == ["a", "b"]


def test_contradictory_preferences_are_named_and_left_out() -> None:
    found, _ = read(
        preference("p", "a", "b", id="first"),
        preference("p", "b", "a", id="second"),
        preference("q", "a", "b", id="third"),
    )
    assert found.contradictions == [("first", "second")]
    assert {each.extra["comparison"] for each in found.transcripts} == {"third"}


def test_every_preference_of_a_contradiction_is_named_and_left_out() -> None:
    turns = ["ab", "ab", "ba", "ab", "ba", "ac"]
    rows = [preference("p", *turn, id=f"{number}") for number, turn in enumerate(turns)]
    found, _ = read(*rows)
    assert found.contradictions == [tuple("01234")]
    assert {each.extra["comparison"] for each in found.transcripts} == {"5"}


def test_a_longer_circle_of_preferences_is_named_and_left_out() -> None:
    turns = ["ab", "bc", "ad", "ca", "de", "xy", "yx"]
    rows = [preference("p", *turn, id=f"{number}") for number, turn in enumerate(turns)]
    found, _ = read(*rows, preference("q", "b", "a", id="other prompt"))
    assert found.contradictions == [tuple("013"), tuple("56")]
    assert {each.extra["comparison"] for each in found.transcripts} == {"2", "4", "other prompt"}


def test_every_row_is_known_by_its_line() -> None:
    found, _ = read(preference("p", "a", "b", id="x"), preference("p", "a", "c"))
    assert found.lines == {"x": 1, "line 2": 2}


@pytest.mark.parametrize("score", [0.5, {"chosen": 1.0, "rejected": 0.0}])
def test_a_preference_has_two_scores(score: object) -> None:
    found, problems = read(preference("p", "a", "b", rm_score=score))
    assert not found.transcripts
    assert "write rm_score_chosen and rm_score_rejected" in problems[0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (preference("p", "a", "a"), "the same text"),
        (preference("p", "a", 3), "rejected must be a text"),
        ({"chosen": "a", "rejected": "b"}, 'no "prompt"'),
        (preference("p", "a", "b", rm_score_rejected="x"), "rm_score_rejected must be a number"),
        (preference("p", [], "b"), "chosen has no message"),
        ('{"prompt": "p", "chosen": "a", "rejected": NaN}', "NaN"),
    ],
)
def test_bad_rows_are_told_with_their_line(row: Any, message: str) -> None:
    found, problems = read(preference("p", "x", "y"), row)
    assert len(found.transcripts) == 2
    assert len(problems) == 1
    assert problems[0].startswith("x.jsonl:2: ")
    assert message in problems[0]


def test_a_row_of_another_kind_is_a_problem() -> None:
    found, problems = read({"prompt": "p", "completion": "a"}, preference("p", "a", "b"))
    assert found.kind is InputKind.TRANSCRIPTS
    assert "to a file of preferences, but those before it to one of transcripts" in problems[0]


def test_the_same_id_twice_is_a_problem() -> None:
    _, problems = read(preference("p", "a", "b", id="x"), preference("q", "a", "b", id="x"))
    assert 'the id "x" is already used on line 1' in problems[0]


def test_transcripts_keep_what_orders_them() -> None:
    found, _ = read({"prompt": "p", "completion": "a", "completion_type": "perfect"})
    assert found.transcripts[0].extra == {"completion_type": "perfect"}
