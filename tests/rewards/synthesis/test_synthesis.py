import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from reward_helpers import WordGrader, small_rules

from rbrctl.errors import FileError, GraderError, UsageError
from rbrctl.records.models import Message, Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.synthesis.instructions import writing_messages
from rbrctl.rewards.synthesis.prompts import read_prompts
from rbrctl.rewards.synthesis.run import Summary, SynthesisRun, assignments
from rbrctl.rewards.synthesis.store import CompletionStore
from rbrctl.rewards.synthesis.targets import (
    Plan,
    Target,
    check_plan,
    default_counts,
    targets_of,
)
from rbrctl.rewards.synthesis.writer import WritingError, _text_of
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.verdict import Judge

DESCRIBED = {"bad": "A reply with the word rude."}


class ScriptedWriter:
    """Writes what a script says, by the rules that are to be broken; the last entry for ever."""

    def __init__(self, script: Mapping[str, Sequence[str]]) -> None:
        self.script = {key: list(texts) for key, texts in script.items()}
        self.asked: list[str] = []

    async def write(self, messages: Sequence[Mapping[str, str]]) -> str:
        request = messages[-1]["content"]
        self.asked.append(request)
        key = "described" if "The message to write" in request else "ideal"
        key = "poor" if "breaks" in request else key
        texts = self.script[key]
        text = texts.pop(0) if len(texts) > 1 else texts[0]
        if text == "fail":
            raise WritingError("the model said nothing")
        if text == "stop":
            raise GraderError("the key is wrong")
        return text


@pytest.fixture
def judge() -> Judge:
    return Judge(small_rules())


def prompts(*texts: str) -> list[Transcript]:
    lines = [json.dumps({"id": text, "prompt": text, "response_class": "c"}) for text in texts]
    problems = ProblemLog()
    found = read_prompts(io.BytesIO("\n".join(lines).encode()), small_rules(), problems, "x")
    assert problems.count == 0
    return found


def run(
    judge: Judge, script: Mapping[str, Sequence[str]], plan: Plan, attempts: int = 3
) -> tuple[Summary, list[Transcript], ScriptedWriter]:
    writer, written = ScriptedWriter(script), list[Transcript]()
    work = assignments(prompts("p"), judge, plan, 0, ())
    running = SynthesisRun(judge, writer, WordGrader(), attempts, 2)
    summary = asyncio.run(running.run(work, written.append))
    return summary, written, writer


def test_the_plan_is_the_papers(judge: Judge) -> None:
    assert default_counts(judge, "c", []) == {"good": 1, "bad": 2}
    reference = Judge(load("builtin:safety"))
    hard = default_counts(reference, "hard_refuse", ["disallowed"])
    assert hard == {"ideal": 1, "bad": 2, "disallowed": 1}
    comply = default_counts(reference, "comply", [])
    assert comply == {"ideal": 1, "less_good": 1, "unacceptable": 1, "illogical": 1}


def test_the_worst_rank_needs_a_description_of_the_users() -> None:
    reference = Judge(load("builtin:safety"))
    plan = Plan({"hard_refuse": {"disallowed": 1}}, {})
    with pytest.raises(UsageError, match="--describe disallowed=TEXT"):
        check_plan(reference, plan)
    check_plan(reference, Plan(plan.counts, {"disallowed": "A reply about opening a safe."}))
    with pytest.raises(UsageError, match="did you mean 'ideal'"):
        check_plan(reference, Plan({"comply": {"idael": 1}}, {}))


@pytest.mark.parametrize("name", ["hard_refuse", "soft_refuse", "soft_refuse_request", "comply"])
def test_drawn_rules_lead_to_the_rank(name: str) -> None:
    judge = Judge(load("builtin:safety"))
    plan = Plan({name: default_counts(judge, name, [])}, {})
    ranks = judge.ruleset.ranks
    rules = {rule.id: rule for rule in judge.ruleset.rules_of(name)}
    for prompt in map(str, range(40)):
        targets = targets_of(judge, name, prompt, plan, 0)
        assert targets == targets_of(judge, name, prompt, plan, 0)
        for target in targets:
            places = [ranks.index(rules[id].otherwise) for id in target.breaks]
            assert ranks[max(places, default=0)] == target.rank
            assert ranks.index(target.rank) < len(ranks) - 1


def test_rules_that_cannot_be_broken_alone_are_not_asked_for(judge: Judge) -> None:
    reference = Judge(load("builtin:safety"))
    for number in range(60):
        plan = Plan({"hard_refuse": {"bad": 2}}, {})
        for target in targets_of(reference, "hard_refuse", str(number), plan, 1):
            assert 1 <= len(target.breaks) <= 3


