"""How answers are read: as they are, or by a calibration file."""

from pathlib import Path
from typing import Annotated

import typer

from rbrctl.graders.judging import PlainReading, Reading
from rbrctl.records.models import GraderIdentity

CalibrationOption = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Read answers by what 'grader calibrate' wrote for this very grader.",
    ),
]


def read_answers(calibration: str | None) -> Reading:
    """Give the reading that is meant. Raises FileError and GraderError for a bad file."""
    if calibration is None:
        return PlainReading()
    from rbrctl.graders.calibration_file import read_calibration

    return read_calibration(Path(calibration))


def check_calibration(reading: Reading, grader: GraderIdentity) -> None:
    """Raise GraderError where answers of ``grader`` are read by another grader's calibration."""
    if not isinstance(reading, PlainReading):
        from rbrctl.graders.calibration import Calibration

        if isinstance(reading, Calibration):
            reading.check(grader)
