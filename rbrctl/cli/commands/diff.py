"""``rbrctl diff``: two versions of the rules, or two results, compared."""

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
        help="Exit 1 on: none, changed, laxer, regression, flips:N or accuracy-drop:SHARE; may be "
        "given several times.  [default: regression]",
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
            help="A rule set: a folder, builtin:NAME, git:REV:PATH, or git:REV...:PATH for the "
            "merge base; or a results file. Without NEW it is the new side, and the old one is the "
            "commit that it started from.  [default: rules/]",
        ),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="Another rule set, or another results file.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV",
            help="Without NEW: compare with the merge base of this revision and HEAD.  [default: "
            "the CI's target branch, else HEAD]",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="FILE",
            help="Results or transcripts on which to show which ranks change, and whether they are "
            "better. Without --grader, the labels of transcripts are used as answers.",
        ),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            "--rules",
            metavar="PATH",
            help="The rule set by which two results are compared.  [default: rules/ here, else "
            "builtin:safety]",
        ),
    ] = None,
    grader: Annotated[
        str | None,
        typer.Option(
            "--grader",
            metavar="GRADER",
            help="With --on TRANSCRIPTS: grade them. With --on RESULTS: ask again what the new "
            "rules ask differently. One of embedded, embedded:MODEL_FILE and endpoint (its model "
            "is --model).",
        ),
    ] = None,
    transcripts: Annotated[
        str | None,
        typer.Option(
            "--transcripts",
            metavar="FILE",
            help="The texts of the results in --on, for --grader.",
        ),
    ] = None,
    calibration: CalibrationOption = None,
    fail_on: FailOnOption = None,
    bless: Annotated[
        bool, typer.Option("--bless", help="After the report, replace the results file OLD by NEW.")
    ] = False,
    limit: Annotated[
        int,
        typer.Option("--limit", min=0, metavar="N", help="List N transcripts; 0 lists all."),
    ] = 20,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    format_: ComparisonFormatOption = AUTO,
    wide: WideOption = False,
) -> ExitCode:
    """
    Compare two versions of the rules, or two results.

    For two versions of the rules, it proves for each response class whether the new ones are
    equivalent, stricter, laxer or neither, with the smallest example. --on adds which transcripts
    change rank, and whether agreement with their labels rose or fell by more than chance. For two
    results, it shows rule by rule which grader, model or prompt agrees better with the labels.
    """
    from rbrctl.cli.comparison import Comparer, DiffReporter, DiffRequest, replace_baseline
    from rbrctl.cli.graders import choose_grader
    from rbrctl.diff.gates import DEFAULT_GATES, check_evidence, failures, parse_gates

    output = output_of(context)
    named = gates = parse_gates(fail_on or ())
    if set_by_repository(context, "fail_on"):
        # Such a file may only add gates: the default ones hold beside those that it names.
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
        replace_baseline(old, new, output)
    return worst_exit_code(
        ExitCode.NO if failed else ExitCode.YES,
        ExitCode.INCOMPLETE if comparison.incomplete else ExitCode.YES,
    )
