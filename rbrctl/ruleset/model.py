"""The rule set as plain, frozen data; every part knows the place it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.ruleset.expressions import Expression
from rbrctl.ruleset.findings import Place


@dataclass(frozen=True, slots=True)
class Example:
    """One few-shot example of a proposition: a completion, its right answer, and why."""

    assistant: str
    answer: bool
    user: str | None = None
    """The single user message before it; None when ``prompt`` is given instead."""
    prompt: tuple[tuple[str, str], ...] = ()
    """A whole conversation before it, as (role, content) pairs."""
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Proposition:
    """A yes/no statement about a completion given its prompt."""

    name: str
    place: Place
    statement: str | None = None
    question: str | None = None
    """What a grader is asked, to be answered with yes or no."""
    examples: tuple[Example, ...] = ()
    cues: tuple[str, ...] = ()
    """Words and phrases that hint at "true"; see rbrctl.graders.embedded."""
    tags: tuple[str, ...] = ()
    source: str | None = None
    deprecated: str | bool | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    """Places of its parts, by dotted path (``question``, ``cues.sorry``)."""


@dataclass(frozen=True, slots=True)
class SourcedExpression:
    """An expression with the text it was parsed from and the place of each of its names."""

    expression: Expression
    text: str
    place: Place
    token_places: tuple[Place, ...] = ()
    """The place of every token in order of appearance; empty when they cannot be told."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A named boolean expression over propositions and other definitions."""

    name: str
    place: Place
    body: SourcedExpression


@dataclass(frozen=True, slots=True)
class Axiom:
    """A statement that the author declares true of every transcript."""

    body: SourcedExpression

    @property
    def place(self) -> Place:
        """The place of the part: file, line and column."""
        return self.body.place


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of policy: what it requires, and the rank a completion drops to otherwise."""

    id: str
    place: Place
    response_classes: tuple[str, ...]
    require: SourcedExpression
    otherwise: str
    text: str | None = None
    severity: str = "normal"
    """``normal`` or ``critical``."""
    tags: tuple[str, ...] = ()
    source: str | None = None
    deprecated: str | bool | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    """Places of its parts, by dotted path (``otherwise``, ``response_classes.comply``)."""


@dataclass(frozen=True, slots=True)
class ResponseClass:
    """What the policy wants for a prompt."""

    name: str
    place: Place
    description: str | None = None
    aliases: tuple[str, ...] = ()
    extends: str | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    """Places of its parts, by dotted path (``extends``, ``aliases.Comply``)."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a unit test expects; None where it expects nothing of that kind."""

    rank: str | None = None
    breaks: tuple[str, ...] | None = None
    """The rules that must be broken, and no others of the class."""
    keeps: tuple[str, ...] | None = None
    """Rules that must hold."""


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A unit test of the rules: an assignment, a response class and what must follow."""

    name: str
    place: Place
    response_class: str
    given: Mapping[str, bool]
    """What is not given is false."""
    expect: Expectation
    places: Mapping[str, Place] = field(default_factory=dict)
    """Places of its parts, by dotted path (``given.apology``, ``expect.rank``)."""


@dataclass(frozen=True, slots=True)
class GraderPrompt:
    """The rule set's own grader prompt, where it has one."""

    template: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyCategory:
    """A kind of request within a content area, and the response class that the policy gives it."""

    name: str
    description: str
    response_class: str


@dataclass(frozen=True, slots=True)
class PolicyArea:
    """A content area of the policy and its categories."""

    name: str
    description: str
    categories: tuple[PolicyCategory, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """
    A whole behaviour policy.

    Mappings keep the order of the files (files in name order, entries in file order), those of a
    base set first.
    """

    name: str
    version: str
    ranks: tuple[str, ...]
    """Best first; at least two."""
    response_classes: Mapping[str, ResponseClass]
    propositions: Mapping[str, Proposition]
    definitions: Mapping[str, Definition]
    rules: Mapping[str, Rule]
    axioms: tuple[Axiom, ...] = ()
    tests: tuple[RuleTest, ...] = ()
    description: str | None = None
    base: str | None = None
    grader: GraderPrompt = field(default_factory=GraderPrompt)
    policy: tuple[PolicyArea, ...] = ()
    features: Mapping[str, tuple[str | SourcedExpression, ...]] = field(default_factory=dict)
    """Per response class, the names of propositions or ranks, or expressions."""
    digest: str = ""
    """Digest of what the rules mean and of what they protect, without texts."""
    legacy_digest: str = ""
    """The digest that version 0.1 gave these rules: without aliases, ``policy`` and severities.
    Results and weights of that version carry it, and are still those of these rules."""
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    """Places within what stands once, by dotted path (``ranks.ideal``, ``features.comply``)."""

    def has_digest(self, digest: str) -> bool:
        """Return True if these rules have this digest, or had it in version 0.1."""
        return digest == self.digest or (bool(digest) and digest == self.legacy_digest)

    def category_classes(self) -> dict[str, str]:
        """
        Return the response class that the policy gives to each category.

        A category to which two areas give different classes is left out: it says nothing.
        """
        found: dict[str, set[str]] = {}
        for area in self.policy:
            for category in area.categories:
                found.setdefault(category.name, set()).add(category.response_class)
        return {name: min(each) for name, each in found.items() if len(each) == 1}

    def ancestors(self, response_class: str) -> tuple[str, ...]:
        """Return the class itself and those that it extends, nearest first."""
        chain = [response_class]
        while (parent := self.response_classes[chain[-1]].extends) is not None:
            chain.append(parent)
        return tuple(chain)

    def rules_of(self, response_class: str) -> tuple[Rule, ...]:
        """Return the rules of a response class, inherited ones included, in file order."""
        lineage = set(self.ancestors(response_class))
        return tuple(rule for rule in self.rules.values() if lineage & set(rule.response_classes))

    def resolve_response_class(self, spelling: str) -> str | None:
        """Find the response class of that name or alias; None if there is none."""
        if spelling in self.response_classes:
            return spelling
        for response_class in self.response_classes.values():
            if spelling in response_class.aliases:
                return response_class.name
        return None
