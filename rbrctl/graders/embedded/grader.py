"""The embedded grader: answers offline, from its model or else from an author's cues."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from rbrctl.digests import digest_of
from rbrctl.graders.embedded.cue_answers import CueAnswers
from rbrctl.graders.embedded.features.extract import measure
from rbrctl.graders.embedded.model import EmbeddedModel
from rbrctl.graders.embedded.text import READ_LENGTH
from rbrctl.graders.interface import GraderNote
from rbrctl.records.models import Answer, GraderIdentity, Transcript
from rbrctl.ruleset.model import RuleSet

LONG = 10_000
"""Longer transcripts (in characters) are read in a thread, so that the event loop can go on."""
KIND = "embedded"
SOURCE = "embedded"


class EmbeddedGrader:
    """
    Answers the propositions of one rule set about transcripts, without any network or package.

    A proposition is answered by the model if the model was fitted on one of that name. Otherwise,
    and if the model knows no more than its base rate, it is answered from the author's cues. One
    with neither is not in ``question_digests``: it stays unknown and is never guessed. Of a
    completion longer than ``text.READ_LENGTH`` characters only the beginning and the end are read,
    and ``notes`` says so.
    """

    asks_together = True
    concurrency = 1

    def __init__(self, ruleset: RuleSet, model: EmbeddedModel | None) -> None:
        """Bind a rule set to a model (see ``load_model``); with None, answer from cues alone."""
        fitted = model.propositions if model is not None else {}
        cues = CueAnswers(
            {
                name: proposition
                for name, proposition in ruleset.propositions.items()
                if name not in fitted or fitted[name].constant is not None
            }
        )
        self._model = model
        self._cues = cues
        self._modelled = frozenset(fitted) - frozenset(cues.digests)
        of_model = dict.fromkeys(self._modelled, model.digest if model is not None else "")
        digests = {**of_model, **cues.digests}
        self._digests = {name: digests[name] for name in ruleset.propositions if name in digests}
        self._cut = 0

    @property
    def identity(self) -> GraderIdentity:
        """The name and digest of the model."""
        if self._model is None:
            return GraderIdentity(KIND, digest_of([KIND, None]), "cues")
        return GraderIdentity(KIND, digest_of([KIND, self._model.digest]), self._model.name)

    @property
    def question_digests(self) -> Mapping[str, str]:
        """The digest of the model file or the cues of each proposition that can be answered."""
        return self._digests

    @property
    def notes(self) -> Sequence[GraderNote]:
        """A note of how many completions were too long to be read whole, if any were."""
        if not self._cut:
            return ()
        completions = "completion was" if self._cut == 1 else "completions were"
        text = (
            f"{self._cut} {completions} longer than {READ_LENGTH:,} characters: only head and tail"
            " were read"
        )
        return (GraderNote(text),)

    def answer_now(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> dict[str, Answer]:
        """
        Answer the named propositions about one transcript, synchronously.

        Raises KeyError for a name that is not in ``question_digests``.
        """
        measured = measure(transcript)
        self._cut += measured.completion.truncated
        from_cues = self._cues.answers(measured.completion) if self._cues.digests else {}
        values: list[float] = []
        if self._model is not None:
            values = self._model.vector(measured.with_words(self._model.words))
        answers: dict[str, Answer] = {}
        for name in propositions:
            if self._model is not None and name in self._modelled:
                answers[name] = Answer(
                    probability=self._model.propositions[name].probability(values),
                    source=SOURCE,
                    digest=self._digests[name],
                )
            else:
                answers[name] = from_cues[name]
        return answers

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """Answer the named propositions about one transcript; a long one is read in a thread."""
        messages = (*transcript.prompt, *transcript.completion)
        if sum(len(message.content) for message in messages) > LONG:
            return await asyncio.to_thread(self.answer_now, transcript, propositions)
        return self.answer_now(transcript, propositions)

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""
