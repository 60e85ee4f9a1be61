"""``rbrctl diff``: compare two versions of the rules, or two results files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.command_tree import set_by_repository
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.formats import ComparisonFormatOption
from rbrctl.cli.options import CalibrationOption, WideOption, output_of
from rbrctl.reports.interface import AUTO

if TYPE_CHECKING:
    from rbrctl.cli.comparison import Comparer
    from rbrctl.diff.comparison import Comparison
    from rbrctl.diff.gates import Gate

FailOnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        metavar="GATE",
        help="When to exit with code 1, and only then: none; protection (a critical rule removed "
        "or weakened, a category moved or removed, a severity lowered); laxer (any assignment "
        "ranks better); changed (any change of meaning); regression (agreement with labels fell); "
        "default (protection and regression); flips:N; accuracy-drop:SHARE. May be given several "
        "times.  [default: default]",
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
    from rbrctl.diff.gates import asked_gates, check_evidence, failures, not_judged
    from rbrctl.records.files import replace_file

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
        replace_file(new, old)
        output.info(f"{old} is now {new}")
    for message in open_questions:
        output.info(message)
    incomplete = comparison.incomplete or bool(open_questions)
    return worst_exit_code(
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
