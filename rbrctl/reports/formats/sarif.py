"""SARIF 2.1.0 (OASIS): findings for code scanning services and editors."""

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from rbrctl.digests import digest_of_bytes
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
    """Give a place for what has none: services refuse a result that is nowhere."""
    return Place(next(iter(findings.texts), "ruleset.yaml"), 1, 1, 1, 1)


def _location(place: Place) -> dict[str, Any]:
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
    """Tell a finding from others wherever its line moves; of equal ones the later is another."""
    file = item.place.file if item.place else ""
    text = "\0".join((item.id, file, item.message))
    seen[text] += 1
    return digest_of_bytes(f"{text}\0{seen[text]}".encode(errors="backslashreplace"))


class SarifFindings:
    """Writes a SARIF log of one run."""

    def __init__(self, version: str, descriptions: Mapping[str, str] | None = None) -> None:
        """Name rbrctl's ``version``; ``descriptions`` are the documentation of checks, by id."""
        self.version = version
        self.descriptions = descriptions or {}

    def render(self, findings: Findings, subject: str = "") -> str:
        """Write the log; the subject has no place in it."""
        accepted = [each.finding for each in findings.accepted]
        ids = list(dict.fromkeys(item.id for item in (*findings.items, *accepted)))
        seen: Counter[str] = Counter()
        driver = {
            "name": "rbrctl",
            "version": self.version,
            "rules": [self._rule(check) for check in ids],
        }
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "results": [
                *(self._result(item, findings, ids, seen) for item in findings.items),
                *(
                    {
                        **self._result(each.finding, findings, ids, seen),
                        "suppressions": [{"kind": "inSource", "justification": each.reason}],
                    }
                    for each in findings.accepted
                ),
            ],
        }
        return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})

    def _rule(self, check: str) -> dict[str, Any]:
        rule: dict[str, Any] = {"id": check}
        text = self.descriptions.get(check, "").strip()
        if text:
            rule["shortDescription"] = {"text": text.split("\n", 1)[0]}
            rule["fullDescription"] = {"text": text}
            rule["help"] = {"text": f"{text}\n\nrbrctl explain {check}"}
        return rule

    def _result(
        self, item: Finding, findings: Findings, ids: list[str], seen: Counter[str]
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
