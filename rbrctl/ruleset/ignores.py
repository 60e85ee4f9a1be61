"""Comments that accept findings: ``# rbrctl: ignore[ID, ID] reason``."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from rbrctl.ruleset.findings import Accepted, Finding, Place, Severity
from rbrctl.ruleset.yaml_tree import yaml_events
from rbrctl.wording import did_you_mean

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*rbrctl[ \t]*:[ \t]*(?P<rest>[^\r\n]*)", re.MULTILINE)
_IGNORE = re.compile(r"ignore\s*\[(?P<ids>[^\]]*)\]\s*(?P<reason>.*)")
_ID = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One id that a comment accepts on one line."""

    id: str
    place: Place
    line: int
    """The line whose findings it is about."""
    reason: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """Findings, separated by the comments in the files."""

    reported: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]


def sort_out(
    findings: Iterable[Finding],
    texts: Mapping[str, str],
    known: Collection[str],
    own_files: Collection[str],
) -> Sorted:
    """
    Separate the findings that comments accept from those to report; check the comments.

    ``known`` are all ids that exist. Comments outside of ``own_files`` (in a base set) accept
    findings, and are not checked themselves.
    """
    ignores: dict[tuple[str, int, str], Ignore] = {}
    reported: list[Finding] = []
    for file, text in texts.items():
        found, mistakes = read_ignores(file, text, known)
        ignores |= {(file, each.line, each.id): each for each in found}
        reported += [mistake for mistake in mistakes if file in own_files]
    accepted: list[Accepted] = []
    used: set[tuple[str, int, str]] = set()
    for finding in findings:
        place = finding.place
        key = (place.file, place.line, finding.id) if place else ("", 0, "")
        if key in ignores:
            accepted.append(Accepted(finding, ignores[key].reason))
            used.add(key)
        else:
            reported.append(finding)
    reported += [
        Finding(
            "unneeded-ignore",
            Severity.WARNING,
            f"there is no '{ignore.id}' to ignore on line {ignore.line}",
            ignore.place,
            "remove it, or put it on the line that the finding names",
        )
        for key, ignore in ignores.items()
        if key not in used and ignore.place.file in own_files
    ]
    return Sorted(tuple(reported), tuple(accepted))


def read_ignores(
    file: str, text: str, known: Collection[str]
) -> tuple[list[Ignore], list[Finding]]:
    """Read the ignore comments of one file, and report what is wrong with them."""
    ignores: list[Ignore] = []
    mistakes: list[Finding] = []
    for match in _comments(text):
        line = text.count("\n", 0, match.start()) + 1
        start = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
        place = Place(file, line, start, line, start + len(match[0].rstrip()))
        content = _IGNORE.fullmatch(match["rest"].strip())
        if content is None or not _ID.search(content["ids"]):
            mistakes.append(_malformed(place))
            continue
        reason = content["reason"].strip(" \t-:")
        if not reason:
            mistakes.append(_without_reason(place, content["ids"]))
        target = _target_line(text, match.start(), line)
        offset = start + match.start("rest") - match.start()
        for id in _ID.finditer(match["rest"], *content.span("ids")):
            id_place = Place(file, line, offset + id.start(), line, offset + id.end())
            if id[0] in known:
                ignores.append(Ignore(id[0], id_place, target, reason))
            else:
                mistakes.append(_unknown(id[0], id_place, known))
    return ignores, mistakes


def _comments(text: str) -> Iterator[re.Match[str]]:
    """Find our comments. What looks like one inside a quoted or block text does not count."""
    matches = list(_COMMENT.finditer(text))
    if not matches:
        return
    spans = _text_spans(text)
    starts = [start for start, _ in spans]
    for match in matches:
        index = bisect_right(starts, match.start()) - 1
        if index < 0 or match.start() >= spans[index][1]:
            yield match


def _text_spans(text: str) -> list[tuple[int, int]]:
    """Return the offsets of all scalars in which a comment sign is ordinary text."""
    spans: list[tuple[int, int]] = []
    for event in yaml_events(text):
        style = event.style if isinstance(event, yaml.ScalarEvent) else None
        if style in ("'", '"'):
            spans.append((event.start_mark.index, event.end_mark.index))
        elif style in ("|", ">"):
            # A comment may stand behind the indicator; the text begins on the next line.
            start = text.find("\n", event.start_mark.index)
            end = event.end_mark.index
            while text[end - 1].isspace():
                end -= 1
            spans.append((start, end))
    return spans


def _target_line(text: str, offset: int, line: int) -> int:
    """Return the line that a comment is about: its own, or the next if it stands alone."""
    if text[text.rfind("\n", 0, offset) + 1 : offset].strip():
        return line
    following = text.split("\n")[line:]
    comments = 0
    while comments < len(following) and following[comments].lstrip().startswith("#"):
        comments += 1
    return line + comments + 1


def _malformed(place: Place) -> Finding:
    return Finding(
        "unknown-ignore",
        Severity.WARNING,
        "rbrctl does not understand this comment",
        place,
        "write '# rbrctl: ignore[ID] reason'",
    )


def _without_reason(place: Place, ids: str) -> Finding:
    return Finding(
        "ignore-without-reason",
        Severity.WARNING,
        f"'{ids.strip()}' is ignored without a reason",
        place,
        "say why, behind the brackets",
    )


def _unknown(id: str, place: Place, known: Collection[str]) -> Finding:
    return Finding(
        "unknown-ignore",
        Severity.WARNING,
        f"there is no finding with the id '{id}'",
        place,
        did_you_mean(id, known) or "'rbrctl explain' lists the ids",
    )
