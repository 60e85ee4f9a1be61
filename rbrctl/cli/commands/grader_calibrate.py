"""``rbrctl grader calibrate``: fit a calibration of a grader's answers on labelled results."""

from pathlib import Path
from typing import Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import check_output_paths, data_source, report_problems
from rbrctl.cli.formats import TableFormatOption, write_report
from rbrctl.cli.options import WideOption, output_of
from rbrctl.reports.interface import TEXT


def command(
    context: typer.Context,
    results: Annotated[
        str, typer.Argument(metavar="RESULTS", help="Labelled results of one grader.")
    ],
    calibration: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the calibration to this file."),
    ] = None,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Calibrate a grader: fit a map of its probabilities and a threshold for each proposition.

    The map is Platt scaling or isotonic regression, whichever is better in a cross-validation
    grouped by prompt. A proposition is left as it is if it has too few labels or if no map improves
    it. The figures named 'after' come from the cross-validation. 'grade' and 'score' use the file
    with --calibration.
    """
    from rbrctl.graders.calibration import calibrate
    from rbrctl.graders.calibration_file import write_calibration
    from rbrctl.records.problems import ProblemLog
    from rbrctl.records.results import read_results
    from rbrctl.reports.graders import calibration_report

    output = output_of(context)
    check_output_paths({"-o": calibration}, {"the results": results})
    problems = ProblemLog()
    fitted = calibrate(read_results(data_source(results), problems))
    write_report(output, calibration_report(fitted), format_, wide=wide)
    code = report_problems(output, problems, "calibration")
    if calibration is None:
        output.info("the calibration was not saved; -o FILE saves it")
    else:
        write_calibration(fitted, Path(calibration))
        output.info(f"the calibration was written to {calibration}")
    return code
