"""``rbrctl validate``: check the files, the names and the meaning of rule sets."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.formats import FindingsFormatOption, report_findings
from rbrctl.cli.options import output_of
from rbrctl.cli.rules import rules_source
from rbrctl.reports.interface import AUTO
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.ruleset.validation import Validation


def command(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Rule sets: folders, YAML files, builtin:NAME, or - for standard input. If a file "
            "belongs to a larger rule set, all of it is checked.  [default: rules/]",
        ),
    ] = None,
    format_: FindingsFormatOption = AUTO,
) -> ExitCode:
    """
    Check rule sets: their files, their names and, by proof, the meaning of their rules.

    Every finding has an id, and 'rbrctl explain ID' explains it. To accept a finding, write the
    comment '# rbrctl: ignore[ID] reason' on its line, or alone on the line above. The exit code is
    1 if there are errors or warnings, but not for notes.
    """
    from rbrctl.ruleset.checks.registry import all_checks
    from rbrctl.ruleset.findings import Findings
    from rbrctl.ruleset.sources import RuleSource
    from rbrctl.ruleset.validation import validate

    sources: dict[str, RuleSource] = {}
    for path in rules or ["rules/"]:
        source = rules_source(path)
        sources.setdefault(os.path.realpath(source.label), source)
    validations = [validate(source) for source in sources.values()]
    findings = Findings(
        tuple(item for each in validations for item in each.findings.items),
        {name: text for each in validations for name, text in each.findings.texts.items()},
        tuple(item for each in validations for item in each.findings.accepted),
    )
    descriptions = {check.id: check.page for check in all_checks().values()}
    output = output_of(context)
    code = report_findings(output, findings, format_, _subject(validations), descriptions)
    for each in validations:
        if each.loaded.ruleset is not None and not each.loaded.ruleset.rules:
            output.fail(
                f"{each.loaded.label}: the rule set has no rules", "write some under 'rules:'"
            )
            code = worst_exit_code(code, ExitCode.NOTHING)
    return code


def _subject(validations: "list[Validation]") -> str:
    files = sum(len(each.findings.texts.keys() - each.loaded.base_files) for each in validations)
    rulesets = [each.loaded.ruleset for each in validations if each.loaded.ruleset is not None]
    words = [counted(files, "file")]
    if len(rulesets) == len(validations):
        rules = sum(len(each.rules) for each in rulesets)
        propositions = sum(len(each.propositions) for each in rulesets)
        words += [counted(rules, "rule"), counted(propositions, "proposition")]
    return ", ".join(words)
