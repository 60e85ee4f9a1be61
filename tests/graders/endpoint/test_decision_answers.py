"""Answers of decisions and System One that failed alone, or whose question must be found."""

import json
from typing import Any

import pytest

from rbrctl.graders.endpoint.decisions.shapes import DecisionsShape, SystemOneShape
from rbrctl.graders.endpoint.failures import Failure, of_response
from rbrctl.graders.endpoint.http.parser import Response

GROUP = ["a", "b"]


def decided(*answers: Any) -> Any:
    return DecisionsShape().values({"answers": list(answers)}, GROUP)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"status": "failed"}, "could not answer this question: failed"),
        ({"status": "error", "message": "boom"}, "could not answer this question: boom"),
        ({"success": False}, "it says that it is no success"),
        ({"refused": True}, "refused this question"),
        ({"finish_reason": "content_filter"}, "finish reason content_filter"),
        ({"finish_reason": "length"}, "finish reason length"),
    ],
)
def test_an_answer_that_failed_is_an_error_of_its_question_alone(
    fields: dict[str, Any], message: str
) -> None:
    values = decided({"name": "a", "probability": 0.9} | fields, {"name": "b", "probability": 0.2})
    assert message in str(values["a"])
    assert values["b"] == 0.2
    nouls = {"a": {"type": "noul", "noul": 0.9} | fields, "b": {"noul": 0.2}}
    values = SystemOneShape().values({"answers": nouls}, GROUP)
    assert message in str(values["a"])
    assert values["b"] == 0.2


def test_an_answer_that_tells_its_success_is_read() -> None:
    fields = {"status": "completed", "success": True, "refused": False, "finish_reason": "stop"}
    assert decided({"probability": 0.9} | fields, {"probability": 0.2}) == {"a": 0.9, "b": 0.2}


@pytest.mark.parametrize("fields", [{"finish_reason": "content_filter"}, {"success": False}])
def test_a_reply_that_failed_as_a_whole_is_a_failed_call(fields: dict[str, Any]) -> None:
    reply = {"answers": [{"name": "a", "probability": 0.9}]} | fields
    assert isinstance(of_response(Response(200, {}, json.dumps(reply).encode())), Failure)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"id": "b"}, {"id": "a"}),
        ({"question": "b"}, {"question": "a"}),
        ({"question": {"name": "b"}}, {"question": {"name": "a"}}),
        ({"key": "b"}, {"key": "a"}),
        ({"index": 1}, {"index": 0}),
        ({"index": 2}, {"index": 1}),
        ({"index": "1"}, {"index": "0"}),
        ({"id": "q2"}, {"id": "q1"}),
        ({"name": None, "id": "x-77", "index": 1}, {"name": None, "id": "x-78", "index": 0}),
    ],
)
def test_other_labels_than_names_are_trusted_over_the_order(first: Any, second: Any) -> None:
    answers = [{"probability": 0.9} | first, {"probability": 0.2} | second]
    assert decided(*answers) == {"a": 0.2, "b": 0.9}
    for answer in answers:
        answer["diagnostics"] = {"label_mass": answer["probability"]}
    masses = DecisionsShape().masses({"answers": answers}, GROUP)
    assert masses == {"a": 0.2, "b": 0.9}


@pytest.mark.parametrize(
    ("first", "second"), [({}, {}), ({"id": "ans-x7"}, {"id": "ans-x8"}), ({"id": 70}, {"id": 71})]
)
def test_without_a_label_of_the_question_the_order_counts(first: Any, second: Any) -> None:
    values = decided({"probability": 0.9} | first, {"probability": 0.2} | second)
    assert values == {"a": 0.9, "b": 0.2}


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"index": 0}, {"index": 0}, "a field index that names no question"),
        ({"index": 7}, {"index": 8}, "a field index that names no question"),
        ({"key": "x"}, {"key": "y"}, "a field key that names no question"),
        ({"id": "a", "index": 1}, {"id": "b", "index": 0}, "contradict each other"),
    ],
)
def test_labels_that_cannot_be_placed_are_an_error(first: Any, second: Any, message: str) -> None:
    values = decided({"probability": 0.9} | first, {"probability": 0.2} | second)
    assert all(message in str(values[name]) for name in GROUP)


def test_one_label_that_names_a_question_does_not_place_the_other_answer() -> None:
    assert decided({"id": "b", "probability": 0.9}, {"id": "z", "probability": 0.2}) == {"b": 0.9}


def test_an_answer_named_as_another_question_is_an_error() -> None:
    nouls = {"a": {"name": "b", "noul": 0.9}, "b": {"name": "b", "noul": 0.2}}
    values = SystemOneShape().values({"answers": nouls}, GROUP)
    assert "is named b" in str(values["a"])
    assert values["b"] == 0.2
