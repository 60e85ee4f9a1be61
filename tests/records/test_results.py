"""Results are written as the design says and read back the same."""

import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.errors import RecordError
from rbrctl.records.json_lines import encode_line
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity, RuleState
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.results import DECIMALS, parse_result, read_results, result_to_json

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
shares = st.floats(0, 1)
details = st.dictionaries(names.map(lambda name: "x-" + name), texts | st.lists(shares), max_size=2)
optional = st.none() | texts
answers = st.builds(
    Answer, probability=shares, source=optional, digest=optional, details=details
) | st.builds(Answer, error=texts, source=optional, digest=optional, details=details)
results = st.builds(
    Result,
    id=names,
    content_digest=names,
    prompt_digest=names,
    answers=st.dictionaries(texts, answers, max_size=4),
    grader=st.builds(GraderIdentity, names, names, optional, optional),
    ruleset=st.builds(RuleSetIdentity, names, names, names),
    response_class=optional,
    response_class_source=st.sampled_from([None, "given", "inferred"]),
    labels=st.dictionaries(texts, st.booleans(), max_size=3),
    rank_label=optional,
    category=optional,
    rules=st.dictionaries(texts, st.sampled_from(RuleState), max_size=4),
    rank=optional,
    rank_probabilities=st.none()
    | st.dictionaries(texts, shares.map(lambda share: round(share, DECIMALS)), max_size=3),
    axioms_broken=st.lists(texts, max_size=2).map(tuple),
    extra=details,
)

EXAMPLE = Result(
    id="a",
    content_digest="c1",
    prompt_digest="p1",
    answers={
        "apology": Answer(0.25, "logprobs", "q1", details={"mass": 0.99}),
        "judgement": Answer(error="no yes or no in the reply", details={"raw": "maybe"}),
    },
    grader=GraderIdentity("endpoint", "g1", "some-model", "logprobs"),
    ruleset=RuleSetIdentity("safety", "1.0.0", "r1"),
    response_class="hard_refuse",
    response_class_source="given",
    labels={"apology": True},
    rank_label="ideal",
    category="None",
    rules={"one": RuleState.HELD, "two": RuleState.UNDETERMINED},
    rank=None,
    rank_probabilities={"ideal": 0.123456789, "less_good": 0.876543211},
    axioms_broken=("a implies b",),
    extra={"lazy": True},
)


def test_the_line_is_as_the_design_says() -> None:
    assert result_to_json(EXAMPLE) == {
        "id": "a",
        "content": "c1",
        "prompt": "p1",
        "response_class": "hard_refuse",
        "response_class_source": "given",
        "labels": {"apology": True},
        "rank_label": "ideal",
        "category": "None",
        "answers": {
            "apology": {"p": 0.25, "source": "logprobs", "digest": "q1", "mass": 0.99},
            "judgement": {"error": "no yes or no in the reply", "raw": "maybe"},
        },
        "rules": {"one": "held", "two": "undetermined"},
        "rank": None,
        "rank_probabilities": {"ideal": 0.123457, "less_good": 0.876543},
        "axioms_broken": ["a implies b"],
        "grader": {
            "kind": "endpoint",
            "model": "some-model",
            "mode": "logprobs",
            "digest": "g1",
        },
        "ruleset": {"name": "safety", "version": "1.0.0", "digest": "r1"},
        "lazy": True,
    }


@given(results)
def test_a_written_result_reads_back_the_same(result: Result) -> None:
    source = io.BytesIO(encode_line(result_to_json(result)))
    assert list(read_results(source, raise_problem)) == [result]


def test_an_id_that_comes_again_is_a_problem() -> None:
    log = ProblemLog()
    lines = encode_line(result_to_json(EXAMPLE)) * 2
    assert len(list(read_results(io.BytesIO(lines), log, "r.jsonl"))) == 1
    assert [str(item) for item in log.items] == ['r.jsonl:2: the id "a" is already on line 1']


def test_keys_without_meaning_cannot_replace_those_with_one() -> None:
    row = result_to_json(replace(EXAMPLE, extra={"id": "other", "kept": 1}))
    assert (row["id"], row["kept"]) == ("a", 1)
    answer = replace(EXAMPLE.answers["apology"], details={"p": 2, "error": "x"})
    row = result_to_json(replace(EXAMPLE, answers={"apology": answer}))
    assert parse_result(row).answers["apology"].probability == 0.25


