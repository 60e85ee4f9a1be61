import pytest
from benchmarks.gate_by_prompt import Setting, simulate

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("completions", [1, 10])
def test_false_alarms_stay_under_one_in_twenty(completions: int) -> None:
    assert simulate(Setting(50, completions), 40).interval[0] <= 0.05


def test_a_drop_of_ten_points_is_found_on_enough_prompts() -> None:
    found = simulate(Setting(300, 1, drop=0.1, error=0.02), 15)
    assert found.failed >= 12
    assert found.family > 1
