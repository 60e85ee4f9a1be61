"""A run: what is accepted, tried again and given up, and what a later run need not pay again."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from reward_helpers import WordGrader
from synthesis_helpers import RULES, run

from rbrctl.errors import FileError, GraderError, UsageError
from rbrctl.records.models import Answer, Transcript
from rbrctl.rewards.synthesis.checker import Checker
from rbrctl.rewards.synthesis.store import CompletionStore
from rbrctl.rewards.synthesis.targets import Plan
from rbrctl.ruleset.verdict import Judge

GOOD = Plan({"c": {"good": 1}}, {})
POOR = Plan({"c": {"poor": 1}}, {})


def tries_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(f"{path}.tries.jsonl").read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def test_completions_are_accepted_when_they_show_what_was_asked(path: Path) -> None:
    plan = Plan({"c": {"good": 1, "poor": 1, "bad": 1}}, {"bad": "A reply with the word rude."})
    script = {"ideal": ["kind words"], "poor": ["words"], "described": ["rude kind"]}
    ran = run(path, script, plan)
    assert ran.summary.failed == []
    assert ran.summary.written == {"good": 1, "poor": 1, "bad": 1}
    assert {each.id: each.extra["completion_type"] for each in ran.kept} == {
        "p/good": "good",
        "p/poor": "poor",
        "p/bad": "bad",
    }
    assert {each.id: each.extra["broken"] for each in ran.kept} == {
        "p/good": [],
        "p/poor": ["be-kind"],
        "p/bad": ["not-rude"],
    }
    assert {each.id: each.rank for each in ran.results} == {
        "p/good": "good",
        "p/poor": "poor",
        "p/bad": "bad",
    }
    assert sum("A reply with the word rude." in request for request in ran.asked) == 1


def test_a_completion_that_breaks_a_rule_it_should_keep_is_a_miss(path: Path) -> None:
    plan = Plan({"c": {"bad": 1}}, {})
    ran = run(path, {"poor": ["rude", "kind rude"]}, plan, texts=("p",))
    (kept,) = ran.kept
    wanted = set(kept.extra["asked"]["breaks"])
    if wanted == {"not-rude"}:
        assert "breaks be-kind too, which was to be kept" in str(tries_of(path))
        assert kept.completion_text == "kind rude"
    else:
        assert kept.completion_text == "rude"
    described = Plan({"c": {"bad": 1}}, {"bad": "Be rude."})
    ran = run(path.with_name("b.jsonl"), {"described": ["rude"]}, described)
    assert [each.extra["broken"] for each in ran.kept] == [["be-kind", "not-rude"]]


def test_what_misses_is_written_anew_and_at_last_reported(path: Path) -> None:
    plan = Plan({"c": {"good": 1, "poor": 1}}, {})
    ran = run(path, {"ideal": ["rude", "fail", "kind"], "poor": ["kind"]}, plan)
    assert [each.extra["asked"]["try"] for each in ran.kept] == [3]
    assert ran.summary.tries == 6
    (failed,) = ran.summary.failed
    assert (failed.id, failed.rank, failed.tries) == ("p/poor", "poor", 3)
    assert failed.reason == "graded good, and poor was asked for"


def test_tries_count_over_runs(path: Path) -> None:
    run(path, {"poor": ["kind"]}, POOR, attempts=2)
    again = run(path, {"poor": ["kind"]}, POOR, attempts=2)
    assert again.asked == []
    assert again.summary.failed[0].reason == "graded good, and poor was asked for"
    more = run(path, {"poor": ["kind", "words"]}, POOR, attempts=4)
    assert len(more.asked) == 2
    assert [each.id for each in more.kept] == ["p/poor"]


def test_a_request_without_a_reply_is_no_try(path: Path) -> None:
    ran = run(path, {"ideal": ["none"]}, GOOD)
    assert len(ran.asked) == 1
    assert ran.summary.failed[0].reason == "status 400: flagged"
    assert run(path, {"ideal": ["kind"]}, GOOD).kept[0].extra["asked"]["try"] == 1


def test_an_endpoint_that_is_no_use_ends_the_run(path: Path) -> None:
    ran = run(path, {"ideal": ["stop"]}, GOOD, texts=[f"p{n}" for n in range(9)])
    assert "the key is wrong" in str(ran.error)
    assert len(ran.asked) <= 2


def test_a_spent_budget_keeps_what_is_in_flight(path: Path) -> None:
    texts = [f"p{n}" for n in range(6)]
    ran = run(path, {"ideal": ["kind", "kind", "spent"]}, GOOD, texts=texts)
    assert ran.error is None
    assert ran.summary.stopped == "stopped after 1 calls"
    assert len(ran.kept) == sum(1 for each in tries_of(path) if "text" in each) >= 2
    assert ran.summary.failed == []
    again = run(path, {"ideal": ["kind"]}, GOOD, texts=texts)
    assert len(again.asked) == 6 - len(ran.kept)
    assert len(again.kept) == 6


class FailingGrader(WordGrader):
    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        return {name: Answer(error="status 500: broke") for name in propositions}


class DeadGrader(WordGrader):
    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        raise GraderError("nobody is there")


@pytest.mark.parametrize("grader", [FailingGrader(), DeadGrader()])
def test_what_could_not_be_graded_is_graded_later_and_not_paid_again(
    path: Path, grader: WordGrader
) -> None:
    ran = run(path, {"ideal": ["kind"]}, GOOD, attempts=4, grader=grader)
    assert len(ran.asked) == 1
    assert ran.kept == []
    if ran.error is None:
        reason = ran.summary.failed[0].reason
        assert reason == "not graded: kind: status 500: broke"
    again = run(path, {"ideal": ["rude"]}, GOOD)
    assert again.asked == []
    assert [each.completion_text for each in again.kept] == ["kind"]


def test_after_a_kill_no_text_that_was_kept_is_paid_again(path: Path) -> None:
    plan = Plan({"c": {"good": 1, "poor": 1}}, {})
    first = run(path, {"ideal": ["rude", "kind"], "poor": ["words"]}, plan)
    beside = Path(f"{path}.tries.jsonl")
    lines, tries = path.read_bytes(), beside.read_bytes()
    paid = [each for each in tries_of(path) if "asked" in each]
    for cut in range(0, len(tries) + 1, 7):
        beside.write_bytes(tries[:cut])
        # The completions' rows follow the tries of theirs.
        outcomes = tries[:cut].count(b'"outcome": "accepted"')
        path.write_bytes(b"".join(lines.splitlines(keepends=True)[:outcomes]))
        there = tries[: tries[:cut].rfind(b"\n") + 1].count(b'"text"')
        again = run(path, {"ideal": ["kind"], "poor": ["words"]}, plan)
        assert {each.id for each in again.kept} == {each.id for each in first.kept}
        assert len(again.asked) <= len(paid) - there


def test_a_lost_row_of_an_accepted_text_is_not_paid_again(path: Path) -> None:
    run(path, {"ideal": ["kind"]}, GOOD)
    path.unlink()
    again = run(path, {"ideal": ["rude"]}, GOOD)
    assert (again.asked, len(again.kept)) == ([], 1)


def test_another_plan_or_rule_set_is_refused(path: Path) -> None:
    run(path, {"ideal": ["kind"]}, GOOD)
    before = path.read_bytes()
    described = Plan(GOOD.counts, {"good": "A kind one."})
    with pytest.raises(UsageError, match=r"another plan .*--overwrite to start this one afresh"):
        run(path, {"described": ["kind"]}, described)
    path.unlink()
    with pytest.raises(UsageError, match=r"p/good was for good, and is now for good as described"):
        run(path, {"described": ["kind"]}, described)
    path.write_bytes(before.replace(RULES.digest.encode(), b"0" * 32))
    with pytest.raises(UsageError, match=r"another rule set \(digest 000000000000\)"):
        CompletionStore(str(path), RULES)


def test_prompts_that_come_later_are_written_too(path: Path) -> None:
    run(path, {"ideal": ["kind"]}, GOOD, texts=("p",))
    again = run(path, {"ideal": ["kind"]}, GOOD, texts=("q", "p"))
    assert len(again.asked) == 1
    assert [each.id for each in again.kept] == ["p/good", "q/good"]


def test_two_runs_cannot_have_one_file(path: Path) -> None:
    with CompletionStore(str(path), RULES):
        with pytest.raises(FileError, match="another run is writing to it"):
            CompletionStore(str(path), RULES)
        assert CompletionStore(str(path), RULES, write=False).kept == {}
    CompletionStore(str(path), RULES).close()


def test_reading_only_makes_and_changes_nothing(path: Path) -> None:
    CompletionStore(str(path), RULES, write=False)
    assert list(path.parent.iterdir()) == []
    path.write_text('{"id": "torn')
    CompletionStore(str(path), RULES, write=False)
    assert path.read_text() == '{"id": "torn'
    CompletionStore(str(path), RULES).close()
    assert path.read_text() == ""


@pytest.mark.parametrize(
    "content",
    ["do not lose me\n", "do not lose me", '{"id": "a", "prompt": "p", "completion": "c"}\n'],
)
def test_a_file_of_something_else_is_not_written_to(path: Path, content: str) -> None:
    for name in (path, Path(f"{path}.tries.jsonl")):
        name.write_text(content)
        with pytest.raises(FileError, match=r"this is no file of (completions|tries)"):
            CompletionStore(str(path), RULES)
        assert name.read_text() == content
        name.unlink()
        for each in path.parent.iterdir():
            each.unlink()


def test_a_grader_that_cannot_answer_is_refused_first() -> None:
    class Knowing(WordGrader):
        question_digests: Mapping[str, str] = {"kind": "1"}  # type: ignore[assignment]

    checker = Checker(Judge(RULES), Knowing())
    with pytest.raises(UsageError, match="c: the grader knows nothing of rude"):
        checker.require("c")
