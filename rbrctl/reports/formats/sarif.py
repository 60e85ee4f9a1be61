"""SARIF 2.1.0 (OASIS): findings for code scanning services and editors."""

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from rbrctl.digests import digest_of_bytes
from rbrctl.reports.interface import Page, PlainFormat, Report, ReportKind
from rbrctl.reports.json_report import json_text
from rbrctl.reports.terminal import printable
from rbrctl.ruleset.findings import Finding, Findings, Place

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def _message(text: str) -> dict[str, str]:
    # A bracketed text before a parenthesis is a link in a SARIF message, and ours has none.
    return {"text": "\n".join(map(printable, text.split("\n"))).replace("](", "]\u200b(")}


def _somewhere(findings: Findings) -> Place:
    """Return a place for a finding without one: services refuse a result that has no location."""
    return Place(next(iter(findings.texts), "ruleset.yaml"), 1, 1, 1, 1)


def _location(place: Place) -> dict[str, Any]:
    from urllib.parse import quote  # Only this format needs it, and all formats are imported.

    path = PurePosixPath(place.file)
    if path.is_absolute():
        artifact = {"uri": "file://" + quote(str(path), errors="backslashreplace")}
    else:
        uri = quote(place.file, errors="backslashreplace")
        artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _fingerprint(item: Finding, seen: Counter[str]) -> str:
    """Return a digest that stays the same when the line moves; equal findings are numbered."""
    file = item.place.file if item.place else ""
    text = "\0".join((item.id, file, item.message))
    seen[text] += 1
    return digest_of_bytes(f"{text}\0{seen[text]}".encode(errors="backslashreplace"))


class SarifFormat(PlainFormat):
    """Writes a SARIF log of one run. Tables have no place in it."""

    name = "sarif"
    position = 5
    kinds = frozenset({ReportKind.FINDINGS, ReportKind.CHECK, ReportKind.COMPARISON})

    def draw(self, report: Report, page: Page) -> str:
        """Return the log."""
        from rbrctl import __version__

        return sarif_log(report.findings(), __version__, report.descriptions())


def sarif_log(findings: Findings, version: str, descriptions: Mapping[str, str]) -> str:
    """
    Return a SARIF log of findings.

    ``version`` is rbrctl's; ``descriptions`` are the documentation of checks, by id.
    """
    accepted = [each.finding for each in findings.accepted]
    ids = list(dict.fromkeys(item.id for item in (*findings.items, *accepted)))
    seen: Counter[str] = Counter()
    driver = {
        "name": "rbrctl",
        "version": version,
        "rules": [_rule(check, descriptions.get(check, "")) for check in ids],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(item, findings, ids, seen) for item in findings.items),
            *(
                {
                    **_result(each.finding, findings, ids, seen),
                    "suppressions": [{"kind": "inSource", "justification": each.reason}],
                }
                for each in findings.accepted
            ),
        ],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(check: str, page: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": check}
    text = page.strip()
    if text:
        rule["shortDescription"] = {"text": text.split("\n", 1)[0]}
        rule["fullDescription"] = {"text": text}
        rule["help"] = {"text": f"{text}\n\nrbrctl explain {check}"}
    return rule


def _result(
    item: Finding, findings: Findings, ids: list[str], seen: Counter[str]
) -> dict[str, Any]:
    text = item.message
    if item.hint is not None:
        text += f"\nWould be right: {item.hint}"
    result: dict[str, Any] = {
        "ruleId": item.id,
        "ruleIndex": ids.index(item.id),
        "level": item.severity.value,
        "message": _message(text),
        "locations": [_location(item.place or _somewhere(findings))],
        "partialFingerprints": {"rbrctl/v1": _fingerprint(item, seen)},
    }
    if item.related:
        result["relatedLocations"] = [
            {"id": number, "message": _message(related.message), **_location(related.place)}
            for number, related in enumerate(item.related, start=1)
        ]
    return result


FORMAT = SarifFormat()
