"""Two rule sets compared: names, words, and what they mean for each class and each rule."""

import contextlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from rbrctl.diff.edits import TextEdit, text_edits
from rbrctl.diff.meaning import (
    ClassComparison,
    JointLogic,
    Relation,
    RequirementComparison,
    undecided_class,
)
from rbrctl.diff.names import ChangedName, changed_names, renamed_by, renamed_propositions
from rbrctl.diff.protection import (
    ProtectionChange,
    Renames,
    protection_changes,
    relations_of,
)
from rbrctl.diff.ranks import RankChange, compare_ranks
from rbrctl.errors import UndecidedError
from rbrctl.records.models import RuleSetIdentity
from rbrctl.ruleset.diagram import DEFAULT_BUDGET
from rbrctl.ruleset.expressions import unparse
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import ResponseClass, Rule, RuleSet

Proved = TypeVar("Proved")

PROOFS = 8
"""All proofs of one comparison together may take this many times the budget of one."""


@dataclass(frozen=True, slots=True)
class RuleComparison:
    """What changed in one rule that both sides have."""

    id: str
    old_id: str
    requirement: RequirementComparison
    old_require: str
    new_require: str
    old_otherwise: str
    new_otherwise: str
    classes_added: tuple[str, ...]
    classes_removed: tuple[str, ...]
    place: Place

    @property
    def logic_changed(self) -> bool:
        """True if the rule may decide differently in any class."""
        return (
            self.requirement.relation is not Relation.EQUIVALENT
            or self.old_otherwise != self.new_otherwise
            or bool(self.classes_added or self.classes_removed)
        )

    @property
    def rewritten(self) -> bool:
        """True if the requirement was rewritten without a change of meaning."""
        same = self.requirement.relation is Relation.EQUIVALENT
        return same and self.old_require != self.new_require


@dataclass(frozen=True, slots=True)
class RuleSetComparison:
    """Everything that differs between two rule sets."""

    old: RuleSetIdentity
    new: RuleSetIdentity
    ranks: RankChange
    names: tuple[ChangedName, ...]
    edits: tuple[TextEdit, ...]
    classes: tuple[ClassComparison, ...]
    """The classes that both sides have, in the new side's order."""
    rules: tuple[RuleComparison, ...]
    """The rules that both sides have, in the new side's order."""
    axioms_added: tuple[str, ...]
    axioms_removed: tuple[str, ...]
    renamed_propositions: Mapping[str, str]
    renamed_rules: Mapping[str, str]
    renamed_classes: Mapping[str, str]
    """Each from the old name to the new one."""
    protection: tuple[ProtectionChange, ...] = ()
    """What changed in what gives a transcript its class and its protection."""

    @property
    def classes_added(self) -> tuple[str, ...]:
        """Response classes that only the new side has."""
        return tuple(self._names("response class", "added"))

    @property
    def classes_removed(self) -> tuple[str, ...]:
        """Response classes that only the old side has."""
        return tuple(self._names("response class", "removed"))

    def _names(self, kind: str, change: str) -> Iterator[str]:
        return (each.name for each in self.names if (each.kind, each.change) == (kind, change))

    @property
    def relation(self) -> Relation:
        """The relation of both sides over all classes; ``neither`` if a class came or went."""
        shared = self.shared_relation
        if shared is not Relation.UNDECIDED and (self.classes_added or self.classes_removed):
            return Relation.NEITHER
        return shared

    @property
    def shared_relation(self) -> Relation:
        """The relation of both sides over the classes that both have, and over moved categories."""
        relations = {each.relation for each in self.classes} | relations_of(self.protection)
        if Relation.UNDECIDED in relations:
            return Relation.UNDECIDED
        relations.discard(Relation.EQUIVALENT)
        if len(relations) > 1:
            return Relation.NEITHER
        return relations.pop() if relations else Relation.EQUIVALENT

    @property
    def logic_changed(self) -> bool:
        """True if the meaning of any class, rank or axiom changed."""
        return (
            self.relation is not Relation.EQUIVALENT
            or self.ranks.changed
            or bool(self.axioms_added or self.axioms_removed or self.protection)
        )

    @property
    def rules_changed(self) -> bool:
        """True if a rule was added, removed or decides differently, even if no rank shows it."""
        named = any(
            each.kind == "rule" and each.change in ("added", "removed") for each in self.names
        )
        return self.logic_changed or named or any(rule.logic_changed for rule in self.rules)

    @property
    def is_same(self) -> bool:
        """True if nothing differs at all, not even the wording."""
        rules = any(rule.logic_changed or rule.rewritten for rule in self.rules)
        return not (self.logic_changed or self.names or self.edits or rules)


