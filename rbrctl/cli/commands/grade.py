"""``rbrctl grade``: answer, judge and score transcripts."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.estimates import report_estimate
from rbrctl.cli.graders import GraderOption, choose_grader
from rbrctl.cli.grading import Destination, GradingJob
from rbrctl.cli.inputs import data_source
from rbrctl.cli.options import OutcomeFormat, OutcomeFormatOption, WideOption, output_of
from rbrctl.cli.products import check_products
from rbrctl.cli.readings import CalibrationOption
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
from rbrctl.graders.asking import Ask
from rbrctl.records.models import Transcript
from rbrctl.records.problems import ProblemHandler, ProblemLog, raise_problem
from rbrctl.records.selection import sampled
from rbrctl.records.transcripts import make_transcript, read_transcripts
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.sources import BUILTIN_PREFIX, builtin_path
from rbrctl.suggestions import hint_for

FIXTURES_FILE = "transcripts.jsonl"


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
            help="Ask what the rules need, or all.  [default: all where that costs nothing more]",
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, metavar="N", help="Draw N at random.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Of the sample.")] = 0,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="Stop after N transcripts.")
    ] = None,
    only_class: Annotated[
        list[str] | None,
        typer.Option(
            "--only-class",
            metavar="CLASS",
            help="Only this response class; may be given several times.",
        ),
    ] = None,
    no_classify: Annotated[
        bool,
        typer.Option(
            "--no-classify", help="Do not infer missing response classes from the policy."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell what the run would ask and cost, and ask nothing."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="TEXT", help="Grade one case: the request,")
    ] = None,
    completion: Annotated[
        str | None, typer.Option("--completion", metavar="TEXT", help="the completion,")
    ] = None,
    response_class: Annotated[
        str | None,
        typer.Option("--response-class", metavar="CLASS", help="and its response class."),
    ] = None,
    by: ByOption = None,
    rule: RuleOption = None,
    proposition: PropositionOption = None,
    worst: WorstOption = 5,
    min_accuracy: MinAccuracyOption = None,
    min_n: MinRowsOption = None,
    format_: OutcomeFormatOption = OutcomeFormat.AUTO,
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
        check_products({"-o": results}, {"the transcripts": source, "--calibration": calibration})
    ruleset = load_rules(rules, output)
    classes = _resolved_classes(only_class, ruleset)
    request = score_request(
        ruleset, by, rule, proposition, worst, min_accuracy, min_n, format_, wide, classes
    )
    opener = choose_grader(grader, endpoint, ruleset, not no_classify, output)
    job = GradingJob(ruleset, opener, ask, calibration, output)
    if isinstance(source, Transcript):
        return job.grade_one(source, format_)
    problems = ProblemLog()
    selection = Selection(classes, sample, seed, limit)
    chosen = selection.of(_read(source, raise_problem if strict else problems), ruleset)
    if dry_run:
        return report_estimate(job, chosen, problems, source, format_)
    if results is None:
        output.talk("nothing but the tables is kept; -o FILE keeps the results")
    return job.grade(chosen, Destination(results, overwrite), request, problems, source)


def _source_or_case(
    transcripts: str | None, prompt: str | None, completion: str | None, response_class: str | None
) -> str | Transcript:
    """Give what is to be graded: a file's name, or the one case that the options describe."""
    described = prompt is not None or completion is not None
    if transcripts is not None and described:
        raise UsageError(f"either {transcripts} or --prompt and --completion, not both")
    if not described and response_class is not None:
        raise UsageError("--response-class goes with --prompt and --completion")
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


def _read(source: str, on_problem: ProblemHandler) -> Iterator[Transcript]:
    if source.startswith(BUILTIN_PREFIX):
        return read_transcripts(builtin_path(source) / FIXTURES_FILE, on_problem, source)
    return read_transcripts(data_source(source), on_problem)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the transcripts are graded."""

    classes: frozenset[str]
    """Names of response classes; empty for all."""
    sample: int | None
    seed: int
    limit: int | None

    def of(self, transcripts: Iterator[Transcript], ruleset: RuleSet) -> Iterator[Transcript]:
        """Choose from a stream."""
        if self.classes:
            transcripts = (
                each
                for each in transcripts
                if each.response_class is not None
                and ruleset.resolve_response_class(each.response_class) in self.classes
            )
        if self.sample is not None:
            transcripts = sampled(transcripts, self.sample, self.seed)
        return itertools.islice(transcripts, self.limit)


def _resolved_classes(names: list[str] | None, ruleset: RuleSet) -> frozenset[str]:
    """Resolve the classes of --only-class. Raises UsageError for an unknown one."""
    resolved = set()
    for name in names or ():
        response_class = ruleset.resolve_response_class(name)
        if response_class is None:
            known = ruleset.response_classes
            hint = hint_for(name, known)
            raise UsageError(f"--only-class {name}: there is no such response class; {hint}")
        resolved.add(response_class)
    return frozenset(resolved)
