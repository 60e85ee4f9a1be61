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
from rbrctl.cli.options import CalibrationOption, WideOption, output_of
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
            help="A JSON Lines file, - for standard input, or builtin:fixtures.",
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
            help="Keep the results here; a later run goes on where this one stopped.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin the results file anew.")
    ] = False,
    ask: Annotated[
        Ask | None,
        typer.Option(
            "--ask",
            help="needed: what the rules of a row's class need; all: every proposition; lazy: one "
            "after another until the rank is settled, the fewest calls.  [default: all where that "
            "costs nothing more, else needed]",
        ),
    ] = None,
    sample: Annotated[
        int | None, _rows_option("--sample", min=1, metavar="N", help="Draw N rows at random.")
    ] = None,
    seed: Annotated[int, _rows_option("--seed", metavar="S", help="Of --sample.")] = 0,
    limit: Annotated[
        int | None, _rows_option("--limit", min=1, metavar="N", help="Stop after N rows.")
    ] = None,
    only_class: Annotated[
        list[str] | None,
        _rows_option(
            "--only-class",
            metavar="CLASS",
            help="Only rows of this response class; may be given several times.",
        ),
    ] = None,
    response_class: Annotated[
        str | None,
        _rows_option(
            "--response-class",
            metavar="CLASS",
            help="The response class of rows that have none, nor a category that the policy "
            "gives one.  [default: --model infers it]",
        ),
    ] = None,
    no_classify: Annotated[
        bool,
        _rows_option("--no-classify", help="Do not let --model infer response classes."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell what the run would ask and cost, and ask nothing."),
    ] = False,
    strict: Annotated[
        bool, _rows_option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    prompt: Annotated[
        str | None,
        _rows_option(
            "--prompt",
            metavar="TEXT",
            help="Grade this one request with --completion, in place of a file.",
        ),
    ] = None,
    completion: Annotated[
        str | None,
        _rows_option("--completion", metavar="TEXT", help="The completion that --prompt got."),
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
    Grade transcripts: answer each proposition, judge by the rules, and score against labels.

    Without labels it tells how often each rule is broken and how the ranks fall. Without -o
    nothing but the tables is kept.
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
        output.info("nothing but the tables is kept; -o FILE keeps the results")
    return GradeReporter(settings, output).grade(chosen, request, problems, source)


def _source_or_case(
    transcripts: str | None, prompt: str | None, completion: str | None, response_class: str | None
) -> str | Transcript:
    """Give what is to be graded: a file's name, or the one case that the options describe."""
    described = prompt is not None or completion is not None
    if transcripts is not None and described:
        raise UsageError(f"either {transcripts} or --prompt and --completion, not both")
    if transcripts is not None:
        return transcripts
    if not described:
        raise UsageError(
            "no transcripts: name a JSON Lines file, - for standard input or builtin:fixtures, "
            "or give one case with --prompt, --completion and --response-class"
        )
    if prompt is None or completion is None:
        raise UsageError("one case needs both --prompt and --completion")
    return make_transcript(prompt, completion, response_class)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the transcripts are graded."""

    classes: frozenset[str]
    """Names of response classes; empty for all."""
    sample: int | None
    seed: int
    limit: int | None

    def of(
        self, transcripts: Iterator[Transcript], resolver: CategoryClassResolver
    ) -> Iterator[Transcript]:
        """Choose from a stream; ``resolver`` finds the classes of those that have none."""
        if self.classes:
            transcripts = (each for each in transcripts if resolver.name_of(each) in self.classes)
        if self.sample is not None:
            transcripts = sampled(transcripts, self.sample, self.seed)
        return itertools.islice(transcripts, self.limit)
