import random
from collections.abc import Iterator

import pytest

from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.graders.embedded.features.extract import measure
from rbrctl.graders.embedded.grader import EmbeddedGrader
from rbrctl.graders.training.cross_validation import cross_validate
from rbrctl.graders.training.dataset import (
    Example,
    build_dataset,
    examples_from_answers,
    examples_from_labels,
    examples_from_mapping,
)
from rbrctl.graders.training.fit import FitSettings
from rbrctl.graders.training.learners import LearnerSettings
from rbrctl.graders.training.train import TrainingSettings, fit_models, train
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Proposition, RuleSet

HERE = Place("x.yaml", 1, 1, 1, 2)
QUICK = TrainingSettings(
    fit=FitSettings(LearnerSettings(boosted_trees=8, forest_trees=5), calibration_folds=2),
    folds=3,
)
OPENINGS = ["Sure, here you go.", "Of course.", "Bees make honey.", "The answer is four."]
QUESTIONS = ["What do you think?", "Which one do you mean?", "Could you tell me more?"]


def transcripts(count: int = 60) -> Iterator[Transcript]:
    """Every other completion asks the user something; that is the label."""
    choose = random.Random(1)
    for number in range(count):
        asks = number % 2 == 0
        completion = choose.choice(OPENINGS) + (" " + choose.choice(QUESTIONS) if asks else "")
        labels = {"asks": asks, "rare": number == 0}
        yield make_transcript(f"Question number {number}", completion, labels=labels)


def test_a_model_learns_a_proposition_of_any_name_and_says_how_well():
    training = train(examples_from_labels(transcripts()), QUICK, {"data_sets": ["made up"]})
    asks, rare = training.report.propositions
    assert (asks.name, asks.rows, asks.positives) == ("asks", 60, 30)
    assert asks.accuracy > 0.9 > asks.base_rate_accuracy == 0.5
    assert asks.accuracy_interval[0] < asks.accuracy <= asks.accuracy_interval[1]
    assert asks.balanced_accuracy is not None
    assert asks.balanced_accuracy > 0.9
    assert 0 <= asks.brier < 0.25
    assert asks.note is None
    assert rare.note is not None
    assert "too few true" in rare.note
    assert training.report.mean_balanced_accuracy == asks.balanced_accuracy
    assert training.model.provenance["data_sets"] == ["made up"]
    assert training.model.provenance["cross_validation"]["rows"] == 60


def test_too_few_examples_give_the_base_rate_with_a_note():
    training = train(examples_from_labels(transcripts()), QUICK)
    rare = training.model.propositions["rare"]
    assert rare.constant == pytest.approx(2 / 62, abs=1e-5)
    assert rare.note == "too few true examples (1): always answers the base rate"


def test_training_is_deterministic():
    first, second = (train(examples_from_labels(transcripts(30)), QUICK) for _ in range(2))
    assert first.content == second.content
    assert first.report == second.report


def test_plain_python_gives_what_scikit_learn_gives():
    np = pytest.importorskip("numpy")
    ensemble = pytest.importorskip("sklearn.ensemble")
    dataset = build_dataset(examples_from_labels(transcripts()), ["asks"])
    settings = LearnerSettings(boosted_trees=10, forest_trees=6, digits=9, words=0)
    values = dataset.targets[0].values
    from rbrctl.graders.training.learners import fit_scorers

    model = fit_scorers(dataset.matrix, values, dataset.weights, dataset.first_word, settings)
    measured = dataset.matrix[:, : dataset.first_word]
    seen = np.flatnonzero((measured != 0).sum(axis=0) >= settings.least_seen)
    data = dataset.matrix[:, seen]
    boosted = ensemble.GradientBoostingClassifier(
        n_estimators=10,
        max_depth=2,
        learning_rate=0.1,
        subsample=0.7,
        max_features=0.2,
        min_samples_leaf=4,
        random_state=0,
    )
    order = np.argsort(-values, kind="stable")
    boosted.fit(data[order], values[order], sample_weight=np.ones(len(values)))
    expected = boosted.decision_function(data)
    only_boosted = [
        model.boosted_bias + sum(_leaf(tree, row) for tree in model.boosted)
        for row in dataset.matrix.tolist()
    ]
    assert only_boosted == pytest.approx(expected.tolist(), abs=1e-6)


def _leaf(tree: object, row: list[float]) -> float:
    while isinstance(tree, tuple):
        tree = tree[2] if row[tree[0]] <= tree[1] else tree[3]
    assert isinstance(tree, float)
    return tree


def test_soft_labels_are_learned_from():
    soft = [
        Example(transcript, {"asks": 0.9 if transcript.labels["asks"] else 0.2})
        for transcript in transcripts()
    ]
    training = train(soft, QUICK)
    (asks,) = training.report.propositions
    assert asks.accuracy > 0.9
    assert asks.positives == 30
    assert training.model.propositions["asks"].positives == pytest.approx(30 * 0.9 + 30 * 0.2)


