"""``rbrctl grader train``: refit the embedded grader from labels or another grader's answers."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode, gravest
from rbrctl.cli.formats import TableFormatOption
from rbrctl.cli.held_out import write_held_out
from rbrctl.cli.inputs import STANDARD_INPUT, data_source, read_source, report_problems
from rbrctl.cli.options import WideOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.products import check_products
from rbrctl.cli.progress import Progress
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.scores import first_problem
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.files import replacing
from rbrctl.records.problems import ProblemLog
from rbrctl.reports.interface import TEXT

if TYPE_CHECKING:
    from rbrctl.graders.training.cross_validation import CrossValidationReport
    from rbrctl.graders.training.dataset import Example
    from rbrctl.records.models import Transcript
    from rbrctl.reports.tables import Table

REPORT_VERSION = 1


def command(
    context: typer.Context,
    labelled: Annotated[
        list[str],
        typer.Argument(
            metavar="LABELLED...",
            help="Transcripts with labels (files or builtin:fixtures), or, with --transcripts, "
            "results of another grader.",
        ),
    ],
    model: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the model here.")
    ] = None,
    transcripts: Annotated[
        list[str] | None,
        typer.Option(
            "--transcripts",
            metavar="FILE",
            help="The texts of the results: learn from their answers. May be given several times.",
        ),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="FILE",
            help="Transcripts that help to fit but are not scored; may be given several times.",
        ),
    ] = None,
    weak_label: Annotated[
        list[str] | None,
        typer.Option(
            "--weak-label",
            metavar="KEY:VALUE=NAMES",
            help="What a key's value in an --also file stands for, as "
            "label:refused=inability_to_comply,-fully_complies.",
        ),
    ] = None,
    weight: Annotated[
        float, typer.Option("--weight", min=0.0, metavar="W", help="Of a row of an --also file.")
    ] = 0.4,
    proposition: Annotated[
        list[str] | None,
        typer.Option(
            "--proposition", metavar="NAME", help="Only this; may be given several times."
        ),
    ] = None,
    held_out: Annotated[
        str | None,
        typer.Option(
            "--held-out",
            metavar="FILE",
            help="Write results in which each row is answered by a model that did not see its "
            "prompt: an honest file for score and reward fit.",
        ),
    ] = None,
    rules: RulesOption = None,
    folds: Annotated[
        int, typer.Option("--folds", min=2, max=50, metavar="K", help="Of the cross-validation.")
    ] = 5,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Train a free, offline grader from human labels or from an expensive grader's answers.

    The figures are those of a cross-validation grouped by prompt, beside what always giving the
    commoner answer would reach. 'grade' takes the model with --grader embedded:FILE.
    """
    from rbrctl.cli.formats import report_tables
    from rbrctl.graders.training.train import TrainingSettings, train

    output = output_of(context)
    check_products(
        {"-o": model, "--held-out": held_out},
        {"the labels": labelled, "--transcripts": transcripts, "--also": also},
    )
    texts = list(transcripts or labelled)
    if held_out is not None and STANDARD_INPUT in texts:
        raise UsageError("--held-out reads the transcripts twice: give a file instead of -")
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
    with Progress(output, "fitted") as progress:

        def step(done: int, steps: int) -> None:
            progress.advance()

        try:
            training = train(examples, settings, provenance, step)
        except ValueError as error:
            raise NothingMatchedError(f"too little to learn from: {error}") from error
        except NothingMatchedError as error:
            raise NothingMatchedError(f"{error}{first_problem(problems)}") from error
    code = report_problems(output, problems, "training")
    tables = [_table(training.report)]
    report_tables(
        output,
        tables,
        format_,
        name="training",
        version=REPORT_VERSION,
        wide=wide,
        body=_body(training.report),
    )
    _write(model, training.content, output)
    if held_out is None or ruleset is None:
        return code
    rows = _transcripts(texts, ProblemLog())
    return gravest(code, write_held_out(output, held_out, ruleset, training.cross_fitted, rows))


def parse_weak_labels(texts: Iterable[str]) -> dict[str, dict[str, dict[str, bool]]]:
    """
    Read ``KEY:VALUE=name,-other`` into key -> value -> labels.

    Raises UsageError for anything else.
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
                f"--weak-label {text}: write KEY:VALUE=NAMES, a name with '-' before it where "
                "the value says that it is false"
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


def _table(report: "CrossValidationReport") -> "Table":
    from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Wrap
    from rbrctl.reports.terminal import Tone

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
        f"{report.rows} rows, {report.prompts} prompts, {report.folds} folds grouped by prompt; "
        f"{report.supporting_rows} further rows only helped to fit.",
        f"mean accuracy {report.mean_accuracy:.3f} (always the commoner answer: "
        f"{report.mean_base_rate_accuracy:.3f}); mean balanced accuracy "
        + (f"{balanced:.3f}" if balanced is not None else "-")
        + " over propositions with at least ten rows of each answer.",
    ]
    return Table("propositions", "Cross-validation on prompts never seen", columns, rows, notes)


def _body(report: "CrossValidationReport") -> dict[str, float | int | None]:
    return {
        "rows": report.rows,
        "prompts": report.prompts,
        "folds": report.folds,
        "supporting_rows": report.supporting_rows,
        "mean_accuracy": report.mean_accuracy,
        "mean_base_rate_accuracy": report.mean_base_rate_accuracy,
        "mean_balanced_accuracy": report.mean_balanced_accuracy,
    }


def _write(path: str | None, content: bytes, output: Output) -> None:
    if path is None:
        output.talk("the model is not kept; -o FILE keeps it")
        return
    with replacing(path) as stream:
        stream.write(content)
    output.talk(f"model written to {path}; use it with --grader embedded:{path}")
