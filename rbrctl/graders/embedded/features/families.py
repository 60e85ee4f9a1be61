"""
Cue families turned into numbers: whether each is found, how often, and where.

A family is a set of cues that hint at the same thing, for example ``refuse_cannot``. The families
are data, in ``cue_families.json``; this module reads them, finds them in a text and measures them.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

from rbrctl.graders.embedded.cues import CueIndex, Hit, Phrase, split_elements
from rbrctl.graders.embedded.text import Passage

FILE = "cue_families.json"

Families = Mapping[str, tuple[Phrase, ...]]
"""Phrases by the name of the family that they belong to."""
Hits = Mapping[str, list[Hit]]
"""The hits of each family that was found in a passage, in order of their start."""

_ALTERNATIVES = re.compile(r"\(([^()]*)\)")
_NAMED = re.compile(r"\{(\w+)\}")


def read_phrases(*patterns: str) -> tuple[Phrase, ...]:
    """
    Read patterns of words, ``*``, ``...`` and alternatives in parentheses.

    ``"i (can|could) not"`` stands for two cues; an empty alternative makes its part optional.
    Raises ValueError for parentheses that nest or do not close, and for a gap at either end.
    """
    return tuple(_phrase(pattern) for pattern in patterns)


def _phrase(pattern: str) -> Phrase:
    parts = []
    # Splitting by a regular expression with one group puts the alternatives at the odd places.
    for at, piece in enumerate(_ALTERNATIVES.split(pattern)):
        if at % 2:
            parts.append([split_elements(choice) for choice in piece.split("|")])
        elif set("()|") & set(piece):
            raise ValueError(f"stray parenthesis or bar in the pattern {pattern!r}")
        elif elements := split_elements(piece):
            parts.append([elements])
    if not parts or "..." in (parts[0][0][:1] + parts[-1][0][-1:]):
        raise ValueError(f"a pattern must begin and end with a word: {pattern!r}")
    return parts


def read_families(document: Mapping[str, Any]) -> tuple[Families, Families]:
    """
    Return the families to find in completions and those to find in requests, by name.

    ``document`` is the content of ``cue_families.json``, which explains its own form. Raises
    ValueError for a family that is defined twice or a cue that cannot be read, and KeyError for a
    theme, family or list of alternatives that is not defined.
    """
    alternatives = {name: _joined(cue) for name, cue in document["alternatives"].items()}

    def phrases(cues: Sequence[str | Sequence[str]]) -> tuple[Phrase, ...]:
        joined = map(_joined, cues)
        return read_phrases(
            *(_NAMED.sub(lambda found: alternatives[found[1]], cue) for cue in joined)
        )

    themes: dict[str, dict[str, tuple[Phrase, ...]]] = {
        theme: {name: phrases(cues) for name, cues in body["families"].items()}
        for theme, body in document["themes"].items()
    }
    completion = _merged(themes[theme] for theme in document["completion_themes"])
    request = _merged(themes[theme] for theme in document["request_themes"])
    request.update({name: completion[name] for name in document["request_families"]})
    # Requests are measured by their English cues only: the shipped model was fitted that way.
    for name, cues in document["other_languages"].items():
        completion[name] += phrases(cues)
    return completion, request


def _joined(cue: str | Sequence[str]) -> str:
    return cue if isinstance(cue, str) else "".join(cue)


def _merged(themes: Iterable[Families]) -> dict[str, tuple[Phrase, ...]]:
    merged: dict[str, tuple[Phrase, ...]] = {}
    for theme in themes:
        repeated = merged.keys() & theme.keys()
        if repeated:
            raise ValueError(f"these cue families are defined twice: {sorted(repeated)}")
        merged.update(theme)
    return merged


_DOCUMENT = json.loads(
    resources.files("rbrctl.graders.embedded").joinpath(FILE).read_text(encoding="utf-8")
)
COMPLETION_FAMILIES, REQUEST_FAMILIES = read_families(_DOCUMENT)
"""What is looked for in the completion, and what in the last user message."""
_COMPLETION_INDEX = CueIndex(COMPLETION_FAMILIES)
_REQUEST_INDEX = CueIndex(REQUEST_FAMILIES)


def find_in_completion(passage: Passage) -> Hits:
    """
    Return where the completion families occur in a passage.

    Only words in the passage's own voice count: not those in quotation marks or code.
    """
    found: dict[str, list[Hit]] = defaultdict(list)
    for hit in _COMPLETION_INDEX.find(passage):
        if passage.own_voice[hit.start]:
            found[hit.group].append(hit)
    return found


def measure_completion(passage: Passage, hits: Hits) -> dict[str, float]:
    """
    Return five features for each family that was found in the completion.

    ``family.any`` is 1; ``family.count`` is log(1 + hits); ``family.share`` is the number of hits
    per sentence, at most 2; ``family.first`` and ``family.last`` are 1 if the family occurs in the
    first or the last sentence. What is absent is 0.
    """
    values: dict[str, float] = {}
    if not passage.sentences:
        return values
    first_end, last_start = passage.sentences[0].end, passage.sentences[-1].start
    for family, found in hits.items():
        values[f"{family}.any"] = 1.0
        values[f"{family}.count"] = math.log1p(len(found))
        values[f"{family}.share"] = min(len(found) / len(passage.sentences), 2.0)
        if found[0].start < first_end:
            values[f"{family}.first"] = 1.0
        if found[-1].start >= last_start:
            values[f"{family}.last"] = 1.0
    return values


def measure_request(passage: Passage) -> dict[str, float]:
    """Return ``request.family``, log(1 + hits), for each family in the last user message."""
    counts: dict[str, int] = defaultdict(int)
    for hit in _REQUEST_INDEX.find(passage):
        counts[hit.group] += 1
    return {f"request.{family}": math.log1p(count) for family, count in counts.items()}
