"""What is to be written: a prompt with one target, and how files record it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.fields import optional_object, optional_text, required_text
from rbrctl.records.models import Transcript
from rbrctl.rewards.synthesis.targets import Plan, Target, Targets


@dataclass(frozen=True, slots=True)
class Specification:
    """Everything that determines what a completion has to be."""

    ruleset: str
    """The rule set's digest."""
    prompt: str
    """The prompt's digest."""
    rank: str
    breaks: tuple[str, ...] = ()
    description: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "ruleset": self.ruleset,
            "prompt": self.prompt,
            "rank": self.rank,
            "breaks": list(self.breaks),
            "description": self.description,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Specification":
        """Return what the key ``asked`` of a row says. Raise RecordError."""
        asked = optional_object(row, "asked")
        if not asked:
            raise RecordError('no "asked"')
        breaks = asked.get("breaks")
        if not isinstance(breaks, list) or not all(isinstance(each, str) for each in breaks):
            raise RecordError("asked.breaks must be a list of rules")
        return cls(
            required_text(asked, "ruleset", "asked."),
            required_text(asked, "prompt", "asked."),
            required_text(asked, "rank", "asked."),
            tuple(breaks),
            optional_text(asked, "description", "asked."),
        )

    def __str__(self) -> str:
        """Return it in words."""
        if self.description is not None:
            return f"{self.rank} as described"
        return f"{self.rank} by breaking {', '.join(self.breaks)}" if self.breaks else self.rank


@dataclass(frozen=True, slots=True)
class Assignment:
    """A prompt and one target."""

    prompt: Transcript
    """Its completion is empty and has no meaning."""
    response_class: str
    target: Target

    @property
    def id(self) -> str:
        """The id of its row: the prompt's id and the target's name."""
        return f"{self.prompt.id}/{self.target.name}"

    def asked(self, ruleset: str) -> Specification:
        """Return what is asked for under the rule set with this digest."""
        target = self.target
        return Specification(
            ruleset, self.prompt.prompt_digest, target.rank, target.breaks, target.description
        )


def assignments(
    prompts: Iterable[Transcript], targets: Targets, plan: Plan, seed: int
) -> list[Assignment]:
    """
    Draw the targets of every prompt.

    Each prompt's response class is a name of the rule set, and the plan was checked.
    """
    return [
        Assignment(prompt, prompt.response_class, target)
        for prompt in prompts
        if prompt.response_class is not None
        for target in targets.of(prompt.response_class, prompt.prompt_digest, plan, seed)
    ]
