"""Which rule set a command is about."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.inputs import STANDARD_INPUT, standard_input
from rbrctl.cli.output import Output

if TYPE_CHECKING:
    from rbrctl.ruleset.model import RuleSet
    from rbrctl.ruleset.sources import RuleSource

RulesOption = Annotated[
    str | None,
    typer.Option(
        "--rules",
        metavar="PATH",
        help="A folder, a file or builtin:safety.  [default: rules/ here, else builtin:safety]",
    ),
]


def default_rules(given: str | None) -> str:
    """Give the rule set that was asked for, else ``rules/`` here, else the one that ships."""
    return given or ("rules/" if Path("rules").is_dir() else "builtin:safety")


def rules_source(path: str) -> "RuleSource":
    """Open a rule set: a folder, a file, ``builtin:NAME``, or ``-`` for standard input."""
    from rbrctl.ruleset.sources import TextSource, open_source
    from rbrctl.ruleset.yaml_tree import MAX_BYTES

    if path == STANDARD_INPUT:
        return TextSource("<stdin>", standard_input().read(MAX_BYTES + 1))
    return open_source(path)


def load_rules(rules: str | None, output: Output) -> "RuleSet":
    """Load the rule set that is meant, and say on stderr which where it was not named."""
    from rbrctl.ruleset.loader import load

    source = default_rules(rules)
    if rules is None:
        output.info(f"rules: {source}")
    return load(rules_source(source))
