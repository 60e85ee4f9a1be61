"""The rule set that a command works on, and the completion of its names in a shell."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.files import STANDARD_INPUT, standard_input
from rbrctl.cli.output import Output

if TYPE_CHECKING:
    from rbrctl.ruleset.model import RuleSet
    from rbrctl.ruleset.sources import RuleSource
from collections.abc import Iterable

from rbrctl.errors import RbrctlError

RulesOption = Annotated[
    str | None,
    typer.Option(
        "--rules",
        metavar="PATH",
        help="The rule set: a folder, a file or builtin:safety.  "
        "[default: rules/ if it exists, else builtin:safety]",
    ),
]


def default_rules(given: str | None) -> str:
    """Return the named rule set, else ``rules/`` if it exists, else ``builtin:safety``."""
    return given or ("rules/" if Path("rules").is_dir() else "builtin:safety")


def rules_source(path: str) -> "RuleSource":
    """Open a rule set: a folder, a file, ``builtin:NAME``, or ``-`` for standard input."""
    from rbrctl.ruleset.sources import TextSource, open_source
    from rbrctl.ruleset.yaml_tree import MAX_BYTES

    if path == STANDARD_INPUT:
        return TextSource("<stdin>", standard_input().read(MAX_BYTES + 1))
    return open_source(path)


def load_rules(rules: str | None, output: Output) -> "RuleSet":
    """Load the rule set, and print on stderr which one if it was not named."""
    from rbrctl.ruleset.loader import load

    source = default_rules(rules)
    if rules is None:
        output.info(f"rules: {source}")
    return load(rules_source(source))


def complete_rule(context: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of the rules that begin with what was typed."""
    from rbrctl.ruleset.loader import load
    from rbrctl.ruleset.sources import open_source

    try:
        return _beginning(load(open_source(_rules(context))).rules, incomplete)
    except RbrctlError:
        return []


def complete_explained(context: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of checks and the names of the rule set that begin with what was typed."""
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
