"""A grader that answers each labelled transcript by a model that was not fitted on its prompt."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rbrctl.digests import digest_of
from rbrctl.graders.embedded.grader import KIND, EmbeddedGrader
from rbrctl.graders.embedded.model import EmbeddedModel
from rbrctl.graders.interface import GraderNote
from rbrctl.records.models import Answer, GraderIdentity, Transcript
from rbrctl.ruleset.model import RuleSet

MODEL_NAME = "cross-fitted"
UNKNOWN_PROMPT = "this prompt was in no fold, so no model was fitted without it"


@dataclass(frozen=True, slots=True)
class CrossFitted:
    """The models of a cross-validation, and which of them was fitted without each prompt."""

    models: tuple[EmbeddedModel, ...]
    """One model for each fold, fitted on the prompts of all other folds."""
    fold_of_prompt: Mapping[str, int]
    """The number of the fold that a prompt is in, by the digest of the prompt."""


class CrossFittedGrader:
    """
    Answers each transcript by the model that was fitted without its prompt; a Grader.

    Such answers are as good as those that new transcripts will get, so a reward can be fitted to
    them without optimism. A transcript whose prompt is in no fold gets errors.
    """

    asks_together = True
    concurrency = 1
    notes: Sequence[GraderNote] = ()

    def __init__(self, ruleset: RuleSet, fitted: CrossFitted) -> None:
        """Bind a rule set to the models of the folds."""
        self._graders = [EmbeddedGrader(ruleset, model) for model in fitted.models]
        self._fold_of_prompt = fitted.fold_of_prompt
        self._digests = {
            name: digest_of([grader.question_digests[name] for grader in self._graders])
            for name in ruleset.propositions
            if all(name in grader.question_digests for grader in self._graders)
        }

    @property
    def identity(self) -> GraderIdentity:
        """The identity of this grader, with a digest of all the models."""
        digests = [grader.identity.digest for grader in self._graders]
        return GraderIdentity(KIND, digest_of([KIND, MODEL_NAME, digests]), MODEL_NAME)

    @property
    def question_digests(self) -> Mapping[str, str]:
        """The digest of all models for each proposition that every model can answer."""
        return self._digests

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """Answer the named propositions about one transcript; see Grader."""
        fold = self._fold_of_prompt.get(transcript.prompt_digest)
        if fold is None:
            return {name: Answer(error=UNKNOWN_PROMPT) for name in propositions}
        answers = self._graders[fold].answer_now(transcript, propositions)
        return {
            name: replace(answer, digest=self._digests[name]) for name, answer in answers.items()
        }

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""