@given(
    st.sampled_from(sorted(result_to_json(EXAMPLE))),
    st.sampled_from([None, True, -1, 2.5, "", "word", [], [None], {}, {"x": None}, {"x": 7}]),
)
def test_any_value_is_read_or_one_problem_that_names_its_field(key: str, value: object) -> None:
    log = ProblemLog()
    source = io.BytesIO(encode_line(result_to_json(EXAMPLE) | {key: value}))
    read = list(read_results(source, log))
    assert len(read) + log.count == 1
    assert all(key in item.message for item in log.items)


@pytest.mark.parametrize("key", ["id", "content", "prompt", "grader", "ruleset"])
def test_what_must_be_there_is_named(key: str) -> None:
    row = result_to_json(EXAMPLE)
    del row[key]
    with pytest.raises(RecordError, match=f'^no "{key}"'):
        parse_result(row)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_names_from_a_file_cannot_break_or_flood_a_message(name: str) -> None:
    for key, value in (("answers", {name: 1}), ("rules", {name: 1}), ("labels", {name: 1})):
        with pytest.raises(RecordError) as caught:
            parse_result(result_to_json(EXAMPLE) | {key: value})
        assert len(str(caught.value).splitlines()) == 1
        assert len(str(caught.value)) < 200


LINE = (
    '{"id":"a","content":"c1","prompt":"p1","response_class":%s,"response_class_source":%s,'
    '"labels":{},"rank_label":null,"category":null,"answers":{"kind":{"p":0.25}},"rules":{},'
    '"rank":null,"rank_probabilities":null,"axioms_broken":[],"grader":{"kind":"endpoint",'
    '"model":"m","mode":"logprobs","digest":"g1"},"ruleset":{"name":"safety","version":"1.0.0",'
    '"digest":"r1"}%s}\n'
)
SYNTHESIS = '{"target":{"rank":"ideal"},"try":3}'


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        (LINE % ('"x"', '"given"', ""), (False, None, None)),
        (LINE % ('"x"', '"given"', ',"note":7,"asked":"lazy"'), (True, None, None)),
        (LINE % ("null", "null", ',"response_class_given":"odd"'), (False, "odd", None)),
        (LINE % ('"x"', '"inferred"', ',"response_class_probability":0.75'), (False, None, 0.75)),
        (LINE % ('"x"', '"inferred"', ',"response_class_probability":1'), (False, None, 1)),
        (LINE % ('"x"', '"inferred"', ',"response_class_probability":null'), (False, None, None)),
        (
            LINE % ('"x"', '"inferred"', ',"response_class_probability":0.5,"asked":"lazy"'),
            (True, None, 0.5),
        ),
        (LINE % ('"x"', '"given"', f',"asked":{SYNTHESIS},"note":7'), (False, None, None)),
        (LINE % ('"x"', '"given"', ',"asked":"later"'), (False, None, None)),
        (LINE % ("null", "null", ',"response_class_given":["odd"]'), (False, None, None)),
        (LINE % ('"x"', '"given"', ',"response_class_probability":null'), (False, None, None)),
        (LINE % ('"x"', '"given"', ',"response_class_probability":7'), (False, None, None)),
        (LINE % ('"x"', '"given"', ',"response_class_probability":true'), (False, None, None)),
    ],
)
def test_a_line_of_0_1_is_read_into_fields_and_written_as_it_was(
    line: str, typed: tuple[bool, str | None, float | None]
) -> None:
    (result,) = read_results(io.BytesIO(line.encode()), raise_problem)
    assert (result.asked_lazily, result.unresolved_class, result.class_probability) == typed
    written = result_to_json(result)
    assert json.dumps(written, separators=(",", ":")) + "\n" == line
    assert parse_result(written) == result


def test_a_transcript_cannot_say_how_a_result_came_about() -> None:
    claims = {"asked": "lazy", "response_class_given": "odd", "response_class_probability": 0.5}
    row = result_to_json(replace(EXAMPLE, extra={**claims, "note": 7}))
    assert row["note"] == 7
    assert not claims.keys() & row.keys()
    synthesis = {"asked": {"try": 3}}
    assert result_to_json(replace(EXAMPLE, extra=synthesis))["asked"] == {"try": 3}
    assert result_to_json(replace(EXAMPLE, extra=synthesis, asked_lazily=True))["asked"] == "lazy"
