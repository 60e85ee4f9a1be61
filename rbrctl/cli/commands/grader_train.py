"""``rbrctl grader train``: train the embedded grader on labels or another grader's answers."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.files import (
    STANDARD_INPUT,
    check_output_paths,
    data_source,
    first_problem,
    read_source,
    report_problems,
)
from rbrctl.cli.formats import TableFormatOption, write_report
from rbrctl.cli.options import WideOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.files import replacing
from rbrctl.records.problems import ProblemLog
from rbrctl.reports.interface import TEXT
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.graders.training.cross_fitted import CrossFitted
    from rbrctl.graders.training.dataset import Example
    from rbrctl.graders.training.train import Training, TrainingSettings
    from rbrctl.records.models import Transcript
    from rbrctl.ruleset.model import RuleSet


def command(
    context: typer.Context,
    labelled: Annotated[
        list[str],
        typer.Argument(
            metavar="LABELLED...",
            help="Labelled transcripts (files or builtin:fixtures), or, with --transcripts, "
            "results of another grader.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the model to this file."),
    ] = None,
    transcripts: Annotated[
        list[str] | None,
        typer.Option(
            "--transcripts",
            metavar="FILE",
            help="Transcripts of the results in LABELLED, to learn from the answers of another "
            "grader; may be given several times.",
        ),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="FILE",
            help="Further transcripts for fitting only, not for the figures; may be given several "
            "times.",
        ),
    ] = None,
    weak_label: Annotated[
        list[str] | None,
        typer.Option(
            "--weak-label",
            metavar="KEY:VALUE=NAMES",
            help="Propositions that a value of a key in an --also file makes true or false (-), "
            "such as label:refused=apology,-judgement.",
        ),
    ] = None,
    weight: Annotated[
        float,
        typer.Option(
            "--weight", min=0.0, metavar="W", help="Weight of each row of an --also file."
        ),
    ] = 0.4,
    proposition: Annotated[
        list[str] | None,
        typer.Option(
            "--proposition",
            metavar="NAME",
            help="Train only this proposition; may be given several times.",
        ),
    ] = None,
    held_out: Annotated[
        str | None,
        typer.Option(
            "--held-out",
            metavar="FILE",
            help="Also write results in which each row is answered by a model that did not see its "
            "prompt, for an honest 'score' and 'reward fit'.",
        ),
    ] = None,
    rules: RulesOption = None,
    folds: Annotated[
        int,
        typer.Option(
            "--folds", min=2, max=50, metavar="K", help="Number of cross-validation folds."
        ),
    ] = 5,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Train a free, offline grader on human labels or on an expensive grader's answers.

    The figures come from a cross-validation grouped by prompt. Beside them stands the accuracy of
    always giving the more common answer. 'grade' uses the model with --grader embedded:FILE.
    """
    from rbrctl.graders.training.train import TrainingSettings
    from rbrctl.reports.graders import training_report

    output = output_of(context)
    check_output_paths(
        {"-o": model, "--held-out": held_out},
        {"the labels": labelled, "--transcripts": transcripts, "--also": also},
    )
    texts = list(transcripts or labelled)
    if held_out is not None and STANDARD_INPUT in texts:
        raise UsageError("--held-out reads the transcripts twice; give a file instead of -")
    ruleset = load_rules(rules, output) if held_out is not None else None
    problems = ProblemLog()
    weak = parse_weak_labels(weak_label or ())
    settings = TrainingSettings(folds=folds, propositions=proposition or None)
    examples = itertools.chain(
        _scored(labelled, transcripts or (), problems),
        _supporting(also or (), weak, weight, problems),
    )
    provenance = {
        "labelled": [Path(path).name for path in labelled],
        "also": [Path(path).name for path in also or ()],
    }
    training = _train(examples, settings, provenance, problems, output)
    code = report_problems(output, problems, "training")
    write_report(output, training_report(training.report), format_, wide=wide)
    _write_model(model, training.content, output)
    if held_out is not None and ruleset is not None:
        rows = _transcripts(texts, ProblemLog())
        held = _write_held_out(held_out, ruleset, training.cross_fitted, rows, output)
        code = worst_exit_code(code, held)
    return code


def _train(
    examples: "Iterable[Example]",
    settings: "TrainingSettings",
    provenance: dict[str, list[str]],
    problems: ProblemLog,
    output: Output,
) -> "Training":
    """Train with a progress bar. Raises NothingMatchedError if there is too little to learn."""
    from rbrctl.graders.training.train import train

    with Progress(output, "fitted") as progress:
        try:
            return train(examples, settings, provenance, lambda done, steps: progress.advance())
        except ValueError as error:
            raise NothingMatchedError(f"too little to learn from: {error}") from error
        except NothingMatchedError as error:
            raise NothingMatchedError(f"{error}{first_problem(problems)}") from error


def _write_model(path: str | None, content: bytes, output: Output) -> None:
    if path is None:
        output.info("the model was not saved; -o FILE saves it")
        return
    with replacing(path) as stream:
        stream.write(content)
    output.info(f"the model was written to {path}; use it with --grader embedded:{path}")


def _write_held_out(
    path: str,
    ruleset: "RuleSet",
    fitted: "CrossFitted",
    rows: "Iterable[Transcript]",
    output: Output,
) -> ExitCode:
    from rbrctl.cli.grading import report_gaps
    from rbrctl.grading.held_out import write_held_out

    summary = asyncio.run(write_held_out(path, ruleset, fitted, rows))
    output.info(
        f"{counted(summary.total, 'result')} written to {path}, each answered by a model that did "
        "not see its prompt"
    )
    return report_gaps(output, summary, ruleset)


def parse_weak_labels(texts: Iterable[str]) -> dict[str, dict[str, dict[str, bool]]]:
    """
    Read texts such as ``KEY:VALUE=name,-other`` into a map: key -> value -> labels.

    Raises UsageError for any other text.
    """
    weak: dict[str, dict[str, dict[str, bool]]] = {}
    for text in texts:
        where, equals, names = text.partition("=")
        key, colon, value = where.partition(":")
        labels = {
            name.strip().removeprefix("-"): not name.strip().startswith("-")
            for name in names.split(",")
            if name.strip().removeprefix("-")
        }
        if not (equals and colon and key and value and labels):
            raise UsageError(
                f"--weak-label {text}: write KEY:VALUE=NAMES, with a '-' before each name "
                "that the value makes false"
            )
        weak.setdefault(key, {})[value] = labels
    return weak


def _scored(
    labelled: Iterable[str], texts: Iterable[str], problems: ProblemLog
) -> Iterator["Example"]:
    from rbrctl.graders.training.dataset import examples_from_answers, examples_from_labels
    from rbrctl.records.results import read_results

    if not texts:
        yield from examples_from_labels(_transcripts(labelled, problems))
        return
    results = itertools.chain.from_iterable(
        read_results(data_source(path), problems) for path in labelled
    )
    yield from examples_from_answers(_transcripts(texts, problems), results)


def _supporting(
    paths: Iterable[str],
    weak: dict[str, dict[str, dict[str, bool]]],
    weight: float,
    problems: ProblemLog,
) -> Iterator["Example"]:
    from rbrctl.graders.training.dataset import examples_from_labels, examples_from_mapping

    for path in paths:
        yield from examples_from_labels(_transcripts([path], problems), weight, scored=False)
        for key, mapping in weak.items():
            yield from examples_from_mapping(_transcripts([path], problems), key, mapping, weight)


def _transcripts(paths: Iterable[str], problems: ProblemLog) -> Iterator["Transcript"]:
    for path in paths:
        yield from read_source(path, problems)
