"""JSON reports: a name, a version and a body, safe to show on a terminal."""

import json
import re
from collections.abc import Mapping
from typing import Any

from rbrctl.reports.terminal import UNSAFE


def _escape(match: re.Match[str]) -> str:
    # JSON's own encoder writes the pair of surrogates that a character above U+FFFF needs.
    return "\n" if match.group() == "\n" else json.dumps(match.group())[1:-1]


def json_text(value: Any) -> str:
    """
    Write a value as indented JSON in which no character is obeyed by a terminal.

    Raises ValueError for NaN and infinities, TypeError for what JSON cannot hold.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    return UNSAFE.sub(_escape, text)


def json_report(name: str, version: int, body: Mapping[str, Any]) -> str:
    """
    Write the report called ``name``; ``version`` grows when the shape of ``body`` changes.

    The result is ``{"report": name, "version": version, ...body}``.
    """
    return json_text({"report": name, "version": version, **body})
