"""Results: graded transcripts as lines of JSON, read strictly and written."""

from collections.abc import Callable, Iterator, Mapping
from sys import intern
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.compact_index import CompactIndex
from rbrctl.records.fields import (
    optional_object,
    optional_text,
    read_labels,
    read_probability,
    required_text,
)
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.models import (
    INFERRED,
    Answer,
    GraderIdentity,
    Result,
    RuleSetIdentity,
    RuleState,
)
from rbrctl.records.problems import LineProblem, ProblemHandler, kind_of, quoted, shown

DECIMALS = 6

_KEYS = frozenset(
    {
        *("id", "content", "prompt", "response_class", "response_class_source", "labels"),
        *("rank_label", "category", "answers", "rules", "rank", "rank_probabilities"),
        *("axioms_broken", "grader", "ruleset"),
    }
)
_ANSWER_KEYS = frozenset({"p", "source", "digest", "error"})
_CLASS_SOURCES = (None, "given", INFERRED)
_ASKED, _LAZY = "asked", "lazy"
_UNRESOLVED_CLASS = "response_class_given"
_CLASS_PROBABILITY = "response_class_probability"
_RULE_STATES = {state.value: state for state in RuleState}


def read_results(
    source: DataSource,
    on_problem: ProblemHandler,
    name: str | None = None,
    check: Callable[[Result], Result] | None = None,
) -> Iterator[Result]:
    """
    Yield the results of a JSON Lines file or stream, in its order, each id once.

    A line that cannot be used, or whose id an earlier line had, is told to ``on_problem`` and left
    out. So is one for which ``check`` raises RecordError; else what it gives is yielded. Raises
    FileError at the first step where the source cannot be read.
    """
    name = name or source_name(source)
    lines = CompactIndex()
    for number, row in read_json_lines(source, on_problem, name):
        try:
            result = parse_result(row)
            if (before := lines.get(result.id)) is not None:
                raise RecordError(f"the id {quoted(result.id)} is already on line {before}")
            result = result if check is None else check(result)
        except RecordError as error:
            on_problem(LineProblem(name, number, str(error)))
        else:
            lines.set(result.id, number)
            yield result


def parse_result(row: Mapping[str, Any]) -> Result:
    """Read one row of a results file. Raises RecordError with a message that names the field."""
    # First what only results have, so that a file of another kind is told from a broken line.
    grader, ruleset = _grader(row), _ruleset(row)
    class_source = optional_text(row, "response_class_source")
    if class_source not in _CLASS_SOURCES:
        raise RecordError(
            f"response_class_source must be given or inferred, not {quoted(class_source)}"
        )
    return Result(
        id=required_text(row, "id"),
        content_digest=required_text(row, "content"),
        prompt_digest=required_text(row, "prompt"),
        answers=_answers(row),
        grader=grader,
        ruleset=ruleset,
        response_class=optional_text(row, "response_class"),
        response_class_source=class_source,
        labels=read_labels(row, "labels"),
        rank_label=optional_text(row, "rank_label"),
        category=optional_text(row, "category"),
        rules=_rules(row),
        rank=optional_text(row, "rank"),
        rank_probabilities=_rank_probabilities(row),
        axioms_broken=_axioms_broken(row),
        asked_lazily=_says_lazy(row),
        unresolved_class=row[_UNRESOLVED_CLASS] if _names_a_class(row) else None,
        class_probability=row[_CLASS_PROBABILITY] if _rates_the_class(row) else None,
        extra=_extra(row, class_source),
    )


def _extra(row: Mapping[str, Any], class_source: str | None) -> dict[str, Any]:
    extra = without_meaning({key: value for key, value in row.items() if key not in _KEYS})
    if class_source == INFERRED and extra.get(_CLASS_PROBABILITY, "") is None:
        # The line of a class that was inferred has this key even if no probability is known.
        del extra[_CLASS_PROBABILITY]
    return extra


# Three keys have a meaning only with values that a result can have. Rows of other tools, and rows
# written by ``reward synth``, which keeps what it asked for under "asked", have them with others,
# and these are carried through like any further key.


def _says_lazy(row: Mapping[str, Any]) -> bool:
    return row.get(_ASKED) == _LAZY


def _names_a_class(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get(_UNRESOLVED_CLASS), str)


