import asyncio

import pytest

from rbrctl.graders.training.cross_fitted import UNKNOWN_PROMPT, CrossFittedGrader
from rbrctl.graders.training.dataset import Example
from rbrctl.graders.training.fit import FitSettings
from rbrctl.graders.training.learners import LearnerSettings
from rbrctl.graders.training.train import Training, TrainingSettings, train
from rbrctl.records.transcripts import make_transcript
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Proposition, RuleSet

pytest.importorskip("sklearn", reason="the extra 'train' installs scikit-learn")

HERE = Place("x.yaml", 1, 1, 1, 2)
QUICK = TrainingSettings(
    FitSettings(LearnerSettings(boosted_trees=8, forest_trees=5), calibration_folds=2), folds=3
)


def ruleset() -> RuleSet:
    propositions = {
        name: Proposition(name, "Is it so?", HERE) for name in ("secret", "never_labelled")
    }
    return RuleSet("r", "1", ("good", "bad"), {}, propositions, {}, {})


def examples() -> list[Example]:
    """A label that the text does not tell: models of other rows answer otherwise."""
    return [
        Example(
            make_transcript(f"Question {number}", "Bees make honey" + "!" * (number % 4)),
            {"secret": float(number % 3 == 0)},
        )
        for number in range(45)
    ]


@pytest.fixture(scope="module")
def training() -> Training:
    return train(examples(), QUICK)


def test_each_row_is_answered_by_the_model_that_did_not_see_its_prompt(training):
    grader = CrossFittedGrader(ruleset(), training.cross_fitted)
    assert list(grader.question_digests) == ["secret"]
    for fold in range(3):
        inside = [each for each in examples() if fold_of(training, each) == fold]
        others = [each for each in examples() if fold_of(training, each) != fold]
        alone = train(others, TrainingSettings(QUICK.fit, folds=2)).model
        for example in inside:
            answer = asyncio.run(grader.answer(example.transcript, ["secret"]))["secret"]
            assert answer.probability == pytest.approx(probability(alone, example), abs=1e-6)
            assert answer.digest == grader.question_digests["secret"]


def fold_of(training: Training, example: Example) -> int:
    return training.cross_fitted.fold_of_prompt[example.transcript.prompt_digest]


def probability(model, example: Example) -> float:
    from rbrctl.graders.embedded.grader import EmbeddedGrader

    grader = EmbeddedGrader(ruleset(), model)
    return grader.answer_now(example.transcript, ["secret"])["secret"].probability


def test_the_models_of_the_folds_differ_and_every_prompt_has_one(training):
    fitted = training.cross_fitted
    assert len({model.digest for model in fitted.models}) == 3
    assert len(fitted.fold_of_prompt) == 45
    assert sorted(set(fitted.fold_of_prompt.values())) == [0, 1, 2]


def test_a_prompt_that_was_in_no_fold_gets_an_error_not_a_guess(training):
    grader = CrossFittedGrader(ruleset(), training.cross_fitted)
    transcript = make_transcript("Never asked", "Bees make honey")
    answer = asyncio.run(grader.answer(transcript, ["secret"]))["secret"]
    assert (answer.probability, answer.error) == (None, UNKNOWN_PROMPT)


def test_the_grader_says_which_models_it_is(training):
    first, second = (CrossFittedGrader(ruleset(), training.cross_fitted) for _ in range(2))
    other = train(examples()[:30], QUICK)
    assert first.identity == second.identity
    assert first.identity.model == "cross-fitted"
    assert first.identity != CrossFittedGrader(ruleset(), other.cross_fitted).identity
