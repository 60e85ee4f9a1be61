"""Whether a grader can answer what a reward needs, asked before anything is graded."""

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader
from rbrctl.rewards.function import RewardFunction


def unanswerable(
    function: RewardFunction, grader: Grader, response_class: str | None = None
) -> dict[str, list[str]]:
    """
    Give the response classes that cannot be graded, each with the propositions that are unknown.

    Raises UsageError where no class can be, or where ``response_class``, which all completions
    are to have, cannot.
    """
    known = grader.question_digests
    missing = {
        name: [each for each in function.propositions(name) if each not in known]
        for name in function.response_classes
    }
    found = {name: unknown for name, unknown in missing.items() if unknown}
    if response_class in found or (found and len(found) == len(missing)):
        name = response_class if response_class in found else next(iter(found))
        raise UsageError(f"{explained(name, found[name])}{_advice(grader)}")
    return found


def _advice(grader: Grader) -> str:
    if grader.identity.kind != "embedded":
        return ""
    return "; the embedded one answers those with cues, and those that its model was trained on"


def explained(response_class: str, unknown: list[str]) -> str:
    """Say that a class cannot be graded, and why."""
    shown = ", ".join(unknown[:10]) + (", ..." if len(unknown) > 10 else "")
    return f"no completion of {response_class} can be graded: the grader cannot answer {shown}"
