import pytest

from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.exporting import ExportForm, ExportOptions, Ranked, export_rows


def ranked(prompt: str, text: str, rank: int | None, reward: float | None = None) -> Ranked:
    return Ranked(make_transcript(prompt, text), rank, reward)


ROWS = [
    ranked("p", "fine", 0, 1.0),
    ranked("q", "only one", 1, 0.5),
    ranked("p", "poor", 1, 1.5),
    ranked("p", "bad", 2, -1.0),
    ranked("p", "unknown", None, None),
]


def said(message: str, role: str = "assistant") -> list[dict[str, str]]:
    return [{"role": role, "content": message}]


def test_preferences_set_the_best_against_each_worse_one() -> None:
    rows = list(export_rows(ROWS, ExportForm.PREFERENCES))
    assert rows == [
        {"prompt": said("p", "user"), "chosen": said("fine"), "rejected": said("poor")},
        {"prompt": said("p", "user"), "chosen": said("fine"), "rejected": said("bad")},
    ]


def test_all_pairs_hold_the_middle_ones_too() -> None:
    rows = list(export_rows(ROWS, ExportForm.PREFERENCES, ExportOptions(all_pairs=True)))
    assert len(rows) == 3
    assert rows[2]["chosen"] == said("poor")


@pytest.mark.parametrize(("margin", "count"), [(0.0, 3), (0.6, 2), (5.0, 0)])
def test_rewards_can_order_instead(margin: float, count: int) -> None:
    options = ExportOptions(by_reward=True, margin=margin, all_pairs=True)
    rows = list(export_rows(ROWS, ExportForm.PREFERENCES, options))
    assert len(rows) == count
    if count:
        assert {row["chosen"][0]["content"] for row in rows} <= {"poor", "fine"}


def test_rewards_that_differ_by_rounding_are_no_preference() -> None:
    rows = [ranked("p", "a", 0, 0.1 + 0.2), ranked("p", "b", 0, 0.3)]
    assert not list(export_rows(rows, ExportForm.PREFERENCES, ExportOptions(by_reward=True)))


def test_completions_of_two_response_classes_are_not_compared() -> None:
    rows = [
        Ranked(make_transcript("p", text, response_class), rank)
        for text, response_class, rank in (("no", "refuse", 0), ("yes", "comply", 1))
    ]
    assert not list(export_rows(rows, ExportForm.PREFERENCES))
    assert [row["label"] for row in export_rows(rows, ExportForm.UNPAIRED)] == [True, False]


def test_openai_preference_tuning() -> None:
    row = next(iter(export_rows(ROWS, ExportForm.OPENAI_DPO)))
    assert row == {
        "input": {"messages": said("p", "user")},
        "preferred_output": said("fine"),
        "non_preferred_output": said("poor"),
    }


def test_unpaired_rows_are_labelled_by_the_best_rank() -> None:
    rows = list(export_rows(ROWS, ExportForm.UNPAIRED))
    assert [row["label"] for row in rows] == [True, False, False, False]


def test_best_of_n_is_by_reward() -> None:
    rows = list(export_rows(ROWS, ExportForm.BEST))
    assert [(row["completion"], row["reward"]) for row in rows] == [
        (said("poor"), 1.5),
        (said("only one"), 0.5),
    ]


def test_rejection_sampling_takes_only_the_best_rank() -> None:
    rows = list(export_rows(ROWS, ExportForm.SFT))
    assert rows == [{"messages": said("p", "user") + said("fine")}]


def test_the_same_text_twice_is_no_preference() -> None:
    rows = [ranked("p", "same", 0), ranked("p", "same", 1)]
    assert list(export_rows(rows, ExportForm.PREFERENCES)) == []
