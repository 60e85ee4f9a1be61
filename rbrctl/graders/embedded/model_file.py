"""Model files: versioned JSON, of which every part is checked when it is read."""

import json
import math
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from rbrctl.digests import digest_of_bytes
from rbrctl.errors import GraderError, RecordError
from rbrctl.graders.embedded.features.extract import FEATURE_SET, WORD
from rbrctl.graders.embedded.model import EmbeddedModel, PropositionModel, Tree
from rbrctl.records.files import read_whole
from rbrctl.records.json_lines import parse_object
from rbrctl.statistics.maps import PlattMap

FORMAT = 1
BUILTIN_NAME = "builtin"
MAXIMUM_BYTES = 64 * 1024 * 1024
MAXIMUM_TREE_DEPTH = 40
_SHIPPED = "weights.json"


def load_model(path: str | os.PathLike[str] | None = None) -> EmbeddedModel:
    """
    Return the model in a file; None means the model that ships with the package.

    Raises FileError if the file cannot be read, and GraderError, which names the file and the part
    that is wrong, if it is not a model of this format and feature set.
    """
    if path is None:
        content = resources.files("rbrctl.graders.embedded").joinpath(_SHIPPED).read_bytes()
        return parse_model(content, BUILTIN_NAME, _SHIPPED)
    return parse_model(read_whole(path, MAXIMUM_BYTES), Path(path).name, os.fspath(path))


def parse_model(content: bytes, name: str, source: str) -> EmbeddedModel:
    """Return a model from the bytes of its file. Raises GraderError; ``source`` names the file."""
    try:
        document = parse_object(content)
    except RecordError as error:
        raise GraderError(f"{source}: not a model file: {error}") from error
    reader = _Reader(source)
    reader.check_header(document)
    features = reader.feature_names(document)
    propositions = document.get("propositions")
    if not isinstance(propositions, dict):
        raise reader.wrong("propositions", "an object of propositions")
    return EmbeddedModel(
        name=name,
        digest=digest_of_bytes(content),
        features=features,
        propositions={
            proposition: reader.proposition(body, f"propositions.{proposition}", len(features))
            for proposition, body in propositions.items()
        },
        provenance=reader.mapping(document.get("provenance", {}), "provenance"),
        words=frozenset(name.removeprefix(WORD) for name in features if name.startswith(WORD)),
    )


def model_bytes(
    features: tuple[str, ...],
    propositions: Mapping[str, PropositionModel],
    provenance: Mapping[str, Any],
) -> bytes:
    """Return the bytes of a model's file; the same model gives the same bytes."""
    document = {
        "rbrctl_model": FORMAT,
        "feature_set": FEATURE_SET,
        "provenance": provenance,
        "features": list(features),
        "propositions": {name: _to_json(model) for name, model in propositions.items()},
    }
    lines = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return lines.encode("utf-8") + b"\n"


def _to_json(model: PropositionModel) -> dict[str, Any]:
    body: dict[str, Any] = {"rows": model.rows, "positives": model.positives}
    if model.note is not None:
        body["note"] = model.note
    if model.constant is not None:
        return body | {"constant": model.constant}
    return body | {
        "linear": {"bias": model.bias, "weights": model.weights},
        "boosted": {"bias": model.boosted_bias, "trees": model.boosted},
        "forest": {"trees": model.forest},
        "calibration": [model.calibration.slope, model.calibration.intercept],
    }


