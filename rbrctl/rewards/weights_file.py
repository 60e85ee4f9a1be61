"""The weights file on disk: YAML, versioned and bound to a rule set."""

from pathlib import Path
from typing import Any

import yaml

from rbrctl.errors import FileError
from rbrctl.records.files import read_whole, replacing
from rbrctl.rewards.weights import Weights
from rbrctl.rewards.weights_parser import FORMAT, WeightsParser

MAX_BYTES = 4 * 1024 * 1024


def weights_text(weights: Weights) -> str:
    """Write weights as YAML."""
    content: dict[str, Any] = {
        "rbrctl_weights": FORMAT,
        "ruleset": {
            "name": weights.ruleset.name,
            "version": weights.ruleset.version,
            "digest": weights.ruleset.digest,
        },
    }
    if weights.grader is not None:
        given = {
            "kind": weights.grader.kind,
            "model": weights.grader.model,
            "mode": weights.grader.mode,
            "digest": weights.grader.digest,
        }
        content["grader"] = {key: value for key, value in given.items() if value is not None}
    content["weights"] = {
        name: {feature: float(weight) for feature, weight in each.items()}
        for name, each in weights.classes.items()
    }
    if weights.fit:
        # Last, as it can be long and the weights are what people look for.
        content["fit"] = dict(weights.fit)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def write_weights(path: str | Path, weights: Weights) -> None:
    """Write the weights file whole, or leave what was there. Raises FileError."""
    text = weights_text(weights)
    with replacing(path) as stream:
        stream.write(text.encode("utf-8"))


def read_weights(path: str | Path) -> Weights:
    """
    Read a weights file.

    Raises FileError where it cannot be read, and UsageError with the place where it is no weights
    file, has another format, or holds a weight that is no finite number.
    """
    name = str(path)
    raw = read_whole(path, MAX_BYTES)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"cannot read {name}: it is not UTF-8") from error
    return WeightsParser(text, name).parse()