def compare_rulesets(
    old: RuleSet,
    new: RuleSet,
    labels: tuple[str, str] = ("", ""),
    budget: int = DEFAULT_BUDGET,
) -> RuleSetComparison:
    """
    Compare two rule sets.

    ``labels`` is what the files of either side begin with, so that a file can be recognised as the
    same in both; ``budget`` bounds each proof, and PROOFS times as much all of them. Where a proof
    needs more, its class or rule is undecided.
    """
    return _Comparing(old, new, budget).comparison(labels)


class _Comparing:
    def __init__(self, old: RuleSet, new: RuleSet, budget: int) -> None:
        self.old = old
        self.new = new
        self.budget = budget
        self.ranks = compare_ranks(old.ranks, new.ranks)
        self.propositions = renamed_propositions(old, new)
        self.joint: JointLogic | None = None
        self.unbuildable: UndecidedError | None = None
        self.nodes_left = PROOFS * budget
        self.classes = self._renamed_classes()
        self.rules = self._renamed_rules()
        self.definitions = self._renamed_definitions()

    def logic(self) -> JointLogic:
        """Return the shared diagram; raises UndecidedError where it is too large to build."""
        if self.unbuildable is not None:
            raise self.unbuildable
        if self.joint is None:
            try:
                self.joint = JointLogic(
                    self.old, self.new, self.ranks, self.propositions, self.budget
                )
            except UndecidedError as error:
                self.unbuildable = error
                raise
        return self.joint

    def decide(self, question: Callable[[JointLogic], Proved]) -> Proved:
        """
        Ask with what the diagram has left of the budget, and once more with all of it.

        Raises UndecidedError where that is too little, or where all proofs together have taken
        PROOFS times the budget of one.
        """
        diagram = self.logic().diagram
        room = self.budget - diagram.size
        if room > 0:
            with contextlib.suppress(UndecidedError):
                return self._within(room, question, keep=True)
        return self._within(self.budget, question, keep=False)

    def _within(
        self, nodes: int, question: Callable[[JointLogic], Proved], *, keep: bool
    ) -> Proved:
        logic = self.logic()
        start = logic.diagram.size
        with logic.diagram.attempt(max(0, min(nodes, self.nodes_left)), keep=keep):
            try:
                return question(logic)
            finally:
                self.nodes_left -= logic.diagram.size - start

    def _renamed_classes(self) -> dict[str, str]:
        def same(old: ResponseClass, new: ResponseClass) -> bool:
            if old.name in new.aliases or new.name in old.aliases:
                return True
            try:
                return self.logic().same_class(old.name, new.name)
            except UndecidedError:
                return False

        gone = [
            e for e in self.old.response_classes.values() if e.name not in self.new.response_classes
        ]
        come = [
            e for e in self.new.response_classes.values() if e.name not in self.old.response_classes
        ]
        pairs = [(old.name, new.name) for old in gone for new in come if same(old, new)]
        return {
            old: new
            for old, new in pairs
            if sum(old == other for other, _ in pairs) == 1
            and sum(new == other for _, other in pairs) == 1
        }

    def _renamed_rules(self) -> dict[str, str]:
        def by_meaning(rule: Rule, new_side: bool) -> Hashable | None:
            try:
                logic = self.logic().new if new_side else self.logic().old
            except UndecidedError:
                return None
            classes, otherwise = rule.response_classes, rule.otherwise
            if not new_side:
                classes = tuple(self.classes.get(name, name) for name in classes)
                otherwise = self.ranks.renamed.get(otherwise, otherwise)
            return logic.requirements[rule.id], otherwise, frozenset(classes)

        pairs = renamed_by(
            self.old.rules,
            self.new.rules,
            lambda rule: by_meaning(rule, False),
            lambda rule: by_meaning(rule, True),
        )
        by_text = renamed_by(
            {id: rule for id, rule in self.old.rules.items() if id not in pairs},
            {id: rule for id, rule in self.new.rules.items() if id not in pairs.values()},
            lambda rule: rule.text,
            lambda rule: rule.text,
        )
        return pairs | by_text

    def _renamed_definitions(self) -> dict[str, str]:
        try:
            logic = self.logic()
        except UndecidedError:
            return {}
        return renamed_by(
            self.old.definitions,
            self.new.definitions,
            lambda definition: logic.old.definitions[definition.name],
            lambda definition: logic.new.definitions[definition.name],
        )

    def comparison(self, labels: tuple[str, str]) -> RuleSetComparison:
        rules = tuple(self._rules())
        old_axioms = {unparse(axiom.body.expression) for axiom in self.old.axioms}
        new_axioms = {unparse(axiom.body.expression) for axiom in self.new.axioms}
        return RuleSetComparison(
            old=RuleSetIdentity.of(self.old),
            new=RuleSetIdentity.of(self.new),
            ranks=self.ranks,
            names=tuple(self._names(labels)),
            edits=tuple(
                text_edits(self.old, self.new, self.propositions, self.rules, self.classes)
            ),
            classes=tuple(self._classes()),
            rules=rules,
            axioms_added=tuple(sorted(new_axioms - old_axioms)),
            axioms_removed=tuple(sorted(old_axioms - new_axioms)),
            renamed_propositions=self.propositions,
            renamed_rules=self.rules,
            renamed_classes=self.classes,
            protection=tuple(
                protection_changes(
                    self.old,
                    self.new,
                    Renames(self.rules, self.classes),
                    {rule.id: rule.requirement for rule in rules},
                    self.ranks,
                    self._relation_of,
                )
            ),
        )

    def _relation_of(self, old_name: str, new_name: str) -> Relation:
        try:
            return self._class(old_name, new_name).relation
        except UndecidedError:
            return Relation.UNDECIDED

    def _names(self, labels: tuple[str, str]) -> Iterator[ChangedName]:
        old, new = self.old, self.new
        yield from changed_names(
            "response class", old.response_classes, new.response_classes, self.classes, labels
        )
        yield from changed_names("rule", old.rules, new.rules, self.rules, labels)
        yield from changed_names(
            "definition", old.definitions, new.definitions, self.definitions, labels
        )
        yield from changed_names(
            "proposition", old.propositions, new.propositions, self.propositions, labels
        )
        old_tests = {test.name: test for test in old.tests}
        new_tests = {test.name: test for test in new.tests}
        yield from changed_names("test", old_tests, new_tests, {}, labels)

    def _classes(self) -> Iterator[ClassComparison]:
        back = {new: old for old, new in self.classes.items()}
        for name in self.new.response_classes:
            old_name = back.get(name, name)
            if old_name not in self.old.response_classes:
                continue
            try:
                yield self._class(old_name, name)
            except UndecidedError as error:
                yield undecided_class(old_name, name, error)

    def _class(self, old_name: str, new_name: str) -> ClassComparison:
        return self.decide(lambda logic: logic.compare_class(old_name, new_name))

    def _rules(self) -> Iterator[RuleComparison]:
        back = {new: old for old, new in self.rules.items()}
        for rule in self.new.rules.values():
            old = self.old.rules.get(back.get(rule.id, rule.id))
            if old is not None:
                yield self._rule(old, rule)

    def _rule(self, old: Rule, new: Rule) -> RuleComparison:
        try:
            requirement = self.decide(lambda logic: logic.compare_requirements(old.id, new.id))
        except UndecidedError:
            requirement = RequirementComparison(Relation.UNDECIDED)
        before = {self.classes.get(name, name) for name in old.response_classes}
        return RuleComparison(
            id=new.id,
            old_id=old.id,
            requirement=requirement,
            old_require=unparse(old.require.expression),
            new_require=unparse(new.require.expression),
            old_otherwise=self.ranks.renamed.get(old.otherwise, old.otherwise),
            new_otherwise=new.otherwise,
            classes_added=tuple(n for n in new.response_classes if n not in before),
            classes_removed=tuple(sorted(before - set(new.response_classes))),
            place=new.place,
        )