class _Reader:
    """Reads the parts of a document; its errors name the part that is wrong."""

    def __init__(self, source: str) -> None:
        self._source = source

    def wrong(self, part: str, wanted: str) -> GraderError:
        """Return the error for a part of the file that is not what it must be."""
        return GraderError(f"{self._source}: not a model file: {part} must be {wanted}")

    def check_header(self, document: Mapping[str, Any]) -> None:
        """Raise GraderError for another format or another set of features."""
        if document.get("rbrctl_model") != FORMAT:
            raise self.wrong("rbrctl_model", f"{FORMAT}")
        if document.get("feature_set") != FEATURE_SET:
            raise GraderError(
                f"{self._source}: the model was fitted on feature set"
                f" {document.get('feature_set')!r}, and this version measures feature set"
                f" {FEATURE_SET}: train it again with rbrctl grader train"
            )

    def feature_names(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        """Read the names of the features."""
        names = document.get("features")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self.wrong("features", "a list of names")
        return tuple(names)

    def mapping(self, value: Any, part: str) -> Mapping[str, Any]:
        """Read an object."""
        if not isinstance(value, dict):
            raise self.wrong(part, "an object")
        return value

    def number(self, value: Any, part: str) -> float:
        """Read a finite number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(part, "a number")
        if not math.isfinite(value):
            raise self.wrong(part, "a finite number")
        return float(value)

    def proposition(self, body: Any, part: str, features: int) -> PropositionModel:
        """Read the model of one proposition over that many features."""
        body = self.mapping(body, part)
        rows = int(self.number(body.get("rows"), f"{part}.rows"))
        positives = self.number(body.get("positives"), f"{part}.positives")
        note = body.get("note")
        if note is not None and not isinstance(note, str):
            raise self.wrong(f"{part}.note", "a text")
        if "constant" in body:
            constant = self.number(body["constant"], f"{part}.constant")
            if not 0 <= constant <= 1:
                raise self.wrong(f"{part}.constant", "between 0 and 1")
            return PropositionModel(rows, positives, constant=constant, note=note)
        linear = self.mapping(body.get("linear"), f"{part}.linear")
        boosted = self.mapping(body.get("boosted"), f"{part}.boosted")
        forest = self.mapping(body.get("forest"), f"{part}.forest")
        return PropositionModel(
            rows,
            positives,
            bias=self.number(linear.get("bias"), f"{part}.linear.bias"),
            weights=self._weights(linear.get("weights"), f"{part}.linear.weights", features),
            boosted_bias=self.number(boosted.get("bias"), f"{part}.boosted.bias"),
            boosted=self._trees(boosted.get("trees"), f"{part}.boosted.trees", features),
            forest=self._trees(forest.get("trees"), f"{part}.forest.trees", features),
            calibration=self._calibration(body.get("calibration"), f"{part}.calibration"),
            note=note,
        )

    def _weights(self, value: Any, part: str, features: int) -> tuple[tuple[int, float], ...]:
        if not isinstance(value, list):
            raise self.wrong(part, "a list of [feature, weight] pairs")
        weights: list[tuple[int, float]] = []
        for pair in value:
            if not isinstance(pair, list) or len(pair) != 2:
                raise self.wrong(part, "a list of [feature, weight] pairs")
            weights.append((self._feature(pair[0], part, features), self.number(pair[1], part)))
        return tuple(weights)

    def _feature(self, value: Any, part: str, features: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < features:
            raise self.wrong(part, f"about features numbered 0 to {features - 1}")
        return value

    def _calibration(self, value: Any, part: str) -> PlattMap:
        if not isinstance(value, list) or len(value) != 2:
            raise self.wrong(part, "a slope and an intercept")
        slope, intercept = (self.number(item, part) for item in value)
        if slope < 0:
            raise self.wrong(part, "a slope that is not negative and an intercept")
        return PlattMap(slope, intercept)

    def _trees(self, value: Any, part: str, features: int) -> tuple[Tree, ...]:
        if not isinstance(value, list):
            raise self.wrong(part, "a list of trees")
        return tuple(self._tree(tree, part, features, MAXIMUM_TREE_DEPTH) for tree in value)

    def _tree(self, value: Any, part: str, features: int, depth: int) -> Tree:
        if not isinstance(value, list):
            return self.number(value, part)
        if len(value) != 4 or depth == 0:
            raise self.wrong(part, "trees of [feature, threshold, below, above]")
        return (
            self._feature(value[0], part, features),
            self.number(value[1], part),
            self._tree(value[2], part, features, depth - 1),
            self._tree(value[3], part, features, depth - 1),
        )
