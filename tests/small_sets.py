"""Small rule sets over four propositions, drawn at random, and the law applied by hand."""

from hypothesis import strategies as st
from strategies import NAMES, expressions, truth

from rbrctl.ruleset.expressions import Expression, parse, unparse
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import (
    Axiom,
    Definition,
    Proposition,
    ResponseClass,
    Rule,
    RuleSet,
    SourcedExpression,
)

RANKS = ("good", "poor", "bad")
HERE = Place("x.yaml", 1, 1, 1, 2)


def sourced(expression: Expression | str) -> SourcedExpression:
    if isinstance(expression, str):
        expression = parse(expression)
    return SourcedExpression(expression, unparse(expression), HERE)


def small_set(
    rules: dict[str, tuple[Expression | str, str]],
    axioms: list[Expression | str] | None = None,
    ranks: tuple[str, ...] = RANKS,
    definitions: dict[str, str] | None = None,
    names: tuple[str, ...] = NAMES,
) -> RuleSet:
    return RuleSet(
        name="small",
        version="1",
        ranks=ranks,
        response_classes={"c": ResponseClass("c", HERE)},
        propositions={name: Proposition(name, HERE, question=f"Is it {name}?") for name in names},
        definitions={
            name: Definition(name, HERE, sourced(body))
            for name, body in (definitions or {}).items()
        },
        rules={
            id: Rule(id, HERE, ("c",), sourced(require), otherwise)
            for id, (require, otherwise) in rules.items()
        },
        axioms=tuple(Axiom(sourced(axiom)) for axiom in axioms or []),
    )


def rank_of(ruleset: RuleSet, assignment: dict[str, bool]) -> str:
    broken = [
        ruleset.ranks.index(rule.otherwise)
        for rule in ruleset.rules.values()
        if not truth(rule.require.expression, assignment)
    ]
    return ruleset.ranks[max(broken, default=0)]


def axioms_hold(ruleset: RuleSet, assignment: dict[str, bool]) -> bool:
    return all(truth(axiom.body.expression, assignment) for axiom in ruleset.axioms)


def rulesets(max_rules: int = 4) -> st.SearchStrategy[RuleSet]:
    """Draw rule sets of rules r0, r1, ... with up to two axioms."""
    rule = st.tuples(expressions(), st.sampled_from(RANKS))
    return st.builds(
        lambda rules, axioms: small_set({f"r{i}": r for i, r in enumerate(rules)}, axioms),
        st.lists(rule, max_size=max_rules),
        st.lists(expressions(), max_size=2),
    )
