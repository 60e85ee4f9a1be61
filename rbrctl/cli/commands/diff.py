"""``rbrctl diff``: two versions of the rules, or two results, compared."""

from typing import Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode, gravest
from rbrctl.cli.options import FindingsFormat, FindingsFormatOption, WideOption, output_of
from rbrctl.cli.readings import CalibrationOption

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
            "merge base; or a results file. Alone it is the new side, and the old one is what it "
            "grew from.  [default: rules/]",
        ),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="Another of the same kind.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV",
            help="With one side: compare with the merge base with this revision.  [default: the "
            "CI's target branch, else HEAD]",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="FILE",
            help="Results, or transcripts, to look at: what moves, and is it better? Without "
            "--grader the labels of transcripts stand for answers.",
        ),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            "--rules",
            metavar="PATH",
            help="The rule set for two results.  [default: rules/ here, else builtin:safety]",
        ),
    ] = None,
    grader: Annotated[
        str | None,
        typer.Option(
            "--grader",
            metavar="GRADER",
            help="With --on TRANSCRIPTS: grade them. With --on RESULTS: ask again what the new "
            "rules ask otherwise. It is embedded, embedded:MODEL_FILE, or endpoint, which --model "
            "names.",
        ),
    ] = None,
    transcripts: Annotated[
        str | None,
        typer.Option(
            "--transcripts", metavar="FILE", help="The texts of the results, for --grader."
        ),
    ] = None,
    calibration: CalibrationOption = None,
    fail_on: FailOnOption = None,
    bless: Annotated[
        bool, typer.Option("--bless", help="Replace the results OLD by NEW, after the report.")
    ] = False,
    limit: Annotated[
        int,
        typer.Option("--limit", min=0, metavar="N", help="List N transcripts; 0 lists all."),
    ] = 20,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    format_: FindingsFormatOption = FindingsFormat.AUTO,
    wide: WideOption = False,
) -> ExitCode:
    """
    Compare two versions of the rules, or two results.

    Of rules it proves for each response class whether the new ones are equivalent, stricter, laxer
    or neither, with the smallest example; --on adds which transcripts move, and whether agreement
    with their labels rose or fell beyond chance. Of two results it tells which grader, model or
    prompt agrees better with the labels, rule by rule.
    """
    from rbrctl.cli.comparing import Asked, Comparer, Drawing, replace_baseline
    from rbrctl.cli.graders import choose_grader
    from rbrctl.diff.gates import check_evidence, failures, parse_gates

    output = output_of(context)
    gates = parse_gates(fail_on or ())
    comparer = Comparer(output, strict)
    asks = grader is not None or endpoint.named or bool(endpoint.typed)
    comparison = comparer.compare(
        Asked(
            old=old,
            new=new,
            base=base,
            on=on,
            rules=rules,
            bless=bless,
            calibration=calibration,
            transcripts=transcripts,
            open_grader=(lambda ruleset: choose_grader(grader, endpoint, ruleset, False, output))
            if asks
            else None,
        )
    )
    if fail_on:
        check_evidence(gates, comparison)
    failed = failures(gates, comparison)
    drawing = Drawing(output, format_, None if limit == 0 else limit, wide)
    drawing.report(comparison, gates, failed, comparer.new_side)
    if bless and old is not None and new is not None:
        replace_baseline(old, new, output)
    return gravest(
        ExitCode.NO if failed else ExitCode.YES,
        ExitCode.INCOMPLETE if comparison.incomplete else ExitCode.YES,
    )
