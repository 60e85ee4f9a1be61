"""``rbrctl diff``: two versions of the rules, or two results, compared."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.command import set_by_repository
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode, gravest
from rbrctl.cli.formats import ComparisonFormatOption
from rbrctl.cli.options import CalibrationOption, WideOption, output_of
from rbrctl.reports.interface import AUTO

if TYPE_CHECKING:
    from rbrctl.cli.comparing import Comparer
    from rbrctl.diff.comparison import Comparison
    from rbrctl.diff.gates import Gate

FailOnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        metavar="GATE",
        help="Exit 1 on nothing else than these: none, default (protection and regression), "
        "protection (a critical rule removed or weakened, a category moved or removed, a severity "
        "lowered), laxer (any assignment ranks better), changed (any change of meaning), "
        "regression (agreement with labels fell), flips:N or accuracy-drop:SHARE; may be given "
        "several times.  [default: default]",
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
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="ID",
            help="Record in .rbrctl-accepted.yaml that this change was reviewed, such as rule:ID, "
            "category:NAME or class:NAME; needs --reason.",
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why the change of --accept is right.")
    ] = "",
    allow_new_acceptance: Annotated[
        bool,
        typer.Option(
            "--allow-new-acceptance",
            help="Let acceptances count that came with the change itself; use it where the owners "
            "of .rbrctl-accepted.yaml must approve it.",
        ),
    ] = False,
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
    from rbrctl.cli.comparing import Comparer, DiffReporter, DiffRequest, replace_baseline
    from rbrctl.cli.graders import choose_grader
    from rbrctl.diff.gates import asked_gates, check_evidence, failures, not_judged

    output = output_of(context)
    asked = asked_gates(fail_on or ())
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
            accept=tuple(accept or ()),
            reason=reason,
            allow_new_acceptance=allow_new_acceptance,
            choose_grader=(lambda ruleset: choose_grader(grader, endpoint, ruleset, output))
            if asks
            else None,
        )
    )
    gates = _gates(context, fail_on or (), comparer, comparison)
    check_evidence([gate for gate in gates if gate in asked], comparison)
    failed = failures(gates, comparison)
    open_questions = not_judged([gate for gate in gates if gate in asked], comparison)
    reporter = DiffReporter(output, format_, None if limit == 0 else limit, wide)
    reporter.report(comparison, gates, failed, comparer.new)
    if bless and old is not None and new is not None:
        replace_baseline(old, new, output)
    for message in open_questions:
        output.talk(message)
    incomplete = comparison.incomplete or bool(open_questions)
    return gravest(
        ExitCode.NO if failed else ExitCode.YES,
        ExitCode.INCOMPLETE if incomplete else ExitCode.YES,
    )


def _gates(
    context: typer.Context, fail_on: Sequence[str], comparer: "Comparer", comparison: "Comparison"
) -> "tuple[Gate, ...]":
    """
    Return the gates to hold the comparison against.

    Only those on the command line or in the environment stand alone. A file in the repository may
    only add gates, and what it asked for on the old side still holds for this change.
    """
    from rbrctl.cli.old_side_gates import gates_of_old_side
    from rbrctl.diff.gates import DEFAULT_GATES, Gate, GateKind, parse_gates

    gates = parse_gates(fail_on)
    source = context.get_parameter_source("fail_on")
    if set_by_repository(context, "fail_on"):
        gates = tuple(dict.fromkeys((*gates, *DEFAULT_GATES)))
    if gates and (source is None or source.name in ("DEFAULT", "DEFAULT_MAP")):
        before = None if comparer.old is None else comparer.old.source
        gates = tuple(dict.fromkeys((*gates, *gates_of_old_side(before, Path.cwd()))))
    if gates and comparison.fresh_acceptances:
        gates = (Gate(GateKind.ACCEPTANCE), *gates)
    return gates
