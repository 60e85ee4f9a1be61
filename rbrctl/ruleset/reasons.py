"""Why a verdict is what it is: the fewest answers that alone already force it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rbrctl.ruleset.diagram import TRUE
from rbrctl.ruleset.explanation import Explanation, Fact
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.satisfaction import Constraints
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState


@dataclass(frozen=True, slots=True)
class RankReason:
    """Why a completion has its rank, or why its rank is open."""

    response_class: str
    rank: str | None
    """None where the unknown answers leave it open."""
    answers: Mapping[str, bool]
    """A subset-minimal set of answers that forces the rank; empty where it is open."""
    broken: Mapping[str, Mapping[str, bool]]
    """For each broken rule, a subset-minimal set of answers that breaks it."""
    unknown: tuple[str, ...]
    """The unknown answers that undetermined rules wait for."""
    undetermined: tuple[str, ...]
    """The rules that unknown answers leave open."""


def minimal_reason(
    answers: Mapping[str, bool], forces: Callable[[Mapping[str, bool]], bool]
) -> dict[str, bool]:
    """
    Return a minimal part of ``answers`` that still ``forces`` the outcome.

    Answers are let go in their order, so that those to keep where there is a choice come last.
    Knowing more must never unforce an outcome.
    """
    reason = dict(answers)
    for name, value in answers.items():
        del reason[name]
        if not forces(reason):
            reason[name] = value
    return {name: value for name, value in answers.items() if name in reason}


def rank_reason(
    judge: Judge,
    response_class: str,
    assignment: Mapping[str, bool | None],
    probabilities: Mapping[str, float] | None = None,
) -> RankReason:
    """
    Explain the rank that the law gives to an assignment; absent names are unknown.

    Where several sets of answers would do, the one that is given keeps the answers whose
    ``probabilities`` are farthest from one half.
    """
    sure = {name: abs(p - 0.5) for name, p in (probabilities or {}).items()}
    verdict = judge.verdict(response_class, assignment)
    requirements, diagram = judge.logic.requirements, judge.logic.diagram
    known = {
        name: value
        for name in judge.dependencies(response_class)
        if (value := assignment.get(name)) is not None
    }
    unsure_first = dict(sorted(known.items(), key=lambda item: sure.get(item[0], 0.0)))
    broken: dict[str, dict[str, bool]] = {}
    for rule in verdict.broken:
        node = requirements[rule]
        support = judge.logic.diagram.support(node)

        def breaks(part: Mapping[str, bool], node: int = node) -> bool:
            return diagram.value(node, part) is False

        broken[rule] = minimal_reason(
            {name: value for name, value in unsure_first.items() if name in support}, breaks
        )
    telling = {name for reason in broken.values() for name in reason}
    ordered = dict(sorted(unsure_first.items(), key=lambda item: item[0] in telling))
    answers: dict[str, bool] = {}
    if verdict.rank is not None:
        answers = minimal_reason(
            ordered, lambda part: judge.verdict(response_class, part).rank == verdict.rank
        )
    undetermined = [r for r, state in verdict.rules.items() if state is RuleState.UNDETERMINED]
    waiting = {
        name
        for rule in undetermined
        for name in diagram.support(diagram.restrict(requirements[rule], known))
    }
    return RankReason(
        response_class,
        verdict.rank,
        _in_order(known, answers),
        {rule: _in_order(known, reason) for rule, reason in broken.items()},
        tuple(name for name in judge.dependencies(response_class) if name in waiting),
        tuple(undetermined),
    )


def _in_order(known: Mapping[str, bool], answers: Mapping[str, bool]) -> dict[str, bool]:
    return {name: value for name, value in known.items() if name in answers}


def possible_ranks(
    judge: Judge, response_class: str, assignment: Mapping[str, bool | None]
) -> tuple[str, ...]:
    """Return the ranks that are possible, depending on the unknown answers, best first."""
    logic, diagram = judge.logic, judge.logic.diagram
    variables = {name: diagram.variable(name) for name in judge.dependencies(response_class)}
    known = {
        f"known {name}": variable if assignment[name] else diagram.negate(variable)
        for name, variable in variables.items()
        if assignment.get(name) is not None
    }
    at: list[dict[str, int]] = [{} for _ in judge.ruleset.ranks]
    for rule in judge.ruleset.rules_of(response_class):
        at[judge.ruleset.ranks.index(rule.otherwise)][rule.id] = logic.requirements[rule.id]
    possible: list[str] = []
    kept = known
    for rank, rules in reversed(list(zip(judge.ruleset.ranks, at, strict=True))):
        no_worse = Constraints(logic, kept)
        broken = map(diagram.negate, rules.values()) if rank != judge.ruleset.ranks[0] else [TRUE]
        if any(no_worse.model(node) is not None for node in broken):
            possible.insert(0, rank)
        kept = kept | rules
    return tuple(possible)


def explain_reason(
    ruleset: RuleSet,
    transcript: str,
    reason: RankReason,
    probabilities: Mapping[str, float],
    ranks: tuple[str, ...] = (),
) -> Explanation:
    """
    Put a reason into words; ``ranks`` are those still possible where the rank is open.

    ``probabilities`` are what the grader gave, to stand beside its answers.
    """

    def said(name: str, value: bool) -> str:
        given = f" (p = {probabilities[name]:.3f})" if name in probabilities else ""
        return f"{name} is {str(value).lower()}{given}"

    facts = [("response class", [reason.response_class])]
    if reason.rank is not None:
        whatever = "whatever was answered"
        facts.append(("rank", [reason.rank]))
        facts.append(("because", [said(*each) for each in reason.answers.items()] or [whatever]))
    else:
        facts.append(("rank", [f"undetermined: {' or '.join(ranks)}" if ranks else "undetermined"]))
        facts.append(("not answered", list(reason.unknown)))
    for id, answers in reason.broken.items():
        rule = ruleset.rules[id]
        lines = [f"{id} (otherwise {rule.otherwise})"]
        lines += [f"requires {' '.join(rule.require.text.split())}"]
        facts.append(("broken", [*lines, *(f"but {said(*each)}" for each in answers.items())]))
    facts.append(("undetermined", list(reason.undetermined)))
    return Explanation(
        "transcript",
        transcript,
        None,
        tuple(Fact(label, tuple(values)) for label, values in facts if values),
    )
