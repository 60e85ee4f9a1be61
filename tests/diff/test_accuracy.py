import random
from dataclasses import replace

import pytest
from small_results import small_result
from small_sets import small_set

from rbrctl.diff.accuracy import PairedScore, compare_accuracy
from rbrctl.diff.answer_table import TableBuilder, table_of
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.pairing import one_table, pair_tables
from rbrctl.records.models import Result

stats = pytest.importorskip("scipy.stats", reason="compares with scipy, which is not needed to run")

RULESET = small_set({"no-a": ("not a", "bad"), "no-b": ("not b", "poor")})


def scores(old: list[Result], new: list[Result], **settings: int) -> dict[str, PairedScore]:
    before = table_of(old)
    builder = TableBuilder(beside=before)
    for result in new:
        builder.take(result)
    corpus = Corpus(RULESET, RULESET, pair_tables(before, builder.table()))
    return {score.name: score for score in compare_accuracy(corpus, **settings)}


def noisy(n: int, wrong: float, seed: int) -> list[Result]:
    source = random.Random(seed)
    rows = []
    for row in range(n):
        labels = {"a": row % 3 == 0, "b": row % 2 == 0}
        answers = {name: value != (source.random() < wrong) for name, value in labels.items()}
        rows.append(small_result(row, answers, labels, prompt=row // 4))
    return rows


def chance_of_at_most(total: int, sizes: list[int]) -> float:
    """Return P(sum of the sizes, each with a sign by chance, <= total), from all that can be."""
    chances = {0: 1.0}
    for size in sizes:
        after: dict[int, float] = {}
        for value, chance in chances.items():
            for signed in (value - size, value + size):
                after[signed] = after.get(signed, 0.0) + chance / 2
        chances = after
    return sum(chance for value, chance in chances.items() if value <= total)


def test_the_figures_are_those_of_counting_by_hand_and_of_scipy() -> None:
    old, new = noisy(400, 0.05, 1), noisy(400, 0.2, 2)
    found = scores(old, new)
    p_values = {}
    for name, rule in (("a", "no-a"), ("b", "no-b")):
        right = [
            [((row.answers[name].probability or 0) >= 0.5) == row.labels[name] for row in rows]
            for rows in (old, new)
        ]
        only_old = sum(before and not after for before, after in zip(*right, strict=True))
        only_new = sum(after and not before for before, after in zip(*right, strict=True))
        score = found[rule]
        assert (score.rows, score.only_old, score.only_new) == (400, only_old, only_new)
        assert score.old_accuracy == pytest.approx(sum(right[0]) / 400)
        assert score.new_accuracy == pytest.approx(sum(right[1]) / 400)
        changes = [after - before for before, after in zip(*right, strict=True)]
        sums = [sum(changes[start : start + 4]) for start in range(0, 400, 4)]
        assert (score.prompts, score.turned) == (100, sum(each != 0 for each in sums))
        expected = 2 * chance_of_at_most(sum(sums), [abs(each) for each in sums])
        assert score.p_value == pytest.approx(expected, abs=1e-12)
        p_values[rule] = score.p_value
        assert score.interval is not None
        assert score.interval[0] < score.difference < score.interval[1] < 0
    p_values["c"] = found["c"].p_value
    ordered = sorted(p_values, key=lambda rule: p_values[rule])
    running = 0.0
    for place, rule in enumerate(ordered):
        running = max(running, min(1.0, (3 - place) * p_values[rule]))
        assert found[rule].adjusted == pytest.approx(running)


def test_the_interval_is_that_of_scipys_bootstrap_of_prompts() -> None:
    import numpy

    old, new = noisy(400, 0.05, 3), noisy(400, 0.12, 4)
    score = scores(old, new)["no-a"]
    differences = numpy.array(
        [
            (((n.answers["a"].probability or 0) >= 0.5) == n.labels["a"]) * 1.0
            - (((o.answers["a"].probability or 0) >= 0.5) == o.labels["a"])
            for o, n in zip(old, new, strict=True)
        ]
    )
    clusters = differences.reshape(-1, 4).mean(axis=1)
    expected = stats.bootstrap(
        (clusters,),
        numpy.mean,
        method="percentile",
        n_resamples=4000,
        rng=numpy.random.default_rng(0),
    ).confidence_interval
    assert score.interval == pytest.approx((expected.low, expected.high), abs=0.006)


def test_a_critical_rule_names_each_new_miss() -> None:
    critical = {
        id: replace(rule, severity="critical" if id == "no-a" else "normal")
        for id, rule in RULESET.rules.items()
    }
    lowered = RULESET
    raised = replace(RULESET, rules=critical)
    old = table_of(
        [small_result(0, {"a": True}, {"a": True}), small_result(1, {"a": False}, {"a": True})]
    )
    builder = TableBuilder(beside=old)
    for row in (0, 1):
        builder.take(small_result(row, {"a": False}, {"a": True}))
    tables = pair_tables(old, builder.table())
    for sides in ((raised, raised), (raised, lowered), (lowered, raised)):
        (score, _) = compare_accuracy(Corpus(*sides, tables))
        assert score.critical
        assert score.new_misses == ("r0",)
        assert score.too_few
        assert score.p_value is None


def test_a_rank_label_is_what_the_rank_is_held_to() -> None:
    rows = [
        small_result(row, {"a": False, "b": True}, {"a": True, "b": True}, rank_label="poor")
        for row in range(12)
    ]
    corpus = Corpus(RULESET, small_set({"no-a": ("not a", "bad")}), one_table(table_of(rows)))
    score = compare_accuracy(corpus)[-1]
    assert (score.kind, score.name) == ("rank", "c")
    assert (score.old_accuracy, score.new_accuracy) == (1.0, 0.0)
    assert score.significant


def test_without_labels_there_is_no_score() -> None:
    corpus = Corpus(RULESET, RULESET, one_table(table_of([small_result(0, {"a": True})])))
    assert compare_accuracy(corpus) == ()


def turned(prompts: int, of: int, completions: int = 25) -> dict[str, PairedScore]:
    """Compare results in which all completions of some prompts turn from right to wrong."""
    labels = {"a": True, "b": False}
    old, new = (
        [
            small_result(
                row,
                {"a": not (is_new and row // completions < prompts), "b": False},
                labels,
                prompt=row // completions,
            )
            for row in range(of * completions)
        ]
        for is_new in (False, True)
    )
    return scores(old, new)


def test_one_prompt_of_many_completions_proves_nothing() -> None:
    score = turned(1, of=8)["no-a"]
    assert (score.rows, score.prompts, score.turned, score.only_old) == (200, 8, 1, 25)
    assert (score.p_value, score.drop_p, score.fell) == (1.0, 0.5, False)
    assert score.interval is None
    # Five of eight prompts would have been needed, so that a pass would mean nothing.
    assert (score.smallest_drop, score.is_judged) == (0.625, False)


def test_half_of_the_prompts_in_one_direction_is_a_drop() -> None:
    score = turned(12, of=24)["no-a"]
    # The rule and the rank of its class turn together: two tests that can find a drop.
    assert score.drop_p == pytest.approx(2 * 0.5**12)
    assert score.fell


def test_a_score_on_enough_prompts_is_judged() -> None:
    score = turned(0, of=80, completions=1)["no-a"]
    assert (score.smallest_drop, score.is_judged, score.family) == (5 / 80, True, 1)


def test_two_rule_sets_are_held_to_rank_labels_where_there_are_enough() -> None:
    """Labels of propositions follow the rules, so that they agree with whatever is decided."""
    rows = [
        small_result(
            row,
            {"a": False, "b": True},
            {"a": False, "b": True},
            rank_label="poor" if row < 12 else None,
        )
        for row in range(100)
    ]
    laxer = small_set({"no-a": ("not a", "bad")})
    table = one_table(table_of(rows))
    score = compare_accuracy(Corpus(RULESET, laxer, table))[-1]
    assert (score.rows, score.old_accuracy, score.new_accuracy) == (12, 1.0, 0.0)
    assert score.fell
    unlabelled = one_table(table_of([replace(row, rank_label=None) for row in rows]))
    score = compare_accuracy(Corpus(RULESET, laxer, unlabelled))[-1]
    assert (score.old_accuracy, score.new_accuracy) == (1.0, 1.0)


def test_repeats_give_the_noise_of_the_grader() -> None:
    rows = [
        small_result(
            row,
            {"a": True, "b": False},
            {"a": True, "b": False},
            repeats={"a": [0.9, 0.9, 0.1 if row == 0 else 0.9], "b": [0.1, 0.1, 0.1]},
        )
        for row in range(10)
    ]
    corpus = Corpus(RULESET, RULESET, one_table(table_of(rows)))
    found = {score.name: score.noise for score in compare_accuracy(corpus)}
    assert found["no-a"] == pytest.approx((0 + 0.1 + 0.1) / 3)
    assert found["no-b"] == 0.0
    assert found["c"] == pytest.approx((0 + 0.1 + 0.1) / 3)


def test_rows_that_the_new_side_no_longer_determines_are_counted() -> None:
    old = noisy(20, 0.0, 1)
    new = [
        small_result(row, {"a": None if row < 5 else bool(result.labels["a"])}, prompt=row // 4)
        for row, result in enumerate(old)
    ]
    score = scores(old, new)["no-a"]
    assert (score.gold_rows, score.rows, score.lost) == (20, 15, 5)


@pytest.mark.parametrize(
    ("lost", "won"), [(0, 0), (5, 5), (9, 2), (2, 9), (0, 7), (40, 12), (2000, 1000)]
)
def test_the_gates_p_value_is_the_one_sided_binomial(lost: int, won: int) -> None:
    labels = {"a": True}
    old = [small_result(i, {"a": i >= won, "b": False}, labels) for i in range(4000)]
    new = [small_result(i, {"a": i < 4000 - lost, "b": False}, labels) for i in range(4000)]
    found = scores(old, new)["no-a"]
    expected = 1.0
    if lost > won:
        expected = stats.binomtest(lost, lost + won, alternative="greater").pvalue
    # The rank is held to the same labels, and both tests count where they can find anything.
    assert found.drop_p == pytest.approx(min(1.0, expected * (2 if lost + won > 5 else 1)))
