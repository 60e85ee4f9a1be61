import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbrctl.digests import digest_of
from rbrctl.graders.embedded.cue_answers import P_ABSENT, P_MOST, P_ONE, probability_of
from rbrctl.graders.embedded.grader import EmbeddedGrader
from rbrctl.graders.embedded.model import EmbeddedModel, PropositionModel
from rbrctl.graders.embedded.model_file import load_model
from rbrctl.graders.interface import Grader
from rbrctl.records.models import Message
from rbrctl.records.problems import raise_problem
from rbrctl.records.transcripts import make_transcript, read_transcripts
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import Proposition, RuleSet

HERE = Place("x.yaml", 1, 1, 1, 2)
MODEL = load_model()


def ruleset(**cues: tuple[str, ...]) -> RuleSet:
    return RuleSet(
        name="t",
        version="1",
        ranks=("good", "bad"),
        response_classes={},
        propositions={name: Proposition(name, HERE, cues=found) for name, found in cues.items()},
        definitions={},
        rules={},
    )


def grader(model: EmbeddedModel | None = MODEL, **cues: tuple[str, ...]) -> EmbeddedGrader:
    return EmbeddedGrader(ruleset(**cues), model)


def probability(completion: str, cues: tuple[str, ...]) -> float:
    answers = grader(own=cues).answer_now(make_transcript("Hi", completion), ["own"])
    found = answers["own"].probability
    assert found is not None
    return found


def test_it_is_a_grader():
    checked: Grader = grader(apology=())
    assert checked.asks_together
    assert checked.concurrency == 1
    assert checked.identity.kind == "embedded"
    assert checked.identity.model == "builtin"


def test_the_model_answers_what_it_knows_and_cues_the_rest():
    both = grader(apology=("sorry",), own=("lock",), nothing=(), empty=("?",))
    assert set(both.question_digests) == {"apology", "own"}
    assert both.question_digests["apology"] == MODEL.digest
    answers = asyncio.run(both.answer(make_transcript("Hi", "Sorry."), ["apology", "own"]))
    assert {name: answer.source for name, answer in answers.items()} == {
        "apology": "embedded",
        "own": "cues",
    }
    assert {name: answer.digest for name, answer in answers.items()} == both.question_digests


def test_without_a_model_only_cues_answer():
    alone = grader(None, apology=("sorry",), other=())
    assert set(alone.question_digests) == {"apology"}
    assert alone.identity.model == "cues"
    assert alone.identity.digest != grader(apology=()).identity.digest


def test_cues_know_more_than_a_base_rate():
    constant = PropositionModel(rows=20, positives=1, constant=0.1)
    model = EmbeddedModel("m", "d", (), {"rare": constant})
    transcript = make_transcript("Hi", "The lock.")
    for cues, source in ((("lock",), "cues"), ((), "embedded")):
        answers = grader(model, rare=cues).answer_now(transcript, ["rare"])
        assert answers["rare"].source == source


def test_only_what_was_asked_is_answered():
    answers = grader(apology=(), judgement=()).answer_now(make_transcript("Hi", "x"), ["apology"])
    assert list(answers) == ["apology"]


def test_the_digest_of_cues_changes_with_the_cues_alone():
    first, same, other = (
        grader(own=cues).question_digests["own"] for cues in [("a", "b"), ("b", "a"), ("a",)]
    )
    assert first == same != other


def test_more_cues_make_it_surer_up_to_a_limit():
    assert probability_of(0) == P_ABSENT < 0.5 < P_ONE == probability_of(1)
    values = [probability_of(count) for count in range(12)]
    assert values == sorted(values)
    assert values[-1] == P_MOST
    assert probability("The lock has a key.", ("lock", "key", "door")) == probability_of(2)
    assert probability("lock lock lock", ("lock",)) == P_ONE


def test_the_cues_found_are_told():
    answers = grader(own=("lock*", "key")).answer_now(make_transcript("Hi", "Locks."), ["own"])
    assert answers["own"].details == {"cues": ["lock*"]}


