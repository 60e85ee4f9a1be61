"""``rbrctl diff``: compare two versions of the rules, or two results files."""

from typing import Annotated

import typer

from rbrctl.cli.command_tree import set_by_repository
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.formats import ComparisonFormatOption
from rbrctl.cli.options import CalibrationOption, WideOption, output_of
from rbrctl.reports.interface import AUTO

FailOnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        metavar="GATE",
        help="When to exit with code 1: none, changed, laxer, regression, flips:N or "
        "accuracy-drop:SHARE; may be given several times.  [default: regression]",
    ),
]


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    old: Annotated[
        str | None,
        typer.Argument(
            metavar="OLD",
            help="A rule set (a folder, builtin:NAME, git:REV:PATH, or git:REV...:PATH for the "
            "merge base) or a results file. If NEW is not given, this rule set is the new one, and "
            "it is compared with the commit that it started from.  [default: rules/]",
        ),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="The new rule set or results file.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV",
            help="If NEW is not given: compare with the merge base of this revision and HEAD.  "
            "[default: the target branch of the CI job, else HEAD]",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="FILE",
            help="Results or transcripts: show whose ranks change, and whether the new ranks agree "
            "better with the labels. Without --grader, the labels of transcripts are their "
            "answers.",
        ),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            "--rules",
            metavar="PATH",
            help="The rule set for comparing two results files.  [default: rules/ if it exists, "
            "else builtin:safety]",
        ),
    ] = None,
    grader: Annotated[
        str | None,
        typer.Option(
            "--grader",
            metavar="GRADER",
            help="With --on TRANSCRIPTS, grade them; with --on RESULTS, ask again the questions "
            "that the new rules change. One of embedded, embedded:MODEL_FILE and endpoint (whose "
            "model is --model).",
        ),
    ] = None,
    transcripts: Annotated[
        str | None,
        typer.Option(
            "--transcripts",
            metavar="FILE",
            help="Transcripts of the results in --on, which --grader needs.",
        ),
    ] = None,
    calibration: CalibrationOption = None,
    fail_on: FailOnOption = None,
    bless: Annotated[
        bool, typer.Option("--bless", help="After the report, replace the results file OLD by NEW.")
    ] = False,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", min=0, metavar="N", help="List at most N transcripts; 0 lists all."
        ),
    ] = 20,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    format_: ComparisonFormatOption = AUTO,
    wide: WideOption = False,
) -> ExitCode:
    """
    Compare two versions of the rules, or two results files.

    For two versions of the rules, the command proves for each response class whether the new rules
    are equivalent, stricter, laxer or neither, and gives the smallest example. With --on it also
    shows which transcripts change rank, and whether the agreement with their labels rose or fell by
    more than chance. For two results files, it shows for each rule which grader, model or prompt
    agrees better with the labels.
    """
    from rbrctl.cli.comparison import Comparer, DiffReporter, DiffRequest
    from rbrctl.cli.graders import choose_grader
    from rbrctl.diff.gates import DEFAULT_GATES, check_evidence, failures, parse_gates
    from rbrctl.records.files import replace_file

    output = output_of(context)
    named = gates = parse_gates(fail_on or ())
    if set_by_repository(context, "fail_on"):
        # Such a file may only add gates: the default gates still apply.
        gates = tuple(dict.fromkeys((*named, *DEFAULT_GATES)))
    comparer = Comparer(output, strict)
    asks = grader is not None or endpoint.named or bool(endpoint.typed)
    comparison = comparer.compare(
        DiffRequest(
            old=old,
            new=new,
            base=base,
            on=on,
            rules=rules,
            bless=bless,
            calibration=calibration,
            transcripts=transcripts,
            choose_grader=(lambda ruleset: choose_grader(grader, endpoint, ruleset, output))
            if asks
            else None,
        )
    )
    if fail_on:
        check_evidence(named, comparison)
    failed = failures(gates, comparison)
    reporter = DiffReporter(output, format_, None if limit == 0 else limit, wide)
    reporter.report(comparison, gates, failed, comparer.new)
    if bless and old is not None and new is not None:
        replace_file(new, old)
        output.info(f"{old} is now {new}")
    return worst_exit_code(
        ExitCode.NO if failed else ExitCode.YES,
        ExitCode.INCOMPLETE if comparison.incomplete else ExitCode.YES,
    )
