from benchmarks.blocked_pull_requests import equal_graders, label_noise_only, true_drop

RUNS = 40


def test_noise_blocks_fewer_than_one_in_twenty_and_a_true_drop_nine_in_ten() -> None:
    assert label_noise_only(RUNS) < 0.05
    assert equal_graders(RUNS) < 0.05
    assert true_drop(RUNS) >= 0.9
