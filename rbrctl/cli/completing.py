"""What a shell offers where a name of the rules is wanted; it is looked up only then."""

from collections.abc import Iterable

import typer

from rbrctl.cli.rules import default_rules
from rbrctl.errors import RbrctlError


def rules_named(context: typer.Context, incomplete: str) -> list[str]:
    """Give the ids of the rules that the command line speaks of."""
    from rbrctl.ruleset.loader import load
    from rbrctl.ruleset.sources import open_source

    try:
        return _beginning(load(open_source(_rules(context))).rules, incomplete)
    except RbrctlError:
        return []


def explained(context: typer.Context, incomplete: str) -> list[str]:
    """Give what can be explained: the ids of checks and the names of the rule set."""
    from rbrctl.ruleset.checks.registry import all_checks
    from rbrctl.ruleset.explanation import known_names
    from rbrctl.ruleset.loader import load
    from rbrctl.ruleset.sources import open_source

    if context.params.get("results") is not None:
        return []
    checks = _beginning(all_checks(), incomplete)
    try:
        return checks + _beginning(known_names(load(open_source(_rules(context)))), incomplete)
    except RbrctlError:
        return checks


def _rules(context: typer.Context) -> str:
    given = context.params.get("rules")
    # From standard input nothing can be read while a line is still being typed.
    return default_rules(given if isinstance(given, str) and given != "-" else None)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