def _rates_the_class(row: Mapping[str, Any]) -> bool:
    value = row.get(_CLASS_PROBABILITY)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def without_meaning(extra: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the further keys of a row without those that a result would take for its own.

    A transcript that says ``"asked": "lazy"`` says nothing of how its answers were asked for.
    """
    kept = dict(extra)
    if _says_lazy(kept):
        del kept[_ASKED]
    if _names_a_class(kept):
        del kept[_UNRESOLVED_CLASS]
    if _rates_the_class(kept):
        del kept[_CLASS_PROBABILITY]
    return kept


def further_keys(result: Result) -> dict[str, Any]:
    """Return the keys that follow the usual ones in a line: those carried through, then three."""
    kept = without_meaning({k: v for k, v in result.extra.items() if k not in _KEYS})
    if result.unresolved_class is not None:
        kept[_UNRESOLVED_CLASS] = result.unresolved_class
    if result.class_probability is not None or result.response_class_source == INFERRED:
        kept[_CLASS_PROBABILITY] = result.class_probability
    if result.asked_lazily:
        kept[_ASKED] = _LAZY
    return kept


def _grader(row: Mapping[str, Any]) -> GraderIdentity:
    value = _required_object(row, "grader")
    return GraderIdentity(
        kind=required_text(value, "kind", "grader."),
        digest=required_text(value, "digest", "grader."),
        model=optional_text(value, "model", "grader."),
        mode=optional_text(value, "mode", "grader."),
    )


def _ruleset(row: Mapping[str, Any]) -> RuleSetIdentity:
    value = _required_object(row, "ruleset")
    return RuleSetIdentity(
        name=required_text(value, "name", "ruleset."),
        version=required_text(value, "version", "ruleset."),
        digest=required_text(value, "digest", "ruleset."),
    )


def _required_object(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    if row.get(key) is None:
        raise RecordError(f'no "{key}": this is not a line of a results file')
    return optional_object(row, key)


def _answers(row: Mapping[str, Any]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for name, value in optional_object(row, "answers").items():
        try:
            answers[name] = _answer(value)
        except RecordError as error:
            raise RecordError(f"answers.{shown(name)}{error}") from error
    return answers


def _answer(value: object) -> Answer:
    """Read one answer; errors start where its name ends. Most of a file's reading is spent here."""
    if not isinstance(value, dict):
        raise RecordError(f' must be an object with "p" or "error", not {kind_of(value)}')
    probability, error = value.get("p"), value.get("error")
    source, digest = value.get("source"), value.get("digest")
    if (probability is None) == (error is None):
        raise RecordError(' must have either "p" or "error"')
    if probability is not None:
        probability = read_probability(probability, ".p")
    for key, text in (("error", error), ("source", source), ("digest", digest)):
        if text is not None and not isinstance(text, str):
            raise RecordError(f".{key} must be a text, not {kind_of(text)}")
    usual = source and digest and len(value) == 3
    return Answer(
        probability=probability,
        # Few different ones come again and again in a file.
        source=source and intern(source),
        digest=digest and intern(digest),
        error=error,
        details={} if usual else {k: v for k, v in value.items() if k not in _ANSWER_KEYS},
    )


def _rules(row: Mapping[str, Any]) -> dict[str, RuleState]:
    rules: dict[str, RuleState] = {}
    for key, value in optional_object(row, "rules").items():
        state = _RULE_STATES.get(value) if isinstance(value, str) else None
        if state is None:
            raise RecordError(
                f"rules.{shown(key)} must be held, broken or undetermined, not {quoted(value)}"
            )
        rules[key] = state
    return rules


def _rank_probabilities(row: Mapping[str, Any]) -> dict[str, float] | None:
    if row.get("rank_probabilities") is None:
        return None
    return {
        key: read_probability(value, f"rank_probabilities.{shown(key)}")
        for key, value in optional_object(row, "rank_probabilities").items()
    }


def _axioms_broken(row: Mapping[str, Any]) -> tuple[str, ...]:
    value = row.get("axioms_broken")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RecordError(f"axioms_broken must be a list of texts, not {quoted(value)}")
    return tuple(value)


def result_to_json(result: Result) -> dict[str, Any]:
    """
    Write a result as a row of a results file.

    Probabilities of answers are written as they are, so that a file scored again gives the very
    same verdicts; those of ranks, which nothing is derived from, are rounded to DECIMALS places.
    """
    probabilities = result.rank_probabilities
    row: dict[str, Any] = {
        "id": result.id,
        "content": result.content_digest,
        "prompt": result.prompt_digest,
        "response_class": result.response_class,
        "response_class_source": result.response_class_source,
        "labels": dict(result.labels),
        "rank_label": result.rank_label,
        "category": result.category,
        "answers": {name: _answer_to_json(answer) for name, answer in result.answers.items()},
        "rules": {name: state.value for name, state in result.rules.items()},
        "rank": result.rank,
        "rank_probabilities": probabilities
        and {rank: round(value, DECIMALS) for rank, value in probabilities.items()},
        "axioms_broken": list(result.axioms_broken),
        "grader": {
            "kind": result.grader.kind,
            "model": result.grader.model,
            "mode": result.grader.mode,
            "digest": result.grader.digest,
        },
        "ruleset": {
            "name": result.ruleset.name,
            "version": result.ruleset.version,
            "digest": result.ruleset.digest,
        },
    }
    return row | further_keys(result)


def _answer_to_json(answer: Answer) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if answer.error is None:
        row["p"] = answer.probability
    else:
        row["error"] = answer.error
    if answer.source is not None:
        row["source"] = answer.source
    if answer.digest is not None:
        row["digest"] = answer.digest
    return row | {key: value for key, value in answer.details.items() if key not in _ANSWER_KEYS}
