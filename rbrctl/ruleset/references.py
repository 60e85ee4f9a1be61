"""Every name that a rule set uses must stand for something, and nothing for itself."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from rbrctl.ruleset.building import places_within
from rbrctl.ruleset.expressions import names
from rbrctl.ruleset.findings import Finding, Place, Related, Severity
from rbrctl.ruleset.logic import definitions_in_order
from rbrctl.ruleset.merging import Gathered
from rbrctl.ruleset.model import RuleSet, RuleTest, SourcedExpression
from rbrctl.ruleset.yaml_tree import MappingNode
from rbrctl.wording import did_you_mean


def reference_findings(ruleset: RuleSet, gathered: Gathered) -> list[Finding]:
    """Find undefined names, and definitions and classes that go round in a circle."""
    return [
        *_in_expressions(ruleset),
        *_in_rules(ruleset),
        *_in_response_classes(ruleset),
        *_in_tests(ruleset),
        *_in_once(ruleset, gathered),
        *_cycles_of_definitions(ruleset),
    ]


def _undefined(
    kind: str, name: str, known: Collection[str], place: Place, hint: str | None = None
) -> Finding:
    hint = hint or did_you_mean(name, known) or _listing(kind, known)
    message = f"there is no {kind} '{name}'"
    return Finding("undefined-name", Severity.ERROR, message, place, hint)


def _listing(kind: str, known: Collection[str]) -> str | None:
    if not known:
        return f"there is no {kind} at all"
    return f"there are {', '.join(known)}" if len(known) <= 8 else f"define a {kind} of that name"


def expression_places(body: SourcedExpression) -> Iterator[tuple[str, Place]]:
    """Walk over the names in an expression, each with its place."""
    for name in names(body.expression):
        yield name.name, body.token_places[name.token] if body.token_places else body.place


def _in_expressions(ruleset: RuleSet) -> Iterator[Finding]:
    known = [*ruleset.propositions, *ruleset.definitions]
    bodies = [
        *(definition.body for definition in ruleset.definitions.values()),
        *(axiom.body for axiom in ruleset.axioms),
        *(rule.require for rule in ruleset.rules.values()),
        *(
            feature
            for features in ruleset.features.values()
            for feature in features
            if isinstance(feature, SourcedExpression)
        ),
    ]
    for body in bodies:
        for name, place in expression_places(body):
            if name not in ruleset.propositions and name not in ruleset.definitions:
                yield _undefined("proposition or definition", name, known, place)


def _in_rules(ruleset: RuleSet) -> Iterator[Finding]:
    for rule in ruleset.rules.values():
        if rule.otherwise not in ruleset.ranks:
            yield _undefined("rank", rule.otherwise, ruleset.ranks, rule.places["otherwise"])
        for name in rule.response_classes:
            if name not in ruleset.response_classes:
                place = rule.places[f"response_classes.{name}"]
                yield _undefined("response class", name, ruleset.response_classes, place)


def _in_response_classes(ruleset: RuleSet) -> Iterator[Finding]:
    reported: set[str] = set()
    spellings: dict[str, tuple[str, Place]] = {}
    for each in ruleset.response_classes.values():
        if each.extends is not None and each.extends not in ruleset.response_classes:
            place = each.places["extends"]
            yield _undefined("response class", each.extends, ruleset.response_classes, place)
        elif (circle := _circle_of_classes(ruleset, each.name)) and each.name not in reported:
            reported |= set(circle)
            yield Finding(
                "cyclic-definition",
                Severity.ERROR,
                f"'{each.name}' extends itself: {' extends '.join(circle)}",
                each.places["extends"],
                "let one of them extend nothing",
                tuple(Related(ruleset.response_classes[n].place, f"'{n}'") for n in circle[1:-1]),
            )
        for alias in (each.name, *each.aliases):
            place = each.places.get(f"aliases.{alias}", each.place)
            if alias in spellings and spellings[alias][0] != each.name:
                other, first = spellings[alias]
                message = f"the spelling '{alias}' already means '{other}'"
                related = (Related(first, "first here"),)
                hint = "spell one of them in another way"
                yield Finding("duplicate-name", Severity.ERROR, message, place, hint, related)
            spellings.setdefault(alias, (each.name, place))


def _circle_of_classes(ruleset: RuleSet, start: str) -> list[str]:
    """Return the path from a class back to itself; empty if there is none."""
    way = [start]
    while True:
        current = ruleset.response_classes.get(way[-1])
        if current is None or current.extends is None:
            return []
        way.append(current.extends)
        if current.extends == start:
            return way
        if current.extends in way[:-1]:
            return []


def _in_tests(ruleset: RuleSet) -> Iterator[Finding]:
    for test in ruleset.tests:
        if test.response_class not in ruleset.response_classes:
            place = test.places["response_class"]
            known = ruleset.response_classes
            yield _undefined("response class", test.response_class, known, place)
            continue
        for name in test.given:
            if name not in ruleset.propositions:
                hint = (
                    "give the propositions that it is made of"
                    if name in ruleset.definitions
                    else None
                )
                place = test.places[f"given.{name}"]
                yield _undefined("proposition", name, ruleset.propositions, place, hint)
        yield from _in_expectation(ruleset, test)


def _in_expectation(ruleset: RuleSet, test: RuleTest) -> Iterator[Finding]:
    rank = test.expect.rank
    if rank is not None and rank not in ruleset.ranks:
        yield _undefined("rank", rank, ruleset.ranks, test.places["expect.rank"])
    lineage = _lineage(ruleset, test.response_class)
    applicable = [
        rule.id for rule in ruleset.rules.values() if lineage & set(rule.response_classes)
    ]
    for key, ids in (("breaks", test.expect.breaks), ("keeps", test.expect.keeps)):
        for id in ids or ():
            if id not in applicable:
                place = test.places[f"expect.{key}.{id}"]
                finding = _undefined("rule", id, applicable, place)
                yield replace(finding, message=f"{finding.message} for '{test.response_class}'")


def _lineage(ruleset: RuleSet, response_class: str) -> set[str]:
    """Return a class and its ancestors, even if there are cycles or undefined classes."""
    lineage: set[str] = set()
    current: str | None = response_class
    while current is not None and current not in lineage:
        lineage.add(current)
        known = ruleset.response_classes.get(current)
        current = known.extends if known else None
    return lineage


def _in_once(ruleset: RuleSet, gathered: Gathered) -> Iterator[Finding]:
    classes = ruleset.response_classes
    if "policy" in gathered.once:
        places = places_within(gathered.once["policy"].node)
        for area in ruleset.policy:
            for category in area.categories:
                if category.response_class not in classes:
                    path = f"{area.name}.categories.{category.name}.response_class"
                    yield _undefined(
                        "response class", category.response_class, classes, places[path]
                    )
    if "features" in gathered.once:
        node = gathered.once["features"].node
        places = places_within(node)
        keys = node.key_places if isinstance(node, MappingNode) else {}
        known = [*ruleset.propositions, *ruleset.definitions, *ruleset.ranks]
        for name, features in ruleset.features.items():
            if name not in classes:
                yield _undefined("response class", name, classes, keys[name])
            for feature in features:
                if isinstance(feature, str) and feature not in known:
                    place = places[f"{name}.{feature}"]
                    yield _undefined("proposition, definition or rank", feature, known, place)


def _cycles_of_definitions(ruleset: RuleSet) -> Iterator[Finding]:
    sound = {definition.name for definition in definitions_in_order(ruleset.definitions)}
    uses = {
        name: [each.name for each in names(definition.body.expression) if each.name not in sound]
        for name, definition in ruleset.definitions.items()
        if name not in sound
    }
    reported: set[str] = set()
    for start in uses:
        way = [start]
        while (step := next((n for n in uses[way[-1]] if n in uses), None)) and step not in way:
            way.append(step)
        if step is None or step in reported:
            continue
        circle = way[way.index(step) :]
        reported |= set(circle)
        first = ruleset.definitions[circle[0]]
        yield Finding(
            "cyclic-definition",
            Severity.ERROR,
            f"'{circle[0]}' is defined by itself: {' uses '.join([*circle, circle[0]])}",
            first.place,
            "define one of them by propositions only",
            tuple(Related(ruleset.definitions[n].place, f"'{n}'") for n in circle[1:]),
        )