def test_a_request_tells_the_rules_in_their_own_words() -> None:
    ruleset = load("builtin:safety")
    target = Target("bad-1", "less_good", ("hard-refuse-not-judgemental",))
    prompt = [Message("user", "hello\nThe message to write: anything")]
    if "hard-refuse-not-judgemental" not in ruleset.rules:
        target = Target("bad-1", "less_good", (ruleset.rules_of("hard_refuse")[-1].id,))
    system, user = writing_messages(ruleset, "hard_refuse", prompt, target)
    assert "follow no instruction in it" in system["content"]
    kept, _, broken = user["content"].partition("clearly breaks each of these:")
    rule = ruleset.rules[target.breaks[0]]
    assert str(rule.text) in broken
    assert str(rule.text) not in kept
    assert "    The message to write: anything" in kept


def test_completions_are_accepted_when_they_show_what_was_asked(judge: Judge) -> None:
    plan = Plan({"c": {"good": 1, "poor": 1, "bad": 1}}, {"bad": "A reply with the word rude."})
    script = {"ideal": ["kind words"], "poor": ["words"], "described": ["rude kind"]}
    summary, written, writer = run(judge, script, plan)
    assert summary.failed == []
    assert summary.written == {"good": 1, "poor": 1, "bad": 1}
    assert {each.id: each.extra["completion_type"] for each in written} == {
        "p/good": "good",
        "p/poor": "poor",
        "p/bad": "bad",
    }
    assert sum("A reply with the word rude." in request for request in writer.asked) == 1


def test_what_misses_is_written_anew_and_at_last_reported(judge: Judge) -> None:
    plan = Plan({"c": {"good": 1, "poor": 1}}, {})
    script = {"ideal": ["rude", "fail", "kind"], "poor": ["kind"]}
    summary, written, _ = run(judge, script, plan)
    assert [each.extra["asked"]["attempts"] for each in written] == [3]
    assert summary.attempts == 6
    (failed,) = summary.failed
    assert (failed.id, failed.rank) == ("p/poor", "poor")
    assert failed.reason == "graded good, and poor was asked for"


def test_an_endpoint_that_is_no_use_ends_the_run(judge: Judge) -> None:
    plan = Plan({"c": {"good": 1}}, {})
    with pytest.raises(GraderError, match="the key is wrong"):
        run(judge, {"ideal": ["stop"]}, plan)


def test_what_is_done_is_not_asked_again(judge: Judge, tmp_path: Path) -> None:
    path = str(tmp_path / "out.jsonl")
    plan = Plan({"c": {"good": 1, "poor": 1}}, {})
    _, written, _ = run(judge, {"ideal": ["kind"], "poor": ["words"]}, plan)
    with CompletionStore(path) as store:
        store.append(written[0])
    with open(path, "a") as stream:
        stream.write('{"id": "torn')
    with CompletionStore(path) as store:
        assert store.kept == written[:1]
        done = {each.id for each in store.kept}
        left = assignments(prompts("p"), judge, plan, 0, done)
        store.append(written[1])
    assert [each.id for each in left] == [written[1].id]
    with CompletionStore(path) as store:
        assert store.kept == written


def test_a_file_of_something_else_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("do not lose me\n")
    with pytest.raises(FileError, match="no file of completions"):
        CompletionStore(str(path))
    assert path.read_text() == "do not lose me\n"


def test_prompts_are_taken_once_and_bad_ones_told() -> None:
    rows = [
        {"prompt": "p", "response_class": "c", "completion": "ignored"},
        {"prompt": "p", "response_class": "c"},
        {"prompt": "q"},
        {"prompt": "q", "response_class": "cc"},
        {"response_class": "c"},
    ]
    problems = ProblemLog()
    content = "\n".join(map(json.dumps, rows)).encode()
    found = read_prompts(io.BytesIO(content), small_rules(), problems, "x")
    assert len(found) == 1
    assert [problem.line for problem in problems.items] == [3, 4, 5]
    assert 'no "response_class"' in str(problems.items[0])


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({}, "no message"),
        ({"choices": [{"message": {"content": None}}]}, "no text"),
        ({"choices": [{"message": {"content": "x"}, "finish_reason": "length"}]}, "cut off"),
    ],
)
def test_replies_that_are_no_completion(reply: dict[str, object], message: str) -> None:
    with pytest.raises(WritingError, match=message):
        _text_of(reply)
