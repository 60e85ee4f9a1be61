"""A transcript as named numbers: the one place where all themes come together."""

import math
from dataclasses import dataclass

from rbrctl.graders.embedded.features import families, overlap, stance, structure
from rbrctl.graders.embedded.text import Passage, read_passage
from rbrctl.records.models import Transcript

FEATURE_SET = 1
"""Rises when the meaning of any feature changes; a model names the set that it was fitted on."""

WORD = "word:"
"""Begins the name of a feature that is a single word, chosen when a model was trained."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The features of a transcript that are not zero, and the completion they were read from."""

    values: dict[str, float]
    completion: Passage

    def with_words(self, words: frozenset[str]) -> dict[str, float]:
        """Give the values and, for those of ``words`` that the completion has, ``word:x`` = 1."""
        if not words:
            return self.values
        found = words.intersection(self.completion.words)
        return {**self.values, **{WORD + word: 1.0 for word in found}}


def measure(transcript: Transcript) -> Measured:
    """Measure a transcript; every value is finite, and absent names are 0."""
    completion = read_passage(transcript.completion_text)
    users = [message.content for message in transcript.prompt if message.role == "user"]
    request = read_passage(users[-1] if users else "")
    earlier = read_passage("\n".join(message.content for message in transcript.prompt[:-1]))
    hits = families.find_in_completion(completion)
    values = {
        **families.measure_completion(completion, hits),
        **families.measure_request(request),
        **structure.measure(completion, "completion"),
        **structure.measure(request, "prompt"),
        **overlap.measure(completion, request, earlier),
        **stance.measure(completion, hits, request),
    }
    if len(transcript.prompt) > 1:
        values["prompt.turns"] = math.log1p(len(transcript.prompt) - 1)
    return Measured(values, completion)
