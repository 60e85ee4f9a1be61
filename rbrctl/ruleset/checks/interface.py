"""What a check is: a module with an id, a severity, a page of documentation, and a function."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

CheckFunction = Callable[[CheckContext], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check, or the page of an id that the loader or the runner reports."""

    id: str
    severity: Severity
    page: str
    """Its documentation: what it finds, why it matters, a failing and a passing example."""
    function: CheckFunction | None
    """None where the id is reported outside of the semantic checks."""
    needs_sound_axioms: bool

    @property
    def summary(self) -> str:
        """The first sentence of the page."""
        return self.page.splitlines()[0]


def check_of(module: ModuleType) -> Check:
    """
    Read a check from its module.

    The module defines ``ID``, ``SEVERITY``, its docstring and, where it is a semantic check,
    ``check(context)``; ``NEEDS_SOUND_AXIOMS = False`` where it makes sense of axioms that
    contradict each other.
    """
    return Check(
        id=module.ID,
        severity=module.SEVERITY,
        page=(module.__doc__ or "").strip(),
        function=getattr(module, "check", None),
        needs_sound_axioms=getattr(module, "NEEDS_SOUND_AXIOMS", True),
    )
