"""``rbrctl grade``: answer, judge and score transcripts."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.files import check_output_paths, read_source
from rbrctl.cli.formats import CheckFormatOption
from rbrctl.cli.graders import GraderOption, choose_grader, without_classifier
from rbrctl.cli.grading import GradeReporter, report_estimate
from rbrctl.cli.options import TRANSCRIPTS_HELP, CalibrationOption, WideOption, output_of
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.scores import (
    ByOption,
    MinAccuracyOption,
    MinRowsOption,
    PropositionOption,
    RuleOption,
    WorstOption,
    score_request,
)
from rbrctl.errors import UsageError
from rbrctl.grading.classes import CategoryClassResolver, resolve_class
from rbrctl.grading.engine import EngineOptions
from rbrctl.grading.judging import read_decoder
from rbrctl.grading.plan import Ask
from rbrctl.grading.run import Destination, RunSettings
from rbrctl.records.models import Transcript
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.transcripts import make_transcript, sampled
from rbrctl.reports.interface import AUTO
from rbrctl.ruleset.verdict import Judge


def _rows_option(*names: str, help: str, **settings: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel="Rows", **settings)


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    transcripts: Annotated[
        str | None,
        typer.Argument(
            metavar="TRANSCRIPTS",
            help=TRANSCRIPTS_HELP,
        ),
    ] = None,
    rules: RulesOption = None,
    grader: GraderOption = None,
    calibration: CalibrationOption = None,
    results: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the results to this file; a later run continues where this one stopped.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace the results file instead of continuing it."),
    ] = False,
    ask: Annotated[
        Ask | None,
        typer.Option(
            "--ask",
            help="Which propositions to ask. needed: those that the rules of the row's class need; "
            "all: every one; lazy: one after another until the rank is certain, which needs the "
            "fewest calls.  [default: all if that costs no more calls, else needed]",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        _rows_option("--sample", min=1, metavar="N", help="Grade a random sample of N rows."),
    ] = None,
    seed: Annotated[
        int,
        _rows_option("--seed", metavar="S", help="Seed of the random sample drawn by --sample."),
    ] = 0,
    limit: Annotated[
        int | None, _rows_option("--limit", min=1, metavar="N", help="Grade only the first N rows.")
    ] = None,
    only_class: Annotated[
        list[str] | None,
        _rows_option(
            "--only-class",
            metavar="CLASS",
            help="Grade only rows of this response class; may be given several times.",
        ),
    ] = None,
    response_class: Annotated[
        str | None,
        _rows_option(
            "--response-class",
            metavar="CLASS",
            help="Response class of rows without a class whose category has none either.  "
            "[default: the model infers it, if --model is given]",
        ),
    ] = None,
    no_classify: Annotated[
        bool,
        _rows_option("--no-classify", help="Do not let the model infer response classes."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what the run would ask and cost, without asking."),
    ] = False,
    strict: Annotated[
        bool, _rows_option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    prompt: Annotated[
        str | None,
        _rows_option(
            "--prompt",
            metavar="TEXT",
            help="Grade one transcript with this prompt and --completion, instead of a file.",
        ),
    ] = None,
    completion: Annotated[
        str | None,
        _rows_option(
            "--completion", metavar="TEXT", help="Completion of the transcript that --prompt gives."
        ),
    ] = None,
    by: ByOption = None,
    rule: RuleOption = None,
    proposition: PropositionOption = None,
    worst: WorstOption = 5,
    min_accuracy: MinAccuracyOption = None,
    min_n: MinRowsOption = None,
    format_: CheckFormatOption = AUTO,
    wide: WideOption = False,
) -> int:
    """
    Grade transcripts: answer each proposition, judge with the rules, and compare with labels.

    If the transcripts have no labels, the tables show how often each rule is broken and how many
    transcripts have each rank. Only the tables are printed; -o saves the results.
    """
    output = output_of(context)
    source = _source_or_case(transcripts, prompt, completion, response_class)
    if isinstance(source, str):
        check_output_paths(
            {"-o": results}, {"the transcripts": source, "--calibration": calibration}
        )
    ruleset = load_rules(rules, output)
    classes = frozenset(
        resolve_class(ruleset, name, f"--only-class {name}: ") for name in only_class or ()
    )
    if response_class is not None:
        response_class = resolve_class(
            ruleset, response_class, f"--response-class {response_class}: "
        )
    request = score_request(
        ruleset, by, rule, proposition, worst, min_accuracy, min_n, format_, wide, classes
    )
    opener = choose_grader(grader, endpoint, ruleset, output)
    settings = RunSettings(
        Judge(ruleset),
        without_classifier(opener) if no_classify else opener,
        EngineOptions(ask, read_decoder(calibration), response_class),
        Destination(results, overwrite),
    )
    if isinstance(source, Transcript):
        alone = replace(settings, destination=Destination())
        return GradeReporter(alone, output).grade_one(source, format_)
    problems = ProblemLog()
    selection = Selection(classes, sample, seed, limit)
    rows = read_source(source, raise_problem if strict else problems)
    chosen = selection.of(rows, CategoryClassResolver(ruleset, response_class))
    if dry_run:
        return report_estimate(output, settings, chosen, problems, source, format_)
    if results is None:
        output.info("the results are not saved; -o FILE saves them")
    return GradeReporter(settings, output).grade(chosen, request, problems, source)


def _source_or_case(
    transcripts: str | None, prompt: str | None, completion: str | None, response_class: str | None
) -> str | Transcript:
    """Return what is graded: the name of a file, or the transcript that the options describe."""
    described = prompt is not None or completion is not None
    if transcripts is not None and described:
        raise UsageError(
            f"both {transcripts} and --prompt or --completion are given; give only one of them"
        )
    if transcripts is not None:
        return transcripts
    if not described:
        raise UsageError(
            "no transcripts are given: name a JSON Lines file, - for standard input or "
            "builtin:fixtures, or give one transcript with --prompt, --completion and "
            "--response-class"
        )
    if prompt is None or completion is None:
        raise UsageError("--prompt and --completion must be given together")
    return make_transcript(prompt, completion, response_class)


@dataclass(frozen=True, slots=True)
class Selection:
    """The transcripts that are graded."""

    classes: frozenset[str]
    """Names of response classes; empty for all."""
    sample: int | None
    seed: int
    limit: int | None

    def of(
        self, transcripts: Iterator[Transcript], resolver: CategoryClassResolver
    ) -> Iterator[Transcript]:
        """Select from a stream; ``resolver`` finds the classes of transcripts without one."""
        if self.classes:
            transcripts = (each for each in transcripts if resolver.name_of(each) in self.classes)
        if self.sample is not None:
            transcripts = sampled(transcripts, self.sample, self.seed)
        return itertools.islice(transcripts, self.limit)
