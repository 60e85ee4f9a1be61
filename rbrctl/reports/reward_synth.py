"""The reports of ``reward synth``: what a run would take, and what it has written."""

from collections.abc import Mapping, Sequence
from typing import Any

from rbrctl.records.models import Transcript
from rbrctl.reports.tables import Column, Table
from rbrctl.rewards.synthesis.cost import Forecast, SynthesisCost
from rbrctl.rewards.synthesis.run import Summary
from rbrctl.rewards.synthesis.store import COMPLETION_TYPE

REPORT_NAME = "reward-synth"
REPORT_VERSION = 1


def forecast_table(forecast: Forecast) -> Table:
    """Return the table of what a run would take."""
    columns = [Column("what", "what")]
    columns += [
        Column(key, key.replace("_", " "), numeric=True, decimals=4)
        for key in ("one_try", "all_tries")
    ]
    one, every = (_figures(forecast, cost) for cost in (forecast.one_try, forecast.all_tries))
    rows = [(name.replace("_", " "), one[name], every[name]) for name in one]
    notes = ["Tokens are estimated from the bytes of the requests; those back are the most."]
    return Table("estimate", "What this run would take", columns, rows, notes)


def forecast_body(forecast: Forecast) -> dict[str, Any]:
    """Return the entries of the JSON report of a run that is not made."""
    return {
        "dry_run": True,
        "kept": forecast.kept,
        "completions": forecast.completions,
        "attempts": forecast.attempts,
        "one_try": _figures(forecast, forecast.one_try),
        "all_tries": _figures(forecast, forecast.all_tries),
    }


def completions_table(summary: Summary, kept: Sequence[Transcript], ranks: Sequence[str]) -> Table:
    """Return the table of the completions that were written and that failed, by rank."""
    columns = [
        Column("rank", "rank"),
        Column("written", "written", numeric=True),
        Column("failed", "failed", numeric=True),
    ]
    rows = [
        (
            rank,
            sum(each.extra.get(COMPLETION_TYPE) == rank for each in kept),
            sum(each.rank == rank for each in summary.failed),
        )
        for rank in ranks
    ]
    return Table("ranks", "Completions", columns, rows)


def completions_body(summary: Summary, kept: Sequence[Transcript]) -> dict[str, Any]:
    """Return the entries of the JSON report about the completions."""
    return {
        "wanted": summary.wanted,
        "kept": len(kept),
        "tries": summary.tries,
        "stopped": summary.stopped or None,
        "failures": [
            {"id": each.id, "rank": each.rank, "tries": each.tries, "reason": each.reason}
            for each in summary.failed
        ],
    }


def _figures(forecast: Forecast, cost: SynthesisCost) -> Mapping[str, float | int | None]:
    return {
        "writing_calls": cost.writing.calls,
        "writing_tokens_sent": cost.writing.input_tokens,
        "writing_tokens_back": cost.writing.output_tokens,
        "grading_calls": cost.grading.calls,
        "propositions": cost.grading.answers,
        "grading_tokens_sent": cost.grading.input_tokens,
        "grading_tokens_back": cost.grading.output_tokens,
        "cost": forecast.price(cost),
    }
