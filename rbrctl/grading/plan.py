"""Which propositions are asked about a transcript, and in which order."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

from rbrctl.graders.interface import Grader
from rbrctl.records.models import Answer, Transcript
from rbrctl.records.thinking import UNFINISHED, visible_transcript
from rbrctl.ruleset.verdict import Judge


class Ask(StrEnum):
    """How many propositions are asked about each transcript."""

    NEEDED = "needed"
    """The propositions that the rules of the response class depend on, and those with labels."""
    ALL = "all"
    """Every proposition that the grader can answer."""
    LAZY = "lazy"
    """One after another, only until the rank is settled."""


def propositions_to_ask(
    ask: Ask,
    judge: Judge,
    response_class: str | None,
    labels: Mapping[str, bool],
    answerable: Collection[str],
) -> tuple[str, ...]:
    """
    Return the propositions to ask about one transcript, in the order of the rule set.

    Without a response class it is not known which rules apply, so all are asked. ``answerable``
    names the propositions that the grader can answer; no other is returned.
    """
    if ask is Ask.ALL or response_class is None:
        return tuple(name for name in judge.ruleset.propositions if name in answerable)
    wanted = {*judge.dependencies(response_class), *labels}.intersection(answerable)
    return tuple(name for name in judge.ruleset.propositions if name in wanted)


async def answers_about(
    grader: Grader, transcript: Transcript, propositions: Collection[str]
) -> Mapping[str, Answer]:
    """
    Ask a grader about a completion as a reader sees it, without its thinking.

    A completion that ends inside its thinking is no reply, so every answer about it is an error.
    Raises what the grader raises.
    """
    shown = visible_transcript(transcript)
    if shown is not None:
        return await grader.answer(shown, propositions)
    digests = grader.question_digests
    return {name: Answer(error=UNFINISHED, digest=digests.get(name)) for name in propositions}


class Frequencies:
    """How often each proposition was true, for each response class, with one of each to start."""

    def __init__(self) -> None:
        """Start with no observations: every frequency is one half."""
        self._true: defaultdict[tuple[str, str], float] = defaultdict(lambda: 1.0)
        self._all: defaultdict[tuple[str, str], float] = defaultdict(lambda: 2.0)

    def observe(self, response_class: str, values: Mapping[str, bool]) -> None:
        """Count the answers or labels of one transcript."""
        for name, value in values.items():
            self._true[response_class, name] += value
            self._all[response_class, name] += 1

    def of(self, response_class: str, name: str) -> float:
        """Return the observed frequency of true, strictly between 0 and 1."""
        key = (response_class, name)
        return self._true[key] / self._all[key]


class LazyPlan:
    """
    Chooses questions one at a time, on the diagram of the rules.

    The rank is the worst one that a broken rule names, so a rank is settled only when all worse
    ranks are excluded. The plan therefore starts with the worst rank that is still open, takes the
    rule of that rank that is most likely broken (one broken rule settles the rank), and asks the
    proposition that moves the probability of this rule most. Axioms are not used, because answers
    may break them.
    """

    def __init__(self, judge: Judge, frequencies: Frequencies) -> None:
        """Plan by ``frequencies``, which may still be updated while the plan is in use."""
        self._judge = judge
        self._frequencies = frequencies

    def next_question(
        self, response_class: str, known: Mapping[str, bool], askable: Collection[str]
    ) -> str | None:
        """Return the proposition to ask next; None if the rank is settled or cannot be."""
        if self._judge.verdict(response_class, known).rank is not None:
            return None
        diagram = self._judge.logic.diagram
        chances = {
            name: float(known[name])
            if name in known
            else self._frequencies.of(response_class, name)
            for name in self._judge.dependencies(response_class)
        }
        best: tuple[int, float, float, str] | None = None
        ranks = self._judge.ruleset.ranks
        for rule in self._judge.ruleset.rules_of(response_class):
            node = self._judge.logic.requirements[rule.id]
            if diagram.value(node, known) is not None:
                continue
            broken = 1.0 - diagram.probability(node, chances)
            for name in diagram.support(node):
                if name in known or name not in askable:
                    continue
                swing = abs(
                    diagram.probability(node, {**chances, name: 1.0})
                    - diagram.probability(node, {**chances, name: 0.0})
                )
                score = (ranks.index(rule.otherwise), broken, swing, name)
                best = max(best or score, score)
        return None if best is None else best[3]


async def answer_lazily(
    grader: Grader,
    plan: LazyPlan,
    transcript: Transcript,
    response_class: str,
    truth: Callable[[str, Answer], bool | None],
) -> dict[str, Answer]:
    """
    Ask one question after the other until the rank is settled.

    A failed answer settles nothing and is not asked again. ``truth`` decodes an answer. Raises what
    the grader raises.
    """
    answers: dict[str, Answer] = {}
    known: dict[str, bool] = {}
    askable = set(grader.question_digests)
    while (name := plan.next_question(response_class, known, askable)) is not None:
        answers.update(await answers_about(grader, transcript, [name]))
        askable.discard(name)
        value = truth(name, answers[name])
        if value is not None:
            known[name] = value
    return answers
