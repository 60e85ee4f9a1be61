"""What holds for the engine whatever it is given, and wherever a run is interrupted."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.digests import digest_of
from rbrctl.errors import GraderError
from rbrctl.grading.engine import Engine, EngineOptions, current_for
from rbrctl.grading.plan import Ask
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity, Transcript
from rbrctl.records.results_store import open_results
from rbrctl.records.transcripts import parse_transcript
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.verdict import Judge

RULES = """
rbrctl: 1
name: tiny
version: "1"
ranks: [good, poor, bad]
response_classes: {talk: {aliases: [Talk]}, silence: {}}
policy:
  chat: {description: Chat., categories: {small: {description: Small., response_class: talk}}}
propositions: {kind: {}, long: {}, rude: {}, spare: {}}
rules:
  be-kind: {response_classes: [talk], require: kind or not long, otherwise: poor}
  not-rude: {response_classes: [talk, silence], require: not rude, otherwise: bad}
"""
NAMES = ("kind", "long", "rude", "spare")


def _judge() -> Judge:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(RULES)
        return Judge(load(path))


JUDGE = _judge()


class KilledError(Exception):
    """Something that no part of the program expects."""


@dataclass(frozen=True)
class Fate:
    """How a run ends early: an error at some call, or a caller that stops after some results."""

    at_call: int | None = None
    error: type[Exception] = GraderError
    after_results: int | None = None


class ScriptedGrader:
    """Answers by a digest of the content, after a few turns of the loop; fails where it is told."""

    identity = GraderIdentity("scripted", "digest")
    question_digests = dict.fromkeys(NAMES, "question")
    notes = ()

    def __init__(self, concurrency: int, failing: Collection[tuple[str, str]], fate: Fate) -> None:
        self.concurrency = concurrency
        self.asks_together = False
        self.asked: list[str] = []
        self._failing = failing
        self._fate = fate

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        self.asked.append(transcript.id)
        if len(self.asked) == self._fate.at_call:
            raise self._fate.error("killed")
        answers = {name: self._answer(transcript, name) for name in propositions}
        for _ in range(int(digest_of(transcript.id)[:1], 16) % 5):
            await asyncio.sleep(0)
        return answers

    def _answer(self, transcript: Transcript, name: str) -> Answer:
        if (transcript.completion_text, name) in self._failing:
            return Answer(error="no answer", digest="question")
        share = int(digest_of([transcript.content_digest, name])[:4], 16) / 0xFFFF
        return Answer(share, "scripted", "question")

    async def close(self) -> None:
        pass


COMPLETIONS = [f"reply {number}" for number in range(6)]
TRANSCRIPTS = st.builds(
    lambda number, copy, completion, response_class, category, labels: parse_transcript(
        {
            "id": f"{number}-{completion}-{copy}",
            "prompt": f"question {number}",
            "completion": completion,
            **{key: value for key, value in (("category", category),) if value},
            **{key: value for key, value in (("response_class", response_class),) if value},
            "labels": labels,
        }
    ),
    st.integers(0, 3),
    st.integers(0, 1),
    st.sampled_from(COMPLETIONS),
    st.sampled_from([None, "talk", "Talk", "silence", "shout"]),
    st.sampled_from([None, "small", "large"]),
    st.dictionaries(st.sampled_from([*NAMES, "unknown"]), st.booleans(), max_size=2),
)
ROWS = st.lists(TRANSCRIPTS, max_size=12)
"""Two rows of one id have the same content, but may differ in class, category and labels."""
FAILING = st.sets(st.tuples(st.sampled_from(COMPLETIONS), st.sampled_from(NAMES)), max_size=3)
FATES = st.one_of(
    st.builds(Fate, at_call=st.integers(1, 12), error=st.sampled_from([GraderError, KilledError])),
    st.builds(Fate, after_results=st.integers(0, 12)),
)
CONCURRENCY = st.integers(1, 5)


def run(
    rows: Sequence[Transcript], grader: ScriptedGrader, path: Path | None, fate: Fate, ask: Ask
) -> list[Result]:
    """Grade rows until the end or the fate; return what was yielded."""
    results: list[Result] = []

    async def work() -> None:
        engine = Engine(JUDGE, grader, EngineOptions(ask))
        identity = RuleSetIdentity.of(JUDGE.ruleset)
        store = path and open_results(
            path, identity, grader.identity, current_for(grader), lambda problem: None
        )
        try:
            async with aclosing(engine.results(rows, store)) as stream:
                async for result in stream:
                    if len(results) == fate.after_results:
                        break
                    results.append(result)
        finally:
            if store is not None:
                store.close()

    try:
        asyncio.run(work())
    except (GraderError, KilledError):
        assert fate.at_call is not None
    return results


def whole_run(
    rows: Sequence[Transcript],
    concurrency: int,
    failing: Collection[tuple[str, str]] = (),
    ask: Ask = Ask.NEEDED,
) -> list[Result]:
    return run(rows, ScriptedGrader(concurrency, failing, Fate()), None, Fate(), ask)


def outcomes(results: Sequence[Result]) -> Counter[str]:
    """Return what was found out, as a multiset of texts."""
    return Counter(repr(_outcome(result)) for result in results)


def _outcome(result: Result) -> tuple[object, ...]:
    return (
        *(result.id, result.content_digest, result.response_class, sorted(result.labels.items())),
        sorted((name, answer.probability) for name, answer in result.answers.items()),
        *(sorted(result.rules.items()), result.rank, sorted(result.extra.items())),
    )


def one_of_each(rows: Sequence[Transcript]) -> list[Transcript]:
    return list({row.id: row for row in rows}.values())


@examples(100)
@given(ROWS, FAILING, CONCURRENCY, st.lists(FATES, max_size=3))
def test_interrupted_runs_add_up_to_one_that_was_not(rows, failing, concurrency, fates):
    rows = one_of_each(rows)
    whole = whole_run(rows, concurrency, failing)
    complete = {
        result.id
        for result in whole
        if all(answer.error is None for answer in result.answers.values())
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        yielded: set[str] = set()
        for fate in (*fates, Fate()):
            grader = ScriptedGrader(concurrency, failing, fate)
            results = run(rows, grader, path, fate, Ask.NEEDED)
            assert not outcomes(results) - outcomes(whole)
            # What was yielded had been stored: it is not asked again, unless an answer failed.
            assert complete.isdisjoint(yielded.intersection(grader.asked))
            yielded.update(result.id for result in results)
        assert outcomes(results) == outcomes(whole)
        lines = path.read_text().splitlines()
    assert len(lines) == len(rows)


@examples(100)
@given(ROWS, FAILING, CONCURRENCY, FATES)
def test_rows_of_one_id_each_get_their_own_result(rows, failing, concurrency, fate):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        for ending in (fate, Fate()):
            grader = ScriptedGrader(concurrency, failing, ending)
            results = run(rows, grader, path, ending, Ask.ALL)
    assert outcomes(results) == outcomes(whole_run(rows, 1, failing, Ask.ALL))


@examples(100)
@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), FAILING)
def test_order_and_concurrency_change_nothing(rows_twice, failing):
    rows, shuffled = rows_twice
    assert outcomes(whole_run(rows, 1, failing)) == outcomes(whole_run(shuffled, 4, failing))


@examples(100)
@given(ROWS, CONCURRENCY)
def test_lazy_asking_finds_the_same_ranks_with_fewer_answers(rows, concurrency):
    lazy = whole_run(rows, concurrency, ask=Ask.LAZY)
    full = whole_run(rows, concurrency, ask=Ask.NEEDED)
    assert Counter((each.id, each.rank) for each in lazy) == Counter(
        (each.id, each.rank) for each in full
    )
    assert sum(len(each.answers) for each in lazy) <= sum(len(each.answers) for each in full)


@pytest.mark.parametrize("ask", [Ask.NEEDED, Ask.ALL, Ask.LAZY])
@examples(100)
@given(ROWS, FAILING, CONCURRENCY)
def test_a_failed_answer_is_never_a_score(ask, rows, failing, concurrency):
    for result in whole_run(rows, concurrency, failing, ask):
        failed = [name for name, answer in result.answers.items() if answer.error is not None]
        assert all(result.answers[name].probability is None for name in failed)
        if result.response_class is None:
            assert (result.rank, result.rules) == (None, {})
            continue
        known = {
            name: answer.probability >= 0.5
            for name, answer in result.answers.items()
            if answer.probability is not None
        }
        # Whatever was reported must hold for every way the failed answers could have come out.
        for values in product([False, True], repeat=len(failed)):
            verdict = JUDGE.verdict(
                result.response_class, {**known, **dict(zip(failed, values, strict=True))}
            )
            assert result.rank in (None, verdict.rank)
            for rule, state in result.rules.items():
                assert state in ("undetermined", verdict.rules[rule])