def test_rows_without_a_label_are_left_out_of_that_proposition_alone():
    examples = [
        Example(transcript, {"asks": 1.0} if number < 10 else {"rare": 0.0})
        for number, transcript in enumerate(transcripts(40))
    ]
    targets = {item.name: len(item.rows) for item in build_dataset(examples, None).targets}
    assert targets == {"asks": 10, "rare": 30}


def test_supporting_rows_help_but_are_not_measured():
    scored = list(examples_from_labels(transcripts(30)))
    support = list(examples_from_labels(transcripts(90), weight=0.5, scored=False))[30:]
    report = train(scored + support, QUICK).report
    assert (report.rows, report.supporting_rows, report.prompts) == (30, 60, 30)
    assert all(item.rows == 30 for item in report.propositions)


def test_rows_of_one_prompt_are_never_parted():
    """Copies of one row under one prompt would otherwise be known by heart."""
    noise = random.Random(3)
    rows = []
    for number in range(12):
        label = noise.random() < 0.5
        text = "Bees make honey." + " indeed" * number
        rows += [
            make_transcript(f"Question {number}", text, labels={"coin": label}) for _ in range(8)
        ]
    dataset = build_dataset(examples_from_labels(rows), None)
    report = cross_validate(dataset, QUICK.fit, folds=3).report
    assert report.prompts == 12
    assert report.propositions[0].accuracy < 0.9


def test_no_labels_is_nothing_to_learn_from():
    with pytest.raises(NothingMatchedError, match="no example has a label"):
        train([Example(make_transcript("a", "b"), {})], QUICK)


def test_too_few_prompts_to_cross_validate_is_said():
    few = examples_from_labels(transcripts(2))
    with pytest.raises(UsageError, match="at least 3 different prompts, and there are 2"):
        train(few, QUICK)


def test_progress_is_told():
    steps: list[tuple[int, int]] = []
    train(
        examples_from_labels(transcripts(30)),
        QUICK,
        on_step=lambda done, of: steps.append((done, of)),
    )
    assert steps == [(number, 8) for number in range(1, 9)]


def test_models_can_be_fitted_without_cross_validation():
    features, models = fit_models(examples_from_labels(transcripts()), QUICK)
    values = measure(make_transcript("Hi", "Of course. Which one do you mean?")).values
    vector = [values.get(name, 0.0) for name in features]
    assert models["asks"].probability(vector) > 0.5


def test_examples_from_another_graders_answers_join_on_content():
    asked, unasked = list(transcripts(2))
    result = Result(
        id="other id",
        content_digest=asked.content_digest,
        prompt_digest=asked.prompt_digest,
        answers={"asks": Answer(probability=0.7), "rare": Answer(error="timed out")},
        grader=GraderIdentity("endpoint", "d"),
        ruleset=RuleSetIdentity("n", "1", "d"),
    )
    (example,) = examples_from_answers([asked, unasked], [result])
    assert example.transcript is asked
    assert example.labels == {"asks": 0.7}


def test_weak_labels_come_from_a_key_of_the_file():
    from dataclasses import replace

    rows = [
        replace(transcript, extra={"label": label})
        for transcript, label in zip(
            transcripts(3), ["rejected", "unclear", {"no": "text"}], strict=True
        )
    ]
    mapping = {"rejected": {"fully_complies": False}}
    (example,) = examples_from_mapping(rows, "label", mapping, weight=0.5)
    assert example.labels == {"fully_complies": 0.0}
    assert (example.weight, example.scored) == (0.5, False)


def test_an_authors_own_subject_is_learned_by_its_words():
    """No hand-made feature knows of tulips."""
    rows = []
    for number in range(60):
        flower = ["tulip", "oak", "fern"][number % 3]
        text = f"The {flower} grows well here. Give it water and sun."
        labels = {"tulips": flower == "tulip"}
        rows.append(make_transcript(f"Question {number}", text, labels=labels))
    training = train(examples_from_labels(rows), QUICK)
    (tulips,) = training.report.propositions
    assert tulips.accuracy > 0.95 > tulips.base_rate_accuracy
    assert "tulip" in training.model.words
    (name,) = training.model.propositions
    grader = EmbeddedGrader(
        RuleSet("t", "1", ("a", "b"), {}, {name: Proposition(name, HERE)}, {}, {}), training.model
    )
    for flower, expected in (("tulip", True), ("oak", False)):
        answers = grader.answer_now(make_transcript("Hi", f"The {flower} grows well."), [name])
        assert ((answers[name].probability or 0) > 0.5) is expected
