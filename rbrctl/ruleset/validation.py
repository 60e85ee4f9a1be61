"""Validate a rule set: read it, check what it means, and apply comments that accept findings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rbrctl.errors import UndecidedError
from rbrctl.ruleset.checks.context import CHECK_BUDGET, CheckContext
from rbrctl.ruleset.checks.interface import Check
from rbrctl.ruleset.checks.registry import all_checks
from rbrctl.ruleset.findings import Finding, Findings, Severity
from rbrctl.ruleset.ignores import sort_out
from rbrctl.ruleset.loader import Loaded, read
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.sources import RuleSource


@dataclass(frozen=True, slots=True)
class Validation:
    """A rule set, as far as it could be read, and all findings about it."""

    loaded: Loaded
    findings: Findings
    """In the order of the files."""


def validate(source: str | Path | RuleSource, budget: int = CHECK_BUDGET) -> Validation:
    """
    Read a rule set and check it.

    Raises FileError or UsageError when files cannot be read, NothingMatchedError when there are
    none; whatever is wrong inside the files is a finding.
    """
    loaded = read(source)
    if loaded.ruleset is None:
        return Validation(loaded, loaded.findings)
    findings = [
        finding
        for finding in check_ruleset(loaded.ruleset, budget)
        # A base set is checked where it stands; here only what makes the whole unusable counts.
        if finding.severity is Severity.ERROR or not _is_in(finding, loaded.base_files)
    ]
    texts = loaded.findings.texts
    outcome = sort_out(findings, texts, all_checks().keys(), texts.keys() - loaded.base_files)
    ordered = sorted(outcome.reported, key=lambda each: (each.place is None, each.place, each.id))
    return Validation(loaded, Findings(tuple(ordered), texts, outcome.accepted))


def _is_in(finding: Finding, files: frozenset[str]) -> bool:
    return finding.place is not None and finding.place.file in files


def check_ruleset(ruleset: RuleSet, budget: int = CHECK_BUDGET) -> list[Finding]:
    """Run all semantic checks on a sound rule set. A proof that is too long is a finding too."""
    try:
        context = CheckContext(ruleset, budget)
        sound = context.axioms.satisfiable
    except UndecidedError as error:
        message = f"nothing about the rules could be proved: {error}"
        return [Finding("undecided", Severity.WARNING, message, ruleset.place)]
    checks = [check for check in all_checks().values() if sound or not check.needs_sound_axioms]
    return [finding for check in checks for finding in _run(check, context)]


def _run(check: Check, context: CheckContext) -> Iterator[Finding]:
    if check.function is None:
        return
    try:
        yield from check.function(context)
    except UndecidedError as error:
        message = f"the check '{check.id}' was not finished: {error}"
        yield Finding("undecided", Severity.WARNING, message, context.ruleset.place)
