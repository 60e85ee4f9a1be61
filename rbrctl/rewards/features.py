"""
Features: numbers computed from the answers; a reward is a weighted sum of them.

By default the features of a response class are the probabilities of every proposition that its
rules depend on, and of every rank (Mu et al. 2024, section 4); ``features`` in the rule set names
others. The feature of a proposition is the answer itself. Those of ranks and expressions are exact
probabilities, computed from the rules' decision diagram: the answers are taken to be independent,
given the axioms. ``rules_kept`` is exact without the axioms, so that it is known whenever the
answers are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rbrctl.errors import ExpressionError, UsageError
from rbrctl.ruleset.expressions import Name, names, parse, unparse
from rbrctl.ruleset.model import SourcedExpression
from rbrctl.ruleset.verdict import MINIMUM_AXIOM_PROBABILITY, Judge
from rbrctl.wording import did_you_mean

RULES_KEPT = "rules_kept"
"""The expected share of the class's rules that hold (the reward of AutoRule)."""


@dataclass(frozen=True, slots=True)
class _Conditional:
    """Two nodes of the diagram for a conditional probability, P(both) / P(given)."""

    both: int
    given: int


class FeatureSet:
    """The features of one response class, in order, and how to compute them."""

    def __init__(self, judge: Judge, response_class: str, features: Sequence[str]) -> None:
        """
        Take the names of features: propositions, ranks, expressions, or ``rules_kept``.

        A name that is both a rank and a proposition means the rank. Raises UsageError for a feature
        that the rule set does not know, and for one that is named twice.
        """
        twice = [name for name, count in Counter(features).items() if count > 1]
        if twice:
            raise UsageError(f"the feature '{twice[0]}' of {response_class} is named twice")
        self.judge = judge
        self.response_class = response_class
        self.names = tuple(features)
        self._ranks = frozenset(judge.ruleset.ranks)
        self._expressions: dict[str, _Conditional] = {}
        needed: set[str] = set()
        for feature in self.names:
            needed |= self._prepare(feature)
        self.propositions = tuple(name for name in judge.ruleset.propositions if name in needed)
        """The propositions whose answers the features need."""

    def values(self, probabilities: Mapping[str, float]) -> list[float] | None:
        """
        Return the features, each in [0, 1], or None if a needed answer is unknown.

        The result is also None if the answers contradict the axioms so strongly that nothing
        follows from them.
        """
        if any(name not in probabilities for name in self.propositions):
            return None
        ranks: Mapping[str, float] = {}
        if not self._ranks.isdisjoint(self.names):
            known_ranks = self.judge.rank_probabilities(self.response_class, probabilities)
            if known_ranks is None:
                return None
            ranks = known_ranks
        values: list[float] = []
        for feature in self.names:
            value = self._value(feature, probabilities, ranks)
            if value is None:
                return None
            values.append(value)
        return values

    def _prepare(self, feature: str) -> frozenset[str] | set[str]:
        if feature in self._ranks:
            return set(self.judge.dependencies(self.response_class))
        if feature in self.judge.ruleset.propositions:
            return {feature}
        if feature == RULES_KEPT:
            return set(self.judge.dependencies(self.response_class))
        conditional = self._conditional(self._node(feature))
        self._expressions[feature] = conditional
        diagram = self.judge.logic.diagram
        return diagram.support(conditional.both) | diagram.support(conditional.given)

    def _node(self, feature: str) -> int:
        ruleset = self.judge.ruleset
        known = [*ruleset.propositions, *ruleset.definitions, *ruleset.ranks]
        try:
            expression = parse(feature)
        except ExpressionError as error:
            raise UsageError(
                f"the feature '{feature}' of {self.response_class} is not an expression: {error}"
            ) from error
        for name in names(expression):
            if name.name not in ruleset.propositions and name.name not in ruleset.definitions:
                hint = did_you_mean(name.name, known)
                raise UsageError(
                    f"the feature '{feature}' of {self.response_class} uses '{name.name}', which "
                    f"the rule set {ruleset.name} does not define{f'; {hint}' if hint else ''}"
                )
        return self.judge.logic.build(expression)

    def _value(
        self,
        feature: str,
        probabilities: Mapping[str, float],
        ranks: Mapping[str, float],
    ) -> float | None:
        if feature in self._ranks:
            return ranks[feature]
        if feature in self._expressions:
            return self._probability(self._expressions[feature], probabilities)
        if feature == RULES_KEPT:
            return self._rules_kept(probabilities)
        return probabilities[feature]

    def _conditional(self, node: int) -> _Conditional:
        """Condition a node on the axioms about it whose answers are needed anyway."""
        logic = self.judge.logic
        about = logic.diagram.support(node)
        at_hand = about.union(self.judge.dependencies(self.response_class))
        axioms = [
            axiom
            for axiom in logic.axioms
            if logic.diagram.support(axiom) <= at_hand
            and not logic.diagram.support(axiom).isdisjoint(about)
        ]
        given = logic.diagram.conjunction(axioms)
        return _Conditional(logic.diagram.conjunction([node, given]), given)

    def _probability(
        self, conditional: _Conditional, probabilities: Mapping[str, float]
    ) -> float | None:
        diagram = self.judge.logic.diagram
        given = diagram.probability(conditional.given, probabilities)
        if given < MINIMUM_AXIOM_PROBABILITY:
            return None
        return diagram.probability(conditional.both, probabilities) / given

    def _rules_kept(self, probabilities: Mapping[str, float]) -> float:
        logic = self.judge.logic
        rules = self.judge.ruleset.rules_of(self.response_class)
        kept = (
            logic.diagram.probability(logic.requirements[rule.id], probabilities) for rule in rules
        )
        return sum(kept) / len(rules) if rules else 1.0


def feature_names(judge: Judge, response_class: str) -> tuple[str, ...]:
    """Return the names of a class's features: those of the rule set, or the default ones."""
    chosen = judge.ruleset.features.get(response_class)
    if chosen is None:
        # A proposition with the name of a rank is reported by a check; here it means the rank.
        return tuple(dict.fromkeys((*judge.dependencies(response_class), *judge.ruleset.ranks)))
    return tuple(dict.fromkeys(_name(feature) for feature in chosen))


def _name(feature: str | SourcedExpression) -> str:
    if isinstance(feature, str):
        return feature
    if isinstance(feature.expression, Name):
        return feature.expression.name
    return unparse(feature.expression)
