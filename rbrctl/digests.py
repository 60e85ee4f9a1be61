"""The digest that rule sets, transcripts and answers are identified by."""

import hashlib
import json
from typing import Any

LENGTH = 32
"""Hexadecimal digits kept: 128 bits, far beyond accidental collision."""


def digest_of(value: Any) -> str:
    """Return the SHA-256 digest of a JSON value's canonical form, cut to LENGTH digits."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return digest_of_bytes(canonical.encode("utf-8", "surrogatepass"))


def digest_of_bytes(content: bytes) -> str:
    """Return the SHA-256 digest of bytes, cut to LENGTH digits."""
    return hashlib.sha256(content).hexdigest()[:LENGTH]
