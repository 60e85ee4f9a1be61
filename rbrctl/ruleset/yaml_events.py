"""The events of a YAML text, from libyaml."""

from collections.abc import Iterator
from typing import Any, cast

import yaml

from rbrctl.errors import UsageError


def yaml_events(text: str) -> Iterator[Any]:
    """
    Yield PyYAML's events; it raises ``yaml.YAMLError`` where the text is not YAML.

    Raises UsageError where PyYAML comes without libyaml: its own reader knows another language,
    which lacks ``{question: Is it?}``, for one.
    """
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        raise UsageError(
            "PyYAML is installed here without libyaml, and reads YAML otherwise than it: "
            "pip install --force-reinstall --only-binary :all: pyyaml (or, where there is no such "
            "wheel, build it with libyaml's headers)"
        )
    return cast("Iterator[Any]", yaml.parse(text, Loader=loader))
