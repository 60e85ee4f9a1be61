import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

import pytest
from graders_for_tests import OracleGrader

from rbrctl.errors import FileError, GraderError, UsageError
from rbrctl.graders.interface import ClassGuess
from rbrctl.grading.engine import Engine, EngineOptions, current_for
from rbrctl.grading.judging import PlainDecoder
from rbrctl.grading.plan import Ask
from rbrctl.records.models import Result, RuleSetIdentity
from rbrctl.records.results_store import NullResultsStore, open_results
from rbrctl.records.transcripts import parse_transcript
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.verdict import Judge

RULES = """
rbrctl: 1
name: tiny
version: "1"
ranks: [good, poor, bad]
response_classes: {talk: {aliases: [Talk]}, silence: {}}
propositions: {kind: {}, long: {}, rude: {}, spare: {}}
rules:
  be-kind: {response_classes: [talk], require: kind, otherwise: poor}
  not-rude: {response_classes: [talk, silence], require: not rude, otherwise: bad}
"""


@pytest.fixture
def judge(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(RULES)
    return Judge(load(path))


def transcript(number, response_class="talk", **labels):
    return parse_transcript(
        {
            "id": f"t{number}",
            "prompt": f"question {number}",
            "completion": f"reply {number}",
            "response_class": response_class,
            "labels": labels,
        }
    )


def grade(judge, grader, transcripts, store=None, ask=Ask.ALL, classifier=None):
    results: list[Result] = []
    engine = Engine(judge, grader, EngineOptions(ask), classifier)

    async def run():
        async with aclosing(engine.results(transcripts, store)) as stream:
            async for result in stream:
                results.append(result)

    asyncio.run(run())
    return engine.summary, results


def open_store(path, judge, grader, **options):
    return open_results(
        path,
        RuleSetIdentity.of(judge.ruleset),
        grader.identity,
        current_for(grader),
        lambda problem: None,
        **options,
    )


def test_each_transcript_is_answered_and_judged(judge):
    grader = OracleGrader(judge.ruleset)
    rows = [transcript(1, kind=True), transcript(2), transcript(3, "Talk", kind=True, rude=True)]
    summary, results = grade(judge, grader, rows)
    assert [result.rank for result in results] == ["good", "poor", "bad"]
    assert results[2].rules == {"be-kind": "held", "not-rude": "broken"}
    assert results[0].response_class_source == "given"
    assert (summary.graded, summary.complete) == (3, True)


def test_needed_asks_what_the_class_depends_on_and_what_is_labelled(judge):
    grader = OracleGrader(judge.ruleset)
    rows = [transcript(1), transcript(2, "silence"), transcript(3, "silence", spare=False)]
    grade(judge, grader, rows, ask=Ask.NEEDED)
    assert [asked for _, asked in grader.calls] == [("kind", "rude"), ("rude",), ("rude", "spare")]


def test_without_a_class_all_is_asked_and_nothing_judged(judge):
    grader = OracleGrader(judge.ruleset)
    summary, results = grade(judge, grader, [transcript(1, None)], ask=Ask.NEEDED)
    assert grader.calls == [("t1", ("kind", "long", "rude", "spare"))]
    assert (results[0].rank, results[0].rules) == (None, {})
    assert (summary.without_class, summary.complete) == (1, False)


def test_an_unknown_class_or_label_is_counted_and_kept(judge):
    row = transcript(1, "talkative", kind=True, mystery=True)
    summary, results = grade(judge, OracleGrader(judge.ruleset), [row])
    assert summary.unknown_classes == {"talkative": 1}
    assert summary.unknown_labels == {"mystery": 1}
    assert results[0].unresolved_class == "talkative"
    assert results[0].labels == {"kind": True, "mystery": True}


def test_a_failed_answer_is_no_score(judge):
    grader = OracleGrader(judge.ruleset, failing=[("t1", "kind")])
    summary, results = grade(judge, grader, [transcript(1, kind=True)])
    assert results[0].rules == {"be-kind": "undetermined", "not-rude": "held"}
    assert results[0].rank is None
    assert results[0].rank_probabilities is None
    assert summary.failed_answers == {"kind": 1}
    assert not summary.complete


def test_what_a_grader_knows_nothing_of_is_unknown(judge):
    grader = OracleGrader(judge.ruleset, knows=["rude"])
    summary, results = grade(judge, grader, [transcript(1), transcript(2, rude=True)])
    assert summary.unanswerable == ("kind",)
    assert [result.rank for result in results] == [None, "bad"]


def test_work_in_flight_is_bounded_and_nothing_is_lost(judge):
    grader = OracleGrader(judge.ruleset, concurrency=4)
    summary, results = grade(judge, grader, [transcript(n) for n in range(50)])
    assert grader.most_in_flight == 4
    assert {result.id for result in results} == {f"t{n}" for n in range(50)}
    assert summary.graded == 50


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_later_run_asks_only_what_is_missing(judge, tmp_path, concurrency):
    path = tmp_path / "results.jsonl"
    rows = [transcript(n, kind=n % 2 == 0) for n in range(9)]
    grader = OracleGrader(judge.ruleset, concurrency=concurrency, dies_at="t6")
    with open_store(path, judge, grader) as store, pytest.raises(GraderError, match="gone"):
        grade(judge, grader, rows, store)
    stored = set(path.read_text().splitlines())
    assert 4 <= len(stored) < 9
    again = OracleGrader(judge.ruleset, concurrency=concurrency)
    with open_store(path, judge, again) as store:
        summary, results = grade(judge, again, rows, store)
    assert summary.kept == len(stored)
    assert len(again.calls) == 9 - len(stored)
    assert sorted(result.id for result in results) == [f"t{n}" for n in range(9)]
    assert len(path.read_text().splitlines()) == 9


class OneIsFast(OracleGrader):
    """Answers t0 at once and the others a little later."""

    async def answer(self, transcript, propositions):
        if transcript.id != "t0":
            await asyncio.sleep(0.02)
        return await super().answer(transcript, propositions)


def test_what_was_finished_when_the_caller_stops_is_stored(judge, tmp_path):
    grader = OneIsFast(judge.ruleset, concurrency=3)
    store = open_store(tmp_path / "results.jsonl", judge, grader)

    async def take_one():
        engine = Engine(judge, grader, EngineOptions(Ask.ALL))
        rows = [transcript(number) for number in range(9)]
        async with aclosing(engine.results(rows, store)) as stream:
            async for _ in stream:
                await asyncio.sleep(0.2)  # The others finish while the caller is busy.
                break

    with store:
        asyncio.run(take_one())
        assert [result.id for result in store.results()][:1] == ["t0"]
        assert store.count == len(grader.calls) == 3


def test_a_store_that_fails_ends_the_run(judge):
    class FullStore(NullResultsStore):
        def append(self, result):
            raise FileError("the disk is full")

    grader = OracleGrader(judge.ruleset, concurrency=3)
    with pytest.raises(FileError, match="full"):
        grade(judge, grader, [transcript(number) for number in range(9)], FullStore())
    assert len(grader.calls) < 9


class Halver:
    """Decodes every answer as half as probable, so that no proposition is true."""

    def probability(self, name, answer):
        return None if answer.probability is None else answer.probability / 2

    def truth(self, name, answer):
        return None if answer.probability is None else answer.probability >= 1


def test_a_kept_line_takes_over_the_probabilities_of_another_calibration(judge, tmp_path):
    path = tmp_path / "results.jsonl"
    rows = [transcript(1, "silence", rude=False)]
    stored = []
    for decoder in (PlainDecoder(), Halver()):
        grader = OracleGrader(judge.ruleset)
        engine = Engine(judge, grader, EngineOptions(Ask.ALL, decoder))

        async def run(engine=engine, store=None):
            return [result async for result in engine.results(rows, store)]

        with open_store(path, judge, grader) as store:
            asyncio.run(run(engine, store))
        stored.append(json.loads(path.read_text())["rank_probabilities"])
    assert [row["bad"] for row in stored] == [0.1, 0.05]


def test_new_labels_are_taken_over_without_asking(judge, tmp_path):
    path = tmp_path / "results.jsonl"
    grader = OracleGrader(judge.ruleset)
    with open_store(path, judge, grader) as store:
        grade(judge, grader, [transcript(1)], store)
    again = OracleGrader(judge.ruleset)
    with open_store(path, judge, again) as store:
        summary, results = grade(judge, again, [transcript(1, "silence", kind=True)], store)
    assert again.calls == []
    assert summary.kept == 1
    assert (results[0].response_class, results[0].labels) == ("silence", {"kind": True})
    assert len(path.read_text().splitlines()) == 1
    assert '"silence"' in path.read_text()


def test_a_changed_question_is_asked_again(judge, tmp_path):
    path = tmp_path / "results.jsonl"
    first, second = OracleGrader(judge.ruleset), OracleGrader(judge.ruleset)
    second.question_digests = {**second.question_digests, "kind": "changed"}
    for grader in (first, second):
        with open_store(path, judge, grader) as store:
            grade(judge, grader, [transcript(1)], store)
    assert len(second.calls) == 1
    assert len(path.read_text().splitlines()) == 1


class Guesser:
    """Guesses one class, or fails."""

    def __init__(self, response_class):
        self.response_class = response_class
        self.calls = 0

    async def classify(self, transcript):
        self.calls += 1
        if self.response_class is None:
            return ClassGuess(error="no idea")
        return ClassGuess(response_class=self.response_class, probability=0.75)


def test_a_missing_class_is_inferred_once(judge, tmp_path):
    path = tmp_path / "results.jsonl"
    guesser = Guesser("silence")
    for _ in range(2):
        grader = OracleGrader(judge.ruleset)
        with open_store(path, judge, grader) as store:
            summary, results = grade(
                judge, grader, [transcript(1, None, rude=True)], store, classifier=guesser
            )
    assert guesser.calls == 1
    assert (results[0].response_class, results[0].response_class_source) == ("silence", "inferred")
    assert results[0].rank == "bad"
    assert results[0].class_probability == 0.75
    assert (summary.inferred_class, summary.without_class, summary.complete) == (1, 0, True)


def test_a_class_that_cannot_be_inferred_is_missing(judge):
    guesser = Guesser(None)
    summary, results = grade(
        judge, OracleGrader(judge.ruleset), [transcript(1, None)], classifier=guesser
    )
    assert results[0].rank is None
    assert (summary.without_class, summary.failed_inferences) == (1, 1)
    assert summary.first_failed_inference == "no idea"


def test_lazy_asking_settles_the_rank_with_fewer_questions_and_says_so(judge):
    grader = OracleGrader(judge.ruleset)
    grader.asks_together = False
    rows = [transcript(n, kind=True, rude=True) for n in range(20)]
    _, results = grade(judge, grader, rows, ask=Ask.LAZY)
    assert {result.rank for result in results} == {"bad"}
    assert all(result.asked_lazily for result in results)
    assert all(set(result.answers) == {"rude"} for result in results)


def test_a_lazy_line_is_not_enough_for_a_full_run(judge, tmp_path):
    path = tmp_path / "results.jsonl"
    for ask in (Ask.LAZY, Ask.LAZY, Ask.NEEDED):
        grader = OracleGrader(judge.ruleset)
        grader.asks_together = False
        with open_store(path, judge, grader) as store:
            summary, results = grade(judge, grader, [transcript(1, rude=True)], store, ask)
        assert len(grader.calls) == (0 if summary.kept else 1)
    assert set(results[0].answers) == {"kind", "rude"}
    assert not results[0].asked_lazily


@pytest.mark.parametrize("claim", [{"try": 3}, "lazy"])
def test_what_a_transcript_says_under_asked_is_not_how_its_result_was_asked(judge, tmp_path, claim):
    row = replace(transcript(1, rude=True), extra={"asked": claim})
    for ask, calls in ((Ask.NEEDED, 1), (Ask.NEEDED, 0), (Ask.LAZY, 0)):
        grader = OracleGrader(judge.ruleset)
        grader.asks_together = False
        path = tmp_path / "results.jsonl"
        with open_store(path, judge, grader) as store:
            _, results = grade(judge, grader, [row], store, ask)
            # A line that is complete is not written anew, whatever it carries through.
            assert path.read_text("utf-8").count("\n") == 1
        assert len(grader.calls) == calls
        assert not results[0].asked_lazily


def test_lazy_asking_is_refused_where_it_saves_nothing(judge):
    with pytest.raises(UsageError, match="saves nothing"):
        grade(judge, OracleGrader(judge.ruleset), [], ask=Ask.LAZY)
