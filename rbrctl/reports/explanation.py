"""What a name, a check or a rank means, for people and as JSON."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from rbrctl.reports.findings import place_body
from rbrctl.reports.tables import Wrap
from rbrctl.reports.terminal import Palette, padded, printable, text_width
from rbrctl.reports.text_tables import wrapped
from rbrctl.ruleset.checks.interface import Check
from rbrctl.ruleset.explanation import Explanation, Fact
from rbrctl.ruleset.reasons import RankReason

EXPLANATION_VERSION = 1
_INDENT = 2
_GAP = 2


class ExplanationText:
    """Draws explanations as a heading and labelled lines."""

    def __init__(self, palette: Palette, width: int) -> None:
        """Paint with ``palette`` and wrap at ``width``."""
        self.palette = palette
        self.width = width

    def render(self, explanations: list[Explanation]) -> str:
        """Draw them one below another."""
        return "\n\n".join("\n".join(self._lines(each)) for each in explanations)

    def _lines(self, explanation: Explanation) -> Iterator[str]:
        yield f"{printable(explanation.kind)} {self.palette.name(printable(explanation.name))}"
        if explanation.place is not None:
            yield self.palette.dim(printable(str(explanation.place)))
        yield ""
        widest = max((text_width(printable(fact.label)) for fact in explanation.facts), default=0)
        for fact in explanation.facts:
            yield from self._fact(fact, widest + _GAP)

    def _fact(self, fact: Fact, column: int) -> Iterator[str]:
        room = self.width - _INDENT - column
        label = printable(fact.label)
        for value in fact.values:
            for line in wrapped(printable(value), room, Wrap.WORDS):
                yield f"{' ' * _INDENT}{self.palette.bold(padded(label, column))}{line}"
                label = ""


def explanations_body(explanations: list[Explanation]) -> Mapping[str, Any]:
    """Return ``{"explanations": [{"kind", "name", "place", "facts": {label: [text]}}]}``."""
    return {
        "explanations": [
            {
                "kind": each.kind,
                "name": each.name,
                "place": place_body(each.place),
                "facts": {fact.label: list(fact.values) for fact in each.facts},
            }
            for each in explanations
        ]
    }


def check_text(check: Check, palette: Palette, width: int) -> str:
    """Draw a check's page: its sentences wrapped anew, its examples as they stand."""
    return f"check {palette.name(check.id)} ({check.severity})\n\n{_page_text(check.page, width)}"


def report_text(name: str, page: str, palette: Palette, width: int) -> str:
    """Draw the page of a JSON report in the same way."""
    return f"report {palette.name(name)} (-f json)\n\n{_page_text(page, width)}"


def _page_text(page: str, width: int) -> str:
    blocks = [
        block if block.startswith(" ") else textwrap.fill(block, width, break_on_hyphens=False)
        for block in page.split("\n\n")
    ]
    return "\n\n".join(blocks)


def checks_text(checks: Mapping[str, Check], palette: Palette, width: int) -> str:
    """List all checks, each with the first sentence of its page."""
    lines = []
    for check in checks.values():
        lines.append(f"{palette.name(check.id)} ({check.severity})")
        lines += [f"    {line}" for line in wrapped(check.summary, width - 4, Wrap.WORDS)]
    return "\n".join(lines)


def checks_body(checks: list[Check]) -> Mapping[str, Any]:
    """Return ``{"checks": [{"id", "severity", "summary", "page"}]}``."""
    return {
        "checks": [
            {
                "id": check.id,
                "severity": check.severity.value,
                "summary": check.summary,
                "page": check.page,
            }
            for check in checks
        ]
    }


def reason_body(reason: RankReason, transcript: str) -> Mapping[str, Any]:
    """
    Return the reason why a transcript has its rank, as JSON.

    ``{"transcript", "response_class", "rank", "reason": {name: bool}, "broken": {rule: {name:
    bool}}, "undetermined": [rule], "unknown": [name]}``; the rank is null where it is open.
    """
    return {
        "transcript": transcript,
        "response_class": reason.response_class,
        "rank": reason.rank,
        "reason": dict(reason.answers),
        "broken": {rule: dict(answers) for rule, answers in reason.broken.items()},
        "undetermined": list(reason.undetermined),
        "unknown": list(reason.unknown),
    }
