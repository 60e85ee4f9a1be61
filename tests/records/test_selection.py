from rbrctl.records.selection import sampled
from rbrctl.records.transcripts import make_transcript

ROWS = [make_transcript(f"question {n}", "reply") for n in range(200)]


def test_a_sample_keeps_the_streams_order_and_size():
    drawn = list(sampled(iter(ROWS), 20, seed=1))
    assert len(drawn) == 20
    assert drawn == [row for row in ROWS if row in drawn]


def test_the_seed_decides():
    assert list(sampled(ROWS, 20, seed=1)) == list(sampled(ROWS, 20, seed=1))
    assert list(sampled(ROWS, 20, seed=1)) != list(sampled(ROWS, 20, seed=2))


def test_order_does_not_matter_and_growth_matters_little():
    drawn = {row.id for row in sampled(ROWS, 20, seed=1)}
    assert {row.id for row in sampled(reversed(ROWS), 20, seed=1)} == drawn
    assert len({row.id for row in sampled(ROWS[:190], 20, seed=1)} & drawn) >= 16


def test_a_sample_larger_than_the_stream_is_the_stream():
    assert list(sampled(ROWS[:3], 20, seed=1)) == ROWS[:3]
    assert list(sampled([], 20, seed=1)) == []
