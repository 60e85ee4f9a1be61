"""Calibrations as YAML files: written for people to review, and checked when they are read."""

import math
from pathlib import Path
from typing import Any

from rbrctl.errors import FileError, GraderError
from rbrctl.graders.calibration import (
    Calibration,
    Map,
    PropositionCalibration,
    Quality,
)
from rbrctl.records.files import read_whole, replacing
from rbrctl.records.models import ANSWER_THRESHOLD, GraderIdentity
from rbrctl.statistics.maps import IsotonicMap, PlattMap

VERSION = 1
MAX_BYTES = 16 * 1024 * 1024
_HEAD = """\
# How to read one grader's answers, made by: rbrctl grader calibrate
# A threshold is of the mapped probability; the figures after a map are cross-validated.
"""


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write a calibration file, or leave the file as it was and raise FileError."""
    import yaml

    grader = calibration.grader
    propositions: dict[str, dict[str, Any]] = {}
    for (name, source), entry in calibration.entries.items():
        propositions.setdefault(name, {})[source] = _entry_to_yaml(entry)
    document = {
        "rbrctl_calibration": VERSION,
        "grader": {
            "kind": grader.kind,
            "model": grader.model,
            "mode": grader.mode,
            "digest": grader.digest,
        },
        "propositions": propositions,
    }
    text = _HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    with replacing(path) as stream:
        stream.write(text.encode("utf-8"))


def read_calibration(path: Path) -> Calibration:
    """Read a calibration file. Raises FileError, and GraderError if it is not one."""
    from rbrctl.ruleset.yaml_tree import YamlProblem, parse_yaml, plain

    try:
        text = read_whole(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path}: the calibration is not UTF-8") from None
    try:
        node, findings = parse_yaml(text, str(path))
    except YamlProblem as problem:
        findings = [problem.finding]
    if findings:
        raise GraderError(f"{findings[0].place}: {findings[0].message}")
    try:
        return _from_plain(None if node is None else plain(node))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GraderError(
            f"{path}: this is not a calibration file of version {VERSION}: {_reason(error)};"
            " make one with: rbrctl grader calibrate RESULTS.jsonl -o FILE"
        ) from None


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _from_plain(document: Any) -> Calibration:
    if not isinstance(document, dict) or document.get("rbrctl_calibration") != VERSION:
        raise ValueError(f"it does not begin with 'rbrctl_calibration: {VERSION}'")
    grader = document["grader"]
    identity = GraderIdentity(
        str(grader["kind"]), str(grader["digest"]), grader.get("model"), grader.get("mode")
    )
    return Calibration(
        identity,
        {
            (name, source): _entry_from_plain(entry)
            for name, sources in document["propositions"].items()
            for source, entry in sources.items()
        },
    )


def _entry_to_yaml(entry: PropositionCalibration) -> dict[str, Any]:
    value: dict[str, Any] = {"threshold": round(entry.threshold, 6)}
    if isinstance(entry.map, PlattMap):
        value["map"] = {"platt": {"slope": entry.map.slope, "intercept": entry.map.intercept}}
    elif isinstance(entry.map, IsotonicMap):
        value["map"] = {
            "isotonic": {
                "scores": list(entry.map.scores),
                "probabilities": list(entry.map.probabilities),
            }
        }
    value |= {"rows": entry.rows, "positives": entry.positives}
    for name, quality in (("before", entry.before), ("after", entry.after)):
        if quality is not None:
            value[name] = {
                "brier": round(quality.brier, 6),
                "calibration_error": round(quality.calibration_error, 6),
            }
    if entry.note is not None:
        value["note"] = entry.note
    return value


def _entry_from_plain(entry: dict[str, Any]) -> PropositionCalibration:
    return PropositionCalibration(
        map=_map_from_plain(entry.get("map")),
        threshold=_number(entry.get("threshold", ANSWER_THRESHOLD), 0.0, 1.0),
        rows=int(entry.get("rows", 0)),
        positives=int(entry.get("positives", 0)),
        before=_quality_from_plain(entry.get("before")),
        after=_quality_from_plain(entry.get("after")),
        note=entry.get("note"),
    )


def _quality_from_plain(value: Any) -> Quality | None:
    if value is None:
        return None
    return Quality(_number(value["brier"], 0, 1), _number(value["calibration_error"], 0, 1))


def _map_from_plain(value: Any) -> Map:
    if value is None:
        return None
    if "platt" in value:
        platt = value["platt"]
        return PlattMap(_number(platt["slope"], 0.0), _number(platt["intercept"]))
    isotonic = value["isotonic"]
    scores = tuple(_number(score) for score in isotonic["scores"])
    probabilities = tuple(_number(p, 0.0, 1.0) for p in isotonic["probabilities"])
    if not scores or len(scores) != len(probabilities):
        raise ValueError("an isotonic map needs as many probabilities as scores")
    if list(scores) != sorted(set(scores)) or list(probabilities) != sorted(probabilities):
        raise ValueError("an isotonic map must not fall")
    return IsotonicMap(scores, probabilities)


def _number(value: Any, lowest: float = -1e9, highest: float = 1e9) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    if not math.isfinite(value) or not lowest <= value <= highest:
        raise ValueError(f"{value!r} is not from {lowest:g} to {highest:g}")
    return float(value)
