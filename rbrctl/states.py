"""The three states of a rule, a word that rule sets and result files share."""

from enum import StrEnum


class RuleState(StrEnum):
    """State of a rule for one transcript."""

    HELD = "held"
    BROKEN = "broken"
    UNDETERMINED = "undetermined"