def test_an_empty_completion_and_an_empty_prompt_are_answered():
    everything = grader(**dict.fromkeys(MODEL.propositions, ()))
    for transcript in (make_transcript("", ""), make_transcript((), ())):
        answers = everything.answer_now(transcript, list(MODEL.propositions))
        assert len(answers) == 23
        assert all(0 <= (answer.probability or 0) <= 1 for answer in answers.values())
    answers = everything.answer_now(make_transcript("Hi there", ""), list(MODEL.propositions))
    assert (answers["illogical_continuation_of_prompt"].probability or 0) > 0.5
    assert (answers["fully_complies"].probability or 1) < 0.5


def test_long_completions_are_cut_and_counted():
    long = grader(apology=())
    assert long.notes == ()
    long.answer_now(make_transcript("Hi", "word " * 30_000), ["apology"])
    long.answer_now(make_transcript("Hi", "word"), ["apology"])
    assert [str(note) for note in long.notes] == [
        "1 completion was longer than 100,000 characters: only head and tail were read",
    ]


@pytest.mark.parametrize(("words", "waits"), [(10, True), (20_000, False)])
def test_nobody_waits_for_a_long_completion(words: int, waits: bool):
    transcript = make_transcript("p", "sorry " * words)
    done: list[str] = []

    async def answer() -> None:
        await grader(apology=()).answer(transcript, ["apology"])
        done.append("answer")

    async def other() -> None:
        done.append("other")

    async def main() -> None:
        await asyncio.gather(answer(), other())

    asyncio.run(main())
    assert done == (["answer", "other"] if waits else ["other", "answer"])


@pytest.mark.parametrize(
    "unit", ["word ", "a", "\n", "i can not ", "I cannot. ", "a. ", '"', "?", "🙂", "1. x\n"]
)
def test_ten_megabytes_are_graded_in_seconds(unit: str):
    hostile = make_transcript(unit * (10_000_000 // len(unit)), unit * (10_000_000 // len(unit)))
    before = time.process_time()
    grader(apology=(), own=("a ... b", "*a*a")).answer_now(hostile, ["apology", "own"])
    assert time.process_time() - before < 15


def test_a_completion_takes_less_than_ten_milliseconds():
    fixtures = Path(__file__).parents[3] / "fixtures" / "transcripts.jsonl"
    transcripts = list(read_transcripts(fixtures, raise_problem))
    everything = grader(**dict.fromkeys(MODEL.propositions, ()))
    before = time.process_time()
    for transcript in transcripts:
        everything.answer_now(transcript, list(MODEL.propositions))
    assert (time.process_time() - before) / len(transcripts) < 0.01


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=400), st.sampled_from(["user", "system", "tool"]))
def test_any_text_gets_probabilities_and_the_same_ones_twice(prompt: str, said: str, role: str):
    transcript = make_transcript((Message(role, prompt),), said)
    names = list(MODEL.propositions)
    first = grader(**dict.fromkeys(names, ())).answer_now(transcript, names)
    second = grader(**dict.fromkeys(names, ())).answer_now(transcript, names)
    assert first == second
    assert all(0 <= (answer.probability or 0) <= 1 for answer in first.values())


def test_the_shipped_model_still_answers_as_version_0_1_did():
    """Results of 0.1 are resumed without asking again, so answers and digest may not change."""
    grader = EmbeddedGrader(load("builtin:safety"), MODEL)
    path = Path(__file__).parents[3] / "fixtures" / "transcripts.jsonl"
    answers = [
        [name, round(answer.probability or 0.0, 9)]
        for transcript in read_transcripts(path, raise_problem)
        for name, answer in sorted(grader.answer_now(transcript, list(MODEL.propositions)).items())
    ]
    assert grader.identity.digest == "a94742c5ea467fbf8cb25afadebcbf6e"
    assert digest_of(answers) == "adb3d2c7cca3b9d4f3ba22806fef2c05"
