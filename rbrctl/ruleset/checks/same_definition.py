"""
Two definitions that mean the same.

They have the same value on every assignment that fits the axioms. One of them is enough; where two
were meant, one of them is wrong. Constant definitions are `constant-definition` instead.

Fails:

    definitions:
      refuses: apology and not fully_complies
      declines: not fully_complies and apology

Passes:

    definitions:
      refuses: apology and not fully_complies
      declines: apology and not partially_complies
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Related, Severity
from rbrctl.ruleset.model import Definition

ID = "same-definition"
SEVERITY = Severity.WARNING

_SAMPLED = 16


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the definitions that equal an earlier one."""
    nodes = {
        name: node
        for name, node in context.logic.definitions.items()
        if not context.certain(node) and context.possible(node)
    }
    samples = _samples(context, list(nodes.values())[:_SAMPLED])
    alike: dict[tuple[bool, ...], list[Definition]] = {}
    for definition in context.ruleset.definitions.values():
        node = nodes.get(definition.name)
        if node is None:
            continue
        values = tuple(context.diagram.holds(node, sample) for sample in samples)
        seen = alike.setdefault(values, [])
        same = next((each for each in seen if context.equal(nodes[each.name], node)), None)
        seen.append(definition)
        if same is not None:
            yield Finding(
                ID,
                SEVERITY,
                f"'{definition.name}' means the same as '{same.name}'",
                definition.place,
                "keep one of them",
                (Related(same.place, f"'{same.name}'"),),
            )


def _samples(context: CheckContext, nodes: list[int]) -> list[dict[str, bool]]:
    """Return assignments on which functions can differ, to sort them before any proof."""
    wanted = [each for node in nodes for each in (node, context.diagram.negate(node))]
    models = [context.axioms.model(node) for node in wanted]
    return [model for model in models if model is not None]
