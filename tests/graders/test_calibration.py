"""Calibration: the better map, the honest refusal, the binding to a grader."""

import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from rbrctl.errors import FileError, GraderError, NothingMatchedError
from rbrctl.graders.calibration import Calibration, calibrate, fit
from rbrctl.graders.calibration_file import read_calibration, write_calibration
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.scoring.repeats import FlipTally
from rbrctl.statistics.maps import IsotonicMap, PlattMap

GRADER = GraderIdentity("endpoint", "abcdef0123456789", "m", "logprobs")
RULES = RuleSetIdentity("small", "1", "x")
HEAD = "rbrctl_calibration: 1\ngrader: {kind: a, digest: b}\npropositions: {a: {b: "


def overconfident(count: int, seed: int = 1) -> tuple[list[float], list[bool], list[str]]:
    """Draw answers whose log odds are three times too large."""
    draw = random.Random(seed)
    probabilities, labels = [], []
    for _ in range(count):
        true_odds = draw.gauss(0.0, 1.2)
        labels.append(draw.random() < 1 / (1 + math.exp(-true_odds)))
        probabilities.append(1 / (1 + math.exp(-3 * true_odds)))
    return probabilities, labels, [f"g{i // 2}" for i in range(count)]


def results(count: int, **changes: object) -> list[Result]:
    probabilities, labels, groups = overconfident(count)
    rows = zip(probabilities, labels, groups, strict=True)
    return [
        Result(
            f"t{i}",
            f"c{i}",
            group,
            {"apology": Answer(p, "logprobs", "d")},
            GRADER,
            RULES,
            labels={"apology": label, "unasked": True},
            **changes,  # type: ignore[arg-type]
        )
        for i, (p, label, group) in enumerate(rows)
    ]


def test_a_sigmoid_mends_overconfidence() -> None:
    entry = fit(*overconfident(400))
    assert isinstance(entry.map, PlattMap)
    assert entry.map.slope == pytest.approx(1 / 3, abs=0.08)
    assert entry.before is not None
    assert entry.after is not None
    assert entry.after.brier < entry.before.brier
    assert entry.after.calibration_error < entry.before.calibration_error / 2
    assert entry.after.bins


def test_a_step_is_isotonic() -> None:
    draw = random.Random(2)
    probabilities = [draw.random() * 0.1 for _ in range(600)]
    labels = [draw.random() < (0.85 if 0.04 < p < 0.06 or p > 0.08 else 0.1) for p in probabilities]
    probabilities = [p if not 0.04 < p < 0.06 else 0.081 + p / 100 for p in probabilities]
    entry = fit(probabilities, labels, [str(i) for i in range(600)])
    assert isinstance(entry.map, IsotonicMap)


def test_too_few_rows_fit_nothing_and_say_so() -> None:
    probabilities, labels, groups = overconfident(30)
    labels = [i < 9 for i in range(30)]
    entry = fit(probabilities, labels, groups)
    assert entry.map is None
    assert entry.threshold == 0.5
    assert entry.note is not None
    assert entry.note.startswith("too few: 9 true and 21 false rows in 15 groups")
    assert fit(*overconfident(200)[:2], ["one"] * 200).map is None


def test_answers_that_are_all_alike_tell_nothing() -> None:
    _, labels, groups = overconfident(100)
    entry = fit([0.8 + 1e-16 * (i % 3) for i in range(100)], labels, groups)
    assert entry.map is None
    assert entry.note == "all answers are alike: there is nothing to tell them by"


def test_good_probabilities_are_left_alone() -> None:
    draw = random.Random(3)
    probabilities = [draw.random() for _ in range(300)]
    labels = [draw.random() < p for p in probabilities]
    entry = fit(probabilities, labels, [str(i) for i in range(300)])
    if entry.map is None:
        assert entry.note == "no map does better than the answers as they are"
    assert entry.threshold == 0.5


def test_a_calibration_reads_answers_of_its_own_source_only() -> None:
    calibration = calibrate(results(400))
    assert set(calibration.entries) == {("apology", "logprobs")}
    answer = Answer(0.95, "logprobs")
    mapped = calibration.probability("apology", answer)
    assert mapped is not None
    assert 0.6 < mapped < 0.85
    assert calibration.probability("apology", replace(answer, source="text")) == 0.95
    assert calibration.truth("apology", answer) is True
    assert calibration.truth("apology", Answer(error="x")) is None
    assert calibration.truth("other", Answer(0.4, "logprobs")) is False


def test_it_is_refused_for_another_grader() -> None:
    calibration = calibrate(results(60))
    calibration.check(GRADER)
    with pytest.raises(GraderError, match=r"made for grader endpoint m \(logprobs\) abcdef012345"):
        calibration.check(replace(GRADER, digest="zzz"))


def test_what_cannot_be_calibrated_by() -> None:
    mixed = results(4)
    mixed[3] = replace(mixed[3], grader=replace(GRADER, digest="zzz"))
    with pytest.raises(GraderError, match="several graders"):
        calibrate(mixed)
    with pytest.raises(GraderError, match="asked lazily"):
        calibrate(results(4, asked_lazily=True))
    with pytest.raises(NothingMatchedError, match="no answer has a label"):
        calibrate([])


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    calibration = calibrate(results(400))
    steps = IsotonicMap((0.1, 0.5), (0.0, 0.75))
    calibration.entries["b", "text"] = replace(
        calibration.entries["apology", "logprobs"], map=steps
    )
    write_calibration(calibration, tmp_path / "c.yaml")
    again = read_calibration(tmp_path / "c.yaml")
    assert again.grader == GRADER
    for key, entry in calibration.entries.items():
        assert again.entries[key].map == entry.map
        assert again.entries[key].threshold == pytest.approx(entry.threshold, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not begin with 'rbrctl_calibration: 1'"),
        ("rbrctl_calibration: 2", "does not begin with"),
        ("rbrctl_calibration: 1", "'grader' is missing"),
        (HEAD + "{threshold: 2}}}", "2 is not from 0 to 1"),
        (HEAD + "{map: {platt: {slope: -1, intercept: 0}}}}}", "-1 is not from 0"),
        (HEAD + "{map: {isotonic: {scores: [1, 0], probabilities: [0, 1]}}}}}", "must not fall"),
        ("a: [", "not YAML"),
        ("a: &x [*x]", "c.yaml:1:"),
    ],
)
def test_a_file_that_is_none_is_one_message(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(GraderError) as caught:
        read_calibration(tmp_path / "c.yaml")
    assert message in str(caught.value)


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot read .*: no such file"):
        read_calibration(tmp_path / "c.yaml")
    with pytest.raises(FileError, match="cannot write"):
        write_calibration(Calibration(GRADER), tmp_path / "no" / "c.yaml")


def test_flip_rates_count_pairs_that_disagree() -> None:
    rows = [
        replace(r, answers={"a": Answer(0.5, "x", details={"repeats": repeats})})
        for r, repeats in zip(
            results(3), [[0.9, 0.9, 0.1], [0.9, 0.8, 0.7], [0.1, 0.1, 0.1]], strict=True
        )
    ]
    tally = FlipTally()
    for row in rows:
        tally.add(row)
    (rate,) = tally.rates()
    assert (rate.proposition, rate.transcripts, rate.flipped) == ("a", 3, 1)
    assert rate.rate == pytest.approx(2 / 3 / 3)
    assert rate.spread == pytest.approx((0.8 + 0.2) / 3)
