"""The library's call: a file or transcripts in, results out, also beside a running event loop."""

import asyncio
import json
import signal
import threading
from pathlib import Path

import pytest
from graders_for_tests import OracleGrader

import rbrctl
from rbrctl.cli.main import run
from rbrctl.errors import RecordError, RuleSetError, UsageError
from rbrctl.graders import kinds

RULES = """
rbrctl: 1
name: tiny
version: "1"
ranks: [good, bad]
response_classes: {talk: {aliases: [Talk]}}
policy:
  chat: {description: Chat., categories: {small: {description: Small., response_class: talk}}}
propositions: {rude: {cues: [you fool]}}
rules:
  not-rude: {response_classes: [talk], require: not rude, otherwise: bad}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [
        {"id": "a", "prompt": "Hi", "completion": "You fool!", "response_class": "Talk"},
        {"id": "b", "prompt": "Hi", "completion": "Good day.", "category": "small"},
        {"id": "c", "prompt": "Hi", "completion": "Good day!"},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def ranks(results) -> dict[str, str | None]:
    return {result.id: result.rank for result in results}


def test_a_file_is_graded_with_paths_alone(rules: Path, rows: Path) -> None:
    assert ranks(rbrctl.grade(rows, rules)) == {"a": "bad", "b": "good", "c": None}


def test_transcripts_and_a_loaded_rule_set_will_do(rules: Path) -> None:
    row = rbrctl.make_transcript("Hi", "You fool!", "talk")
    assert ranks(rbrctl.grade([row], rbrctl.load(rules))) == {row.id: "bad"}


def test_a_class_for_those_without_one(rules: Path, rows: Path) -> None:
    assert ranks(rbrctl.grade(rows, rules, response_class="Talk"))["c"] == "good"
    with pytest.raises(UsageError, match="no response class 'chat'"):
        list(rbrctl.grade(rows, rules, response_class="chat"))


def test_a_results_file_is_continued(rules: Path, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    first = OracleGrader(rbrctl.load(rules))
    list(rbrctl.grade(rows, rules, first, output=out))
    again = OracleGrader(rbrctl.load(rules))
    assert len(list(rbrctl.grade(rows, rules, again, output=out))) == 3
    assert (len(first.calls), len(again.calls)) == (3, 0)


def test_taking_one_result_ends_everything(rules: Path, rows: Path) -> None:
    before = threading.active_count()
    results = rbrctl.grade(rows, rules)
    assert next(results).id == "a"
    results.close()
    assert threading.active_count() == before


class Slow(OracleGrader):
    """Answers the first transcript, and presses Ctrl-C in the main thread at the second."""

    async def answer(self, transcript, propositions):
        if self.calls:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            await asyncio.sleep(60)
        return await super().answer(transcript, propositions)


def test_an_interrupt_ends_everything_and_keeps_what_was_stored(
    rules: Path, rows: Path, tmp_path: Path
) -> None:
    before = threading.active_count()
    grader = Slow(rbrctl.load(rules))
    out = tmp_path / "results.jsonl"
    with pytest.raises(KeyboardInterrupt):
        list(rbrctl.grade(rows, rules, grader, output=out))
    assert grader.closed
    assert threading.active_count() == before
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == ["a"]


class Watching(OracleGrader):
    """Takes long over all rows but the first, and counts answers that end after it was closed."""

    late = 0

    async def answer(self, transcript, propositions):
        try:
            if transcript.id != "a":
                await asyncio.sleep(60)
            return await super().answer(transcript, propositions)
        finally:
            self.late += self.closed


def test_stopping_an_asynchronous_run_ends_the_asking_before_the_grader_is_closed(
    rules: Path, rows: Path
) -> None:
    grader = Watching(rbrctl.load(rules), concurrency=2)

    async def take_one() -> None:
        results = rbrctl.grade_async(rows, rules, grader)
        await anext(results)
        await results.aclose()

    asyncio.run(take_one())
    assert (grader.closed, grader.late) == (True, 0)


def test_an_unknown_way_of_asking_is_refused(rules: Path, rows: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'needed'"):
        list(rbrctl.grade(rows, rules, ask="neded"))


def test_inside_a_running_loop_both_calls_work(rules: Path, rows: Path) -> None:
    async def notebook() -> tuple[list, list]:
        plain = list(rbrctl.grade(rows, rules))
        return plain, [result async for result in rbrctl.grade_async(rows, rules)]

    plain, awaited = asyncio.run(notebook())
    assert plain == awaited


def test_bad_lines_raise_unless_they_are_taken(rules: Path, rows: Path) -> None:
    rows.write_text("[]\n" + rows.read_text())
    with pytest.raises(RecordError, match=r"rows.jsonl:1: "):
        list(rbrctl.grade(rows, rules))
    problems: list = []
    assert len(list(rbrctl.grade(rows, rules, on_problem=problems.append))) == 3
    assert [problem.line for problem in problems] == [1]


@pytest.mark.parametrize(
    ("grader", "message"),
    [("oracle", "no grader 'oracle'"), ("recorded", "which results"), ("endpoint:m", "--model")],
)
def test_a_grader_that_is_none_is_refused(rules: Path, rows: Path, grader, message) -> None:
    with pytest.raises(UsageError, match=message):
        list(rbrctl.grade(rows, rules, grader))


def test_rules_that_are_broken_are_named(rules: Path, rows: Path) -> None:
    rules.write_text(RULES.replace("not rude", "not kind"))
    with pytest.raises(RuleSetError, match="'kind'"):
        list(rbrctl.grade(rows, rules))


TOY = """
from rbrctl.graders.interface import OpenedGrader
from rbrctl.records.models import Answer, GraderIdentity


class Toy:
    asks_together, concurrency, notes = True, 1, ()

    def __init__(self, ruleset, word):
        self.identity = GraderIdentity("toy", word)
        self.word = word
        self.question_digests = {name: word for name in ruleset.propositions}

    async def answer(self, transcript, propositions):
        found = float(self.word in transcript.completion_text)
        return {name: Answer(found, "toy", self.word) for name in propositions}

    async def close(self):
        pass


class ToyKind:
    help = "toy:WORD"
    asks_endpoint = False
    sees = frozenset()

    def check(self, argument):
        pass

    async def open(self, request):
        return OpenedGrader(Toy(request.ruleset, request.argument))


KIND = ToyKind()
"""


def test_a_new_kind_of_grader_is_one_file(
    rules: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "toy_words.py").write_text(TOY)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(folder)])
    assert ranks(rbrctl.grade(rows, rules, "toy_words:day"))["b"] == "bad"
    code = run(["grade", str(rows), "--rules", str(rules), "--grader", "toy_words:day"])
    assert (code, "3 results" in capsys.readouterr().out) == (4, True)
