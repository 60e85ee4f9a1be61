"""
What a check is: a module of this folder with an id, a severity, a page and a function.

To add a check, add a module; nothing else needs to change. Its docstring is the page that
``rbrctl explain ID`` prints: one sentence that says what is found, why it matters, and an example
below each of ``Fails:`` and ``Passes:``, which a test runs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

CheckFunction = Callable[[CheckContext], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check, or only the page of an id that is reported by other code."""

    id: str
    severity: Severity
    page: str
    """Its documentation: what it finds, why it matters, a failing and a passing example."""
    function: CheckFunction | None
    """None if other code reports the id: the loader, the unit tests, the ignore comments."""
    needs_sound_axioms: bool
    """False if the check also makes sense for axioms that contradict each other."""
    runs_last: bool = False
    """True if the check may spend what the other checks need of the shared budget."""

    @property
    def summary(self) -> str:
        """The first sentence of the page."""
        return self.page.splitlines()[0]


def check_of(module: ModuleType) -> Check:
    """
    Read a check from its module.

    The module defines ``ID``, ``SEVERITY`` and ``check(context)``, which yields findings. It may
    define ``NEEDS_SOUND_AXIOMS = False`` (run it also if the axioms contradict each other) and
    ``RUNS_LAST = True`` (run it after all others, because its proofs are long).
    """
    return Check(
        id=module.ID,
        severity=module.SEVERITY,
        page=(module.__doc__ or "").strip(),
        function=module.check,
        needs_sound_axioms=getattr(module, "NEEDS_SOUND_AXIOMS", True),
        runs_last=getattr(module, "RUNS_LAST", False),
    )
