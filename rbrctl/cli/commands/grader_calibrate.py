"""``rbrctl grader calibrate``: from labelled results to how a grader's answers are read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import check_output_paths, data_source, report_problems
from rbrctl.cli.formats import TableFormatOption
from rbrctl.cli.options import WideOption, output_of
from rbrctl.reports.interface import TEXT

if TYPE_CHECKING:
    from rbrctl.graders.calibration import Calibration, PropositionCalibration
    from rbrctl.reports.tables import Table

REPORT_VERSION = 1


def command(
    context: typer.Context,
    results: Annotated[
        str, typer.Argument(metavar="RESULTS", help="Results of one grader, with labels.")
    ],
    calibration: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the calibration here."),
    ] = None,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Fit, for each proposition, a monotone map of the grader's probabilities and a threshold.

    Platt's sigmoid or isotonic steps, whichever does better in cross-validation grouped by
    prompt; neither where labels are too few or the answers are best as they are. The figures
    after are those of cross-validation. 'grade' and 'score' take the file with --calibration.
    """
    from rbrctl.cli.formats import report_tables
    from rbrctl.graders.calibration import calibrate
    from rbrctl.graders.calibration_file import write_calibration
    from rbrctl.records.problems import ProblemLog
    from rbrctl.records.results import read_results

    output = output_of(context)
    check_output_paths({"-o": calibration}, {"the results": results})
    problems = ProblemLog()
    fitted = calibrate(read_results(data_source(results), problems))
    tables = [_propositions(fitted), _reliability(fitted)]
    body = {"grader": fitted.grader.digest}
    report_tables(
        output, tables, format_, name="calibration", version=REPORT_VERSION, wide=wide, body=body
    )
    code = report_problems(output, problems, "calibration")
    if calibration is None:
        output.info("nothing is kept; -o FILE keeps the calibration")
    else:
        write_calibration(fitted, Path(calibration))
        output.info(f"calibration written to {calibration}")
    return code


def _propositions(calibration: "Calibration") -> "Table":
    from rbrctl.reports.tables import Column, Table, Wrap

    columns = (
        Column("proposition", "proposition", wrap=Wrap.NAMES),
        Column("source", "source", priority=2),
        Column("rows", "n", numeric=True),
        Column("positives", "true", numeric=True),
        Column("map", "map"),
        Column("threshold", "at", numeric=True),
        Column("brier_before", "Brier", numeric=True),
        Column("brier_after", "after", numeric=True),
        Column("calibration_error_before", "ECE", numeric=True),
        Column("calibration_error_after", "after", numeric=True),
        Column("note", "note", wrap=Wrap.WORDS, priority=9),
    )
    rows = [_row(name, source, entry) for (name, source), entry in calibration.entries.items()]
    notes = _notes(calibration)
    return Table("propositions", "How answers are read", columns, rows, notes)


def _row(
    name: str, source: str, entry: "PropositionCalibration"
) -> tuple[str | int | float | None, ...]:
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


def _notes(calibration: "Calibration") -> list[str]:
    entries = calibration.entries.items()
    few = [name for (name, _), entry in entries if (entry.note or "").startswith("too few")]
    best = [name for (name, _), entry in entries if (entry.note or "").startswith("no map")]
    notes = []
    if few:
        notes.append(f"too few labels to fit, left as they are: {', '.join(few)}")
    if best:
        notes.append(f"best as they are: {', '.join(best)}")
    return notes


def _reliability(calibration: "Calibration") -> "Table":
    """Draw how often answers came true, by tenths of probability, before and after the maps."""
    from rbrctl.graders.calibration import pooled_bins
    from rbrctl.reports.tables import Cell, Column, Table

    columns = (
        Column("stage", "stage"),
        Column("from", "from", numeric=True, decimals=1),
        Column("to", "to", numeric=True, decimals=1),
        Column("count", "n", numeric=True),
        Column("mean_probability", "said", numeric=True),
        Column("share_true", "was true", numeric=True),
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
            Cell(None, text=_picture(item.mean_probability, item.share_true)),
        )
        for stage, bins in pooled_bins(calibration)
        for item in bins
    ]
    notes = ["In the picture | is what was said, o how often it was true, @ where both meet."]
    return Table("reliability", "Reliability, all fitted propositions", columns, rows, notes)


def _picture(said: float, true: float, width: int = 24) -> str:
    line = ["."] * width
    said_at, true_at = (min(int(value * width), width - 1) for value in (said, true))
    line[said_at] = "|"
    line[true_at] = "@" if said_at == true_at else "o"
    return "".join(line)
