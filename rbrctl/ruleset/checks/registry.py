"""All checks, and the pages of all ids that findings may have."""

from functools import cache

from rbrctl.ruleset.checks import (
    always_broken,
    always_kept,
    axiom_repeats,
    axioms_contradict,
    class_without_rules,
    conflicting_examples,
    constant_definition,
    contradiction,
    decides_nothing,
    deprecated,
    duplicate_tests,
    failed_test,
    format_base,
    format_cyclic_definition,
    format_duplicate_name,
    format_expression,
    format_override,
    format_schema,
    format_undefined_name,
    format_yaml,
    given_breaks_axiom,
    ignore_without_reason,
    name_of_a_rank,
    no_examples,
    no_question,
    odd_cue,
    redundant_part,
    same_definition,
    same_question,
    undecided,
    unfilled_template,
    unknown_ignore,
    unneeded_ignore,
    unreachable_rank,
    unused_definition,
    unused_proposition,
    vacuous_tests,
)
from rbrctl.ruleset.checks.interface import Check, check_of

_MODULES = (
    # What keeps a set from being loaded.
    format_yaml,
    format_schema,
    format_expression,
    format_duplicate_name,
    format_undefined_name,
    format_cyclic_definition,
    format_override,
    format_base,
    # What the rules mean.
    axioms_contradict,
    axiom_repeats,
    contradiction,
    always_broken,
    always_kept,
    decides_nothing,
    unreachable_rank,
    name_of_a_rank,
    redundant_part,
    class_without_rules,
    constant_definition,
    same_definition,
    unused_definition,
    unused_proposition,
    deprecated,
    # What the grader is asked.
    no_question,
    same_question,
    no_examples,
    conflicting_examples,
    unfilled_template,
    odd_cue,
    # The unit tests.
    failed_test,
    vacuous_tests,
    duplicate_tests,
    given_breaks_axiom,
    # The checking itself.
    ignore_without_reason,
    unneeded_ignore,
    unknown_ignore,
    undecided,
)


@cache
def all_checks() -> dict[str, Check]:
    """Give every id with its check or page, what keeps a set from being loaded first."""
    checks = map(check_of, _MODULES)
    return {check.id: check for check in checks}
