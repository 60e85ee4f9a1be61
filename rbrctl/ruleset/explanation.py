"""What there is to know of one name: a rule, proposition, definition, response class or rank."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import assignment_text
from rbrctl.ruleset.diagram import FALSE, TRUE
from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or, names, unparse
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.logic import definitions_in_order
from rbrctl.ruleset.model import Rule, RuleSet
from rbrctl.ruleset.unit_tests import run_tests

MAX_EXPANDED_NAMES = 1_000
"""The longest expression that is written out without its definitions."""

Pair = tuple[str, str | bool | list[str] | None]
"""A label, and what there is to say; nothing, where that is empty."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know: what it is about, and what there is to say."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All there is to know of one name."""

    kind: str
    name: str
    place: Place | None
    facts: tuple[Fact, ...]


def explain_name(ruleset: RuleSet, name: str) -> list[Explanation]:
    """
    Explain all that a name stands for; nothing where it stands for nothing.

    A response class is also found by its aliases. May raise UndecidedError.
    """
    context = CheckContext(ruleset)
    found: list[Explanation] = []

    def add(kind: str, title: str, place: Place | None, facts: Iterator[Pair]) -> None:
        found.append(Explanation(kind, title, place, tuple(_facts(facts))))

    if name in ruleset.rules:
        rule = ruleset.rules[name]
        add("rule", name, rule.place, _rule(context, rule))
    if name in ruleset.propositions:
        add("proposition", name, ruleset.propositions[name].place, _proposition(context, name))
    if name in ruleset.definitions:
        add("definition", name, ruleset.definitions[name].place, _definition(context, name))
    if (title := ruleset.resolve_response_class(name)) is not None:
        place = ruleset.response_classes[title].place
        add("response class", title, place, _response_class(context, title))
    if name in ruleset.ranks:
        add("rank", name, ruleset.places.get(f"ranks.{name}"), _rank(ruleset, name))
    return found


def known_names(ruleset: RuleSet) -> list[str]:
    """Return all names that can be explained."""
    return [
        *ruleset.rules,
        *ruleset.propositions,
        *ruleset.definitions,
        *ruleset.response_classes,
        *ruleset.ranks,
    ]


def _facts(pairs: Iterator[Pair]) -> Iterator[Fact]:
    for label, value in pairs:
        values = value if isinstance(value, list) else [value]
        texts = tuple("yes" if each is True else str(each) for each in values if each)
        if texts:
            yield Fact(label, texts)


def expanded(expression: Expression, definitions: Mapping[str, Expression]) -> Expression:
    """Put in the place of each definition what it stands for, down to propositions."""
    match expression:
        case Name(name):
            inner = definitions.get(name)
            return expression if inner is None else expanded(inner, definitions)
        case Not(operand):
            return Not(expanded(operand, definitions))
        case And(operands) | Or(operands):
            kind = type(expression)
            parts = [expanded(operand, definitions) for operand in operands]
            flat = [
                inner
                for part in parts
                for inner in (part.operands if isinstance(part, kind) else (part,))
            ]
            return kind(tuple(flat))
        case Implies(premise, conclusion):
            return Implies(expanded(premise, definitions), expanded(conclusion, definitions))


def _in_propositions(ruleset: RuleSet, expression: Expression) -> str | None:
    """Write an expression without definitions; nothing where it has none."""
    if not any(each.name in ruleset.definitions for each in names(expression)):
        return None
    bodies = {name: each.body.expression for name, each in ruleset.definitions.items()}
    length = _expanded_length(ruleset, expression)
    if length > MAX_EXPANDED_NAMES:
        return f"an expression of more than {MAX_EXPANDED_NAMES:,} names"
    return unparse(expanded(expression, bodies))


def _expanded_length(ruleset: RuleSet, expression: Expression) -> int:
    """
    Return how many names an expression has without its definitions.

    Definitions that use each other twice double it at every step, so that it is counted first.
    """
    lengths: dict[str, int] = {}
    for definition in definitions_in_order(ruleset.definitions):
        lengths[definition.name] = sum(
            lengths.get(each.name, 1) for each in names(definition.body.expression)
        )
    return sum(lengths.get(each.name, 1) for each in names(expression))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _rule(context: CheckContext, rule: Rule) -> Iterator[Pair]:
    ruleset = context.ruleset
    yield "text", rule.text
    yield "for", context.classes_of(rule)
    yield "requires", _one_line(rule.require.text)
    yield "that is", _in_propositions(ruleset, rule.require.expression)
    yield "otherwise", rule.otherwise
    yield "severity", rule.severity if rule.severity != "normal" else None
    yield "tags", ", ".join(rule.tags) or None
    yield "source", rule.source
    yield "deprecated", rule.deprecated
    yield "broken", _a_break(context, rule)
    yield "shadowed by", _shadows(context, rule, shadowing=True)
    yield "shadows", _shadows(context, rule, shadowing=False)
    breaking = [each.test.name for each in run_tests(ruleset).outcomes if rule.id in each.broken]
    yield "broken by", breaking or "no test"


def _a_break(context: CheckContext, rule: Rule) -> str:
    model = context.axioms.model(context.diagram.negate(context.logic.requirements[rule.id]))
    return "never" if model is None else f"for one, {assignment_text(model)}"


def _shadows(context: CheckContext, rule: Rule, *, shadowing: bool) -> list[str]:
    """Return rules that break whenever this one does and drop as far, or the reverse."""
    found = []
    classes = set(context.classes_of(rule))
    for other in context.ruleset.rules.values():
        weaker, stronger = (rule, other) if shadowing else (other, rule)
        if (
            other.id != rule.id
            and classes & set(context.classes_of(other))
            and context.position(stronger) >= context.position(weaker)
            and not _escapes(context, weaker, stronger)
        ):
            found.append(f"{other.id} (otherwise {other.otherwise})")
    return found


def _escapes(context: CheckContext, weaker: Rule, stronger: Rule) -> bool:
    """Return True if some assignment breaks one rule and keeps the other."""
    requirements = context.logic.requirements
    kept = context.diagram.negate(requirements[weaker.id])
    return context.possible(context.diagram.conjunction([kept, requirements[stronger.id]]))


def _proposition(context: CheckContext, name: str) -> Iterator[Pair]:
    ruleset, proposition = context.ruleset, context.ruleset.propositions[name]
    yield "statement", proposition.statement and _one_line(proposition.statement)
    yield "question", proposition.question and _one_line(proposition.question)
    counts = [sum(e.answer is value for e in proposition.examples) for value in (True, False)]
    yield "examples", f"{counts[0]} true, {counts[1]} false" if any(counts) else None
    yield "cues", ", ".join(proposition.cues) or None
    yield "tags", ", ".join(proposition.tags) or None
    yield "source", proposition.source
    yield "deprecated", proposition.deprecated
    yield "definitions", _users(ruleset, name)
    yield (
        "axioms",
        [
            _one_line(axiom.body.text)
            for axiom, node in zip(ruleset.axioms, context.logic.axioms, strict=True)
            if name in context.logic.diagram.support(node)
        ],
    )
    rules = [
        f"{rule.id}: {_role(context, rule, name)}, otherwise {rule.otherwise}"
        for rule in ruleset.rules.values()
        if name in context.logic.diagram.support(context.logic.requirements[rule.id])
    ]
    yield "rules", rules or "none depends on it"


def _role(context: CheckContext, rule: Rule, name: str) -> str:
    """Return which answer a rule wants, in words."""
    node, diagram = context.logic.requirements[rule.id], context.diagram
    if_true = diagram.restrict(node, {name: True})
    if_false = diagram.restrict(node, {name: False})
    if FALSE in (if_true, if_false):
        return "must be true" if if_false == FALSE else "must be false"
    if diagram.ite(if_false, if_true, TRUE) == TRUE:
        return "true helps"
    return "false helps" if diagram.ite(if_true, if_false, TRUE) == TRUE else "depends on others"


def _users(ruleset: RuleSet, name: str) -> list[str]:
    return [
        f"{each.name}: {_one_line(each.body.text)}"
        for each in ruleset.definitions.values()
        if any(used.name == name for used in names(each.body.expression))
    ]


def _definition(context: CheckContext, name: str) -> Iterator[Pair]:
    ruleset, body = context.ruleset, context.ruleset.definitions[name].body
    yield "stands for", _one_line(body.text)
    yield "that is", _in_propositions(ruleset, body.expression)
    model = context.axioms.model(context.logic.definitions[name])
    yield "true", "never" if model is None else f"for one, {assignment_text(model)}"
    yield "definitions", _users(ruleset, name)
    rules = [
        f"{rule.id}: {_one_line(rule.require.text)}, otherwise {rule.otherwise}"
        for rule in ruleset.rules.values()
        if any(used.name == name for used in names(rule.require.expression))
    ]
    yield "rules", rules or "none names it"


def _response_class(context: CheckContext, name: str) -> Iterator[Pair]:
    ruleset, described = context.ruleset, context.ruleset.response_classes[name]
    yield "description", described.description and _one_line(described.description)
    yield "aliases", ", ".join(described.aliases) or None
    yield "extends", described.extends
    yield (
        "extended by",
        [each.name for each in ruleset.response_classes.values() if each.extends == name],
    )
    yield (
        "categories",
        [
            f"{category.name}: {_one_line(category.description)}"
            for area in ruleset.policy
            for category in area.categories
            if category.response_class == name
        ],
    )
    for rank in reversed(ruleset.ranks):
        yield (
            f"{rank} unless",
            [
                f"{rule.id}: {_one_line(rule.require.text)}"
                for rule in context.rules_of(name)
                if rule.otherwise == rank
            ],
        )
    model = context.kept(context.rules_of(name)).model()
    yield ruleset.ranks[0], "never" if model is None else f"for one, {assignment_text(model)}"
    yield "asks", ", ".join(context.logic.dependencies(name)) or None


def _rank(ruleset: RuleSet, name: str) -> Iterator[Pair]:
    position = ruleset.ranks.index(name)
    yield "place", f"{position + 1} of {len(ruleset.ranks)}: {', '.join(ruleset.ranks)}"
    rules = [
        f"{rule.id}: {_one_line(rule.require.text)} ({', '.join(rule.response_classes)})"
        for rule in ruleset.rules.values()
        if rule.otherwise == name
    ]
    yield "rules", rules or ("what breaks no rule has it" if position == 0 else "no rule names it")
