"""Reports about graders: training, calibration, probes, batches, the cache, and estimates."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rbrctl.reports.outcome import CheckReport, TablesReport
from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Value, Wrap
from rbrctl.reports.terminal import Tone
from rbrctl.wording import counted

# Each command loads only what it reports about.
if TYPE_CHECKING:
    from rbrctl.graders.batches.service import Batch
    from rbrctl.graders.cache import CacheShare
    from rbrctl.graders.calibration import Calibration, PropositionCalibration
    from rbrctl.graders.endpoint.probe import ProbeReport
    from rbrctl.graders.endpoint.usage import Estimate
    from rbrctl.graders.training.cross_validation import CrossValidationReport

REPORT_VERSION = 1
_PICTURE_WIDTH = 24


def training_report(report: "CrossValidationReport") -> TablesReport:
    """Return the figures of the cross-validation of a trained grader."""
    body = {
        "rows": report.rows,
        "prompts": report.prompts,
        "folds": report.folds,
        "supporting_rows": report.supporting_rows,
        "mean_accuracy": report.mean_accuracy,
        "mean_base_rate_accuracy": report.mean_base_rate_accuracy,
        "mean_balanced_accuracy": report.mean_balanced_accuracy,
    }
    return TablesReport("training", REPORT_VERSION, [_training_table(report)], body)


def _training_table(report: "CrossValidationReport") -> Table:
    columns = (
        Column("proposition", "proposition", wrap=Wrap.NAMES),
        Column("n", "n", numeric=True),
        Column("positives", "true", numeric=True),
        Column("base_rate_accuracy", "majority", numeric=True),
        Column("accuracy", "accuracy", numeric=True),
        Column("interval", "95 % interval", numeric=True, interval=True, decimals=2),
        Column("balanced_accuracy", "balanced", numeric=True),
        Column("kappa", "kappa", numeric=True, decimals=2, priority=WIDE_ONLY),
        Column("brier", "Brier", numeric=True, priority=WIDE_ONLY),
        Column("ece", "ECE", numeric=True, priority=WIDE_ONLY),
        Column("note", "note", wrap=Wrap.WORDS, priority=WIDE_ONLY),
    )
    rows = [
        (
            item.name,
            item.rows,
            item.positives,
            item.base_rate_accuracy,
            Cell(
                item.accuracy,
                Tone.WARNING if item.accuracy < item.base_rate_accuracy else None,
            ),
            item.accuracy_interval,
            item.balanced_accuracy,
            item.kappa,
            item.brier,
            item.calibration_error,
            item.note,
        )
        for item in report.propositions
    ]
    balanced = report.mean_balanced_accuracy
    notes = [
        f"{report.rows} rows of {report.prompts} prompts, in {report.folds} folds grouped by "
        f"prompt. {report.supporting_rows} further rows were used for fitting only.",
        f"Mean accuracy {report.mean_accuracy:.3f} (always giving the more common answer: "
        f"{report.mean_base_rate_accuracy:.3f}). Mean balanced accuracy "
        + (f"{balanced:.3f}" if balanced is not None else "-")
        + ", over the propositions with at least ten rows of each answer.",
    ]
    title = "Cross-validation: each prompt by a model that did not see it"
    return Table("propositions", title, columns, rows, notes)


def calibration_report(calibration: "Calibration") -> TablesReport:
    """Return the fitted maps of a calibration, and its reliability before and after them."""
    tables = [_calibration_table(calibration), _reliability_table(calibration)]
    body = {"grader": calibration.grader.digest}
    return TablesReport("calibration", REPORT_VERSION, tables, body)


def _calibration_table(calibration: "Calibration") -> Table:
    columns = (
        Column("proposition", "proposition", wrap=Wrap.NAMES),
        Column("source", "source", priority=2),
        Column("rows", "n", numeric=True),
        Column("positives", "true", numeric=True),
        Column("map", "map"),
        Column("threshold", "threshold", numeric=True),
        Column("brier_before", "Brier", numeric=True),
        Column("brier_after", "after", numeric=True),
        Column("calibration_error_before", "ECE", numeric=True),
        Column("calibration_error_after", "after", numeric=True),
        Column("note", "note", wrap=Wrap.WORDS, priority=9),
    )
    entries = calibration.entries.items()
    rows = [_calibration_row(name, source, entry) for (name, source), entry in entries]
    few = [name for (name, _), entry in entries if (entry.note or "").startswith("too few")]
    best = [name for (name, _), entry in entries if (entry.note or "").startswith("no map")]
    notes = []
    if few:
        notes.append(f"Not calibrated, because they have too few labels: {', '.join(few)}.")
    if best:
        notes.append(f"Not calibrated, because no map improves them: {', '.join(best)}.")
    return Table("propositions", "Calibration of each proposition", columns, rows, notes)


def _calibration_row(name: str, source: str, entry: "PropositionCalibration") -> tuple[Value, ...]:
    before, after = entry.before, entry.after
    return (
        name,
        source,
        entry.rows,
        entry.positives,
        type(entry.map).__name__.removesuffix("Map").lower() if entry.map else "none",
        entry.threshold,
        before.brier if before else None,
        after.brier if after else None,
        before.calibration_error if before else None,
        after.calibration_error if after else None,
        entry.note,
    )


def _reliability_table(calibration: "Calibration") -> Table:
    """Return how often answers were true, by tenths of probability, before and after the maps."""
    from rbrctl.graders.calibration import pooled_bins

    columns = (
        Column("stage", "stage"),
        Column("from", "from", numeric=True, decimals=1),
        Column("to", "to", numeric=True, decimals=1),
        Column("count", "n", numeric=True),
        Column("mean_probability", "predicted", numeric=True),
        Column("share_true", "true", numeric=True),
        Column("picture", "0 ........ 1"),
    )
    rows = [
        (
            stage,
            item.lower,
            item.upper,
            item.count,
            item.mean_probability,
            item.share_true,
            Cell(None, text=_reliability_picture(item.mean_probability, item.share_true)),
        )
        for stage, bins in pooled_bins(calibration)
        for item in bins
    ]
    notes = [
        "In the last column, | marks the predicted probability, o the share of true answers, and "
        "@ a place where both are equal."
    ]
    return Table("reliability", "Reliability of all fitted propositions", columns, rows, notes)


def _reliability_picture(predicted: float, true: float) -> str:
    line = ["."] * _PICTURE_WIDTH
    predicted_at, true_at = (
        min(int(value * _PICTURE_WIDTH), _PICTURE_WIDTH - 1) for value in (predicted, true)
    )
    line[predicted_at] = "|"
    line[true_at] = "@" if predicted_at == true_at else "o"
    return "".join(line)


def probe_report(report: "ProbeReport") -> TablesReport:
    """Return what a probe of an endpoint found in each mode."""
    columns = (
        Column("mode", "mode"),
        Column("works", "works"),
        Column("seen", "observation", wrap=Wrap.WORDS),
    )
    rows = [(step.mode.value, step.works, step.detail) for step in report.steps]
    found = report.capabilities
    body = {"mode": found.mode.value, "capabilities": found.to_json(), "calls": report.calls}
    tables = [Table("steps", "Modes that were tried", columns, rows)]
    return TablesReport("probe", REPORT_VERSION, tables, body)


def batches_report(batches: "Mapping[Path, Batch]") -> TablesReport:
    """Return the state of each submitted batch."""
    columns = (
        Column("file", "file", wrap=Wrap.NAMES),
        Column("batch", "batch", wrap=Wrap.NAMES),
        Column("status", "status"),
        Column("completed", "done", numeric=True),
        Column("failed", "failed", numeric=True),
        Column("total", "total", numeric=True),
    )
    rows = [
        (str(file), batch.id, batch.status, batch.completed, batch.failed, batch.total)
        for file, batch in batches.items()
    ]
    notes = [f"{file}: {error}" for file, batch in batches.items() for error in batch.errors]
    table = Table("batches", "Batches", columns, rows, notes)
    return TablesReport("batches", REPORT_VERSION, [table])


def cache_report(path: Path, size: int, shares: "Sequence[CacheShare]") -> TablesReport:
    """Return how many answers of which model a cache of ``size`` bytes holds."""
    columns = (
        Column("endpoint", "endpoint", wrap=Wrap.NAMES),
        Column("model", "model", wrap=Wrap.NAMES),
        Column("mode", "mode"),
        Column("answers", "answers", numeric=True),
        Column("oldest", "oldest"),
        Column("newest", "newest"),
    )
    rows = [
        (
            share.origin.endpoint,
            share.origin.model,
            share.origin.mode,
            share.answers,
            _date(share.oldest),
            _date(share.newest),
        )
        for share in shares
    ]
    table = Table("origins", str(path), columns, rows)
    return TablesReport("cache", REPORT_VERSION, [table], {"path": str(path), "bytes": size})


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def estimate_report(estimate: "Estimate", cost: float | None, *, lazy: bool) -> CheckReport:
    """
    Return the calls, tokens and price of a run that was not made.

    ``cost`` is None if the prices are unknown; ``lazy`` tells that the run would ask lazily.
    """
    counts = {
        "transcripts": estimate.transcripts,
        "answers": estimate.answers,
        "cache_hits": estimate.cache_hits,
        "calls": estimate.calls,
        "input_tokens": estimate.input_tokens,
        "output_tokens": estimate.output_tokens,
        "cost": cost,
    }
    notes = ["The tokens are estimated from the size of the requests in bytes."]
    if lazy:
        notes.append("Lazy asking needs at most this many calls, and usually fewer.")
    if cost is None and estimate.calls:
        notes.append(
            "The cost is unknown: give --price-in and --price-out, in USD per 1,000,000 tokens."
        )
    columns = [Column("what", "quantity"), Column("count", "value", numeric=True, decimals=4)]
    rows = [[name.replace("_", " "), value] for name, value in counts.items()]
    table = Table("estimate", "Estimate of this run", columns, rows, notes)
    verdict = f"{counted(estimate.calls, 'call')} for {counted(estimate.transcripts, 'transcript')}"
    return CheckReport("estimate", REPORT_VERSION, True, verdict, [table], details=counts)
