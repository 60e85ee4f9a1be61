import pytest

from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.scoring.gates import Gates, check_rules_exist, missed_gates, parse_gates
from rbrctl.scoring.models import RuleScore, Score
from rbrctl.statistics.agreement import ConfusionCounts


def score_of(**correct_of_ten: int) -> Score:
    rules = tuple(
        RuleScore(
            rule=rule.replace("_", "-"),
            group=None,
            gold_rows=10,
            counts=ConfusionCounts(correct, 10 - correct, 0, 0),
        )
        for rule, correct in correct_of_ten.items()
    )
    return Score(10, 10, 0, 0, 0, 0, 0, 0, rules, (), (), (), ())


def test_shares_and_rules_are_read():
    assert parse_gates(["0.9", "be-kind=0.5"], 30) == Gates(0.9, {"be-kind": 0.5}, 30)
    assert not parse_gates([], None).any


@pytest.mark.parametrize("text", ["high", "1.5", "rule=", "-0.1", "=", "nan"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(UsageError, match="write a share from 0 to 1"):
        parse_gates([text], None)


def test_a_gate_on_an_unknown_rule_is_refused():
    with pytest.raises(UsageError, match="did you mean 'be-kind'"):
        check_rules_exist(parse_gates(["be-kin=0.5"], None), ["be-kind"])


def test_a_rules_own_gate_goes_before_the_overall_one():
    gates = parse_gates(["0.9", "be-kind=0.7"], None)
    misses = missed_gates(gates, score_of(be_kind=8, be_short=8))
    assert [(miss.rule, miss.message) for miss in misses] == [
        ("be-short", "accuracy 0.800, below 0.9")
    ]


def test_a_gate_is_reached_at_its_very_share():
    assert missed_gates(parse_gates(["0.8"], None), score_of(be_kind=8)) == []


def test_too_few_rows_miss():
    misses = missed_gates(parse_gates([], 11), score_of(be_kind=10))
    assert [miss.message for miss in misses] == ["has 10 rows, fewer than 11"]


def test_a_named_rule_without_labels_misses():
    misses = missed_gates(parse_gates(["be-fair=0.1"], None), score_of(be_kind=10))
    assert [miss.rule for miss in misses] == ["be-fair"]


def test_no_labels_at_all_is_no_pass():
    with pytest.raises(NothingMatchedError, match="no gate can be checked"):
        missed_gates(parse_gates(["0.1"], None), score_of())


def test_a_least_number_of_rows_holds_for_rules_without_any():
    gates = parse_gates(["be-fair=0.1"], 5)
    misses = missed_gates(gates, score_of(be_kind=10), ["be-kind", "be-fair", "be-brief"])
    assert [miss.rule for miss in misses] == ["be-fair", "be-brief"]
    assert missed_gates(parse_gates(["0.1"], None), score_of(be_kind=10), ["be-fair"]) == []
