"""One transcript at a time: its class, what is asked about it, and what is kept of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from rbrctl.errors import UsageError
from rbrctl.graders.asking import Ask, answers_about, propositions_to_ask
from rbrctl.graders.classification import Classifier
from rbrctl.graders.interface import Grader
from rbrctl.graders.judging import Reading, judged
from rbrctl.graders.plan import LAZY, LAZY_KEY, Frequencies, LazyPlan, answer_lazily
from rbrctl.graders.run_summary import RunSummary
from rbrctl.records.models import Answer, Result, RuleSetIdentity, Transcript
from rbrctl.ruleset.verdict import Judge

UNRESOLVED_CLASS_KEY = "response_class_given"
"""The key of a result that keeps a response class which the rule set does not know."""
CLASS_PROBABILITY_KEY = "response_class_probability"
"""The key of a result with the probability of a response class that was inferred."""
INFERRED = "inferred"


class TranscriptGrader:
    """Answers and judges single transcripts; counts in ``summary`` what is odd about them."""

    def __init__(
        self,
        judge: Judge,
        grader: Grader,
        ask: Ask,
        reading: Reading,
        classifier: Classifier | None = None,
    ) -> None:
        """
        Make ready; nothing is asked yet.

        ``classifier`` infers the response class of transcripts that have none. Raises UsageError
        for lazy asking of a grader that answers all propositions at once.
        """
        if ask is Ask.LAZY and grader.asks_together:
            raise UsageError(
                "lazy asking saves nothing where all propositions are answered at once; "
                "use --ask all or --ask needed"
            )
        self.summary = RunSummary()
        self._judge = judge
        self._grader = grader
        self._ask = ask
        self._reading = reading
        self._classifier = classifier
        self._frequencies = Frequencies()
        self._plan = LazyPlan(judge, self._frequencies)
        self._answerable = frozenset(grader.question_digests)
        self._unanswerable: set[str] = set()

    @property
    def unanswerable(self) -> tuple[str, ...]:
        """Propositions that the rules of some transcript needed and the grader does not know."""
        known = self._judge.ruleset.propositions
        return tuple(name for name in known if name in self._unanswerable)

    def fresh(self, transcript: Transcript) -> Result:
        """Make the result of a transcript that has no answers yet."""
        response_class, extra = None, dict(transcript.extra)
        if transcript.response_class is not None:
            spelling = transcript.response_class
            response_class = self._judge.ruleset.resolve_response_class(spelling)
            if response_class is None:
                self.summary.unknown_classes[spelling] += 1
                extra[UNRESOLVED_CLASS_KEY] = spelling
        for name in transcript.labels:
            if name not in self._judge.ruleset.propositions:
                self.summary.unknown_labels[name] += 1
        rank_label = transcript.rank_label
        if rank_label is not None and rank_label not in self._judge.ruleset.ranks:
            self.summary.unknown_rank_labels[rank_label] += 1
        return Result(
            id=transcript.id,
            content_digest=transcript.content_digest,
            prompt_digest=transcript.prompt_digest,
            answers={},
            grader=self._grader.identity,
            ruleset=RuleSetIdentity.of(self._judge.ruleset),
            response_class=response_class,
            response_class_source="given" if response_class else None,
            labels=transcript.labels,
            rank_label=rank_label,
            category=transcript.category,
            extra=extra,
        )

    def asked(self, fresh: Result) -> tuple[str, ...]:
        """Give the propositions to ask, and note those that the grader cannot answer."""
        if fresh.response_class is not None:
            needed = self._judge.dependencies(fresh.response_class)
            self._unanswerable.update(name for name in needed if name not in self._answerable)
        return propositions_to_ask(
            self._ask, self._judge, fresh.response_class, fresh.labels, self._answerable
        )

    def revived(self, transcript: Transcript, fresh: Result, kept: Result) -> Result | None:
        """
        Bring a result of an earlier run up to date without asking anything.

        None where it lacks an answer that would be asked today.
        """
        if transcript.response_class is None and kept.response_class_source == INFERRED:
            if self._classifier is None:
                return None
            fresh = replace(
                fresh,
                response_class=kept.response_class,
                response_class_source=INFERRED,
                extra={**fresh.extra, CLASS_PROBABILITY_KEY: kept.extra.get(CLASS_PROBABILITY_KEY)},
            )
        elif fresh.response_class is None and self._infers(transcript):
            return None
        lazily = self._ask is Ask.LAZY and kept.extra.get(LAZY_KEY) == LAZY
        if lazily:
            fresh = replace(fresh, extra={**fresh.extra, LAZY_KEY: LAZY})
        current = judged(replace(fresh, answers=kept.answers), self._judge, self._reading)
        settled = lazily and current.rank is not None
        if not settled and any(name not in kept.answers for name in self.asked(fresh)):
            return None
        return current

    def _infers(self, transcript: Transcript) -> bool:
        return self._classifier is not None and transcript.response_class is None

    async def graded(self, transcript: Transcript, fresh: Result) -> Result:
        """Ask and judge. Raises GraderError where going on is pointless."""
        fresh = await self._classified(transcript, fresh)
        if self._ask is Ask.LAZY and fresh.response_class is not None:
            answers: Mapping[str, Answer] = await self._answer_lazily(
                transcript, fresh.response_class
            )
            fresh = replace(fresh, extra={**fresh.extra, LAZY_KEY: LAZY})
        else:
            answers = await answers_about(self._grader, transcript, self.asked(fresh))
        return judged(replace(fresh, answers=answers), self._judge, self._reading)

    async def _answer_lazily(
        self, transcript: Transcript, response_class: str
    ) -> dict[str, Answer]:
        truth = self._reading.truth
        answers = await answer_lazily(self._grader, self._plan, transcript, response_class, truth)
        truths = {name: truth(name, answer) for name, answer in answers.items()}
        known = {name: value for name, value in truths.items() if value is not None}
        self._frequencies.observe(response_class, known)
        return answers

    async def _classified(self, transcript: Transcript, fresh: Result) -> Result:
        if self._classifier is None or transcript.response_class is not None:
            return fresh
        guess = await self._classifier.classify(transcript)
        if guess.response_class is None:
            self.summary.failed_inferences += 1
            self.summary.first_failed_inference = self.summary.first_failed_inference or guess.error
            return fresh
        return replace(
            fresh,
            response_class=guess.response_class,
            response_class_source=INFERRED,
            extra={**fresh.extra, CLASS_PROBABILITY_KEY: guess.probability},
        )


def current_for(grader: Grader) -> Callable[[Result], bool]:
    """Give the test of whether an earlier result's answers are those that would be given today."""
    digests = grader.question_digests

    def is_current(result: Result) -> bool:
        return all(digests.get(name) == each.digest for name, each in result.answers.items())

    return is_current


def essence(result: Result) -> tuple[object, ...]:
    """Give what decides whether a stored line must be written anew."""
    return (
        result.response_class,
        dict(result.labels),
        result.rank_label,
        result.category,
        dict(result.rules),
        result.rank,
        result.axioms_broken,
        dict(result.extra),
    )
