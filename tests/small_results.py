"""Results over small rule sets, made by hand."""

from collections.abc import Mapping

from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity

GRADER = GraderIdentity("endpoint", "g")
RULESET = RuleSetIdentity("small", "1", "d")


def small_result(
    row: int | str,
    answers: Mapping[str, bool | None],
    labels: Mapping[str, bool | None] | None = None,
    response_class: str | None = "c",
    prompt: int | None = None,
    rank_label: str | None = None,
    repeats: Mapping[str, list[float]] | None = None,
) -> Result:
    """Make a result; None among the answers is an error, None among the labels no label."""
    given = labels or {}
    return Result(
        id=f"r{row}",
        content_digest=f"c{row}",
        prompt_digest=f"p{row if prompt is None else prompt}",
        answers={
            name: Answer(error="no")
            if value is None
            else Answer(
                probability=0.9 if value else 0.1,
                source="chat",
                digest=f"q-{name}",
                details={"repeats": repeats[name]} if repeats and name in repeats else {},
            )
            for name, value in answers.items()
        },
        grader=GRADER,
        ruleset=RULESET,
        response_class=response_class,
        labels={name: value for name, value in given.items() if value is not None},
        rank_label=rank_label,
    )
