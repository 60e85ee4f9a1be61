import pytest
from benchmarks.blocked_pull_requests import equal_graders, label_noise_only, true_drop

pytestmark = pytest.mark.slow

RUNS = 40


def test_noise_of_labels_blocks_fewer_than_one_in_twenty() -> None:
    assert label_noise_only(RUNS) < 0.05


def test_equal_graders_block_fewer_than_one_in_twenty() -> None:
    assert equal_graders(RUNS) < 0.05


def test_a_true_drop_blocks_nine_in_ten() -> None:
    assert true_drop(RUNS) >= 0.9
