"""The policy as a document to read, made from the rules: nothing in it is written twice."""

from collections.abc import Iterator

from rbrctl.reports.documents import (
    Block,
    Bullets,
    Code,
    Grid,
    Heading,
    Inline,
    Line,
    Paragraph,
    Strong,
)
from rbrctl.ruleset.expressions import names
from rbrctl.ruleset.model import Example, Proposition, Rule, RuleSet, RuleTest

_MEANING = (
    "A completion's rank is the worst among those that its broken rules leave it, and the best "
    "where it breaks none."
)


def policy_document(ruleset: RuleSet) -> list[Block]:
    """
    Return the whole policy as a document.

    For each response class it has the rules by rank and the tests, then what the propositions
    mean, with their examples.
    """
    return [
        Heading(1, [f"{ruleset.name} {ruleset.version}"]),
        *([Paragraph([_words(ruleset.description)])] if ruleset.description else []),
        Heading(2, ["Ranks"]),
        Paragraph(["Best first: ", *_listed(ruleset.ranks), f". {_MEANING}"]),
        *_policy(ruleset),
        *(block for name in ruleset.response_classes for block in _response_class(ruleset, name)),
        *_definitions(ruleset),
        *_propositions(ruleset),
    ]


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


def _listed(items: tuple[str, ...]) -> Iterator[Inline]:
    for number, item in enumerate(items):
        if number:
            yield ", "
        yield Code(item)


def _policy(ruleset: RuleSet) -> Iterator[Block]:
    if not ruleset.policy:
        return
    yield Heading(2, ["Which request gets what"])
    yield Grid(
        ["area", "category", "response class"],
        [
            (
                [f"{area.name}: {_words(area.description)}"],
                [f"{category.name}: {_words(category.description)}"],
                [Code(category.response_class)],
            )
            for area in ruleset.policy
            for category in area.categories
        ],
    )


def _response_class(ruleset: RuleSet, name: str) -> Iterator[Block]:
    response_class = ruleset.response_classes[name]
    yield Heading(2, ["Response class ", Code(name)])
    if response_class.description:
        yield Paragraph([_words(response_class.description)])
    if response_class.extends:
        yield Paragraph(["It has all rules of ", Code(response_class.extends), ", and its own."])
    rules = ruleset.rules_of(name)
    if not rules:
        yield Paragraph(["No rule applies: every completion is ", Code(ruleset.ranks[0]), "."])
    for rank in reversed(ruleset.ranks):
        of_rank = [rule for rule in rules if rule.otherwise == rank]
        if of_rank:
            yield Heading(3, ["Otherwise ", Code(rank)])
            yield Bullets([_rule(rule, ruleset, name) for rule in of_rank])
    tests = [test for test in ruleset.tests if test.response_class == name]
    if tests:
        yield Heading(3, ["Cases"])
        yield Grid(["case", "true", "rank"], [_test(test) for test in tests])


def _rule(rule: Rule, ruleset: RuleSet, name: str) -> Line:
    line: list[Inline] = [_words(rule.text) or rule.id, " (", Code(rule.id), ")"]
    if rule.text:
        line += [" requires ", Code(_words(rule.require.text))]
    if rule.severity == "critical":
        line += [". ", Strong("Critical"), ": one new miss blocks a change"]
    if name not in rule.response_classes:
        line.append(". Inherited")
    if rule.deprecated:
        reason = rule.deprecated if isinstance(rule.deprecated, str) else "no reason given"
        line += [". ", Strong("Deprecated"), f": {_words(reason)}"]
    if rule.source:
        line.append(f". Source: {_words(rule.source)}")
    return [*line, "."]


def _test(test: RuleTest) -> list[Line]:
    true = tuple(name for name, value in test.given.items() if value)
    rank: Line = [Code(test.expect.rank)] if test.expect.rank else []
    if not rank and test.expect.breaks:
        rank = ["breaks ", *_listed(test.expect.breaks)]
    return [[_words(test.name)], list(_listed(true)) or ["nothing"], rank]


def _definitions(ruleset: RuleSet) -> Iterator[Block]:
    if ruleset.definitions:
        yield Heading(2, ["Definitions"])
        yield Grid(
            ["name", "means"],
            [([Code(n)], [Code(_words(d.body.text))]) for n, d in ruleset.definitions.items()],
        )
    if ruleset.axioms:
        yield Heading(2, ["What is always so"])
        yield Bullets([[Code(_words(axiom.body.text))] for axiom in ruleset.axioms])


def _propositions(ruleset: RuleSet) -> Iterator[Block]:
    used: dict[str, list[str]] = {}
    for rule in ruleset.rules.values():
        for name in dict.fromkeys(each.name for each in names(rule.require.expression)):
            used.setdefault(name, []).append(rule.id)
    yield Heading(2, ["Propositions"])
    for proposition in ruleset.propositions.values():
        yield from _proposition(proposition, tuple(used.get(proposition.name, ())))


def _proposition(proposition: Proposition, rules: tuple[str, ...]) -> Iterator[Block]:
    yield Heading(3, [Code(proposition.name)])
    if proposition.statement:
        yield Paragraph([_words(proposition.statement)])
    if proposition.question:
        yield Paragraph([Strong("Asked:"), " ", _words(proposition.question)])
    if proposition.examples:
        yield Grid(
            ["user", "assistant", "answer", "why"],
            [
                (
                    [_user(example)],
                    [_words(example.assistant)],
                    [Strong("yes") if example.answer else "no"],
                    [_words(example.why)],
                )
                for example in proposition.examples
            ],
        )
    if rules:
        yield Paragraph(["Used by ", *_listed(rules), "."])


def _user(example: Example) -> str:
    if example.user is not None:
        return _words(example.user)
    return " / ".join(f"{role}: {_words(content)}" for role, content in example.prompt)
