"""A transcript as named numbers: all features together."""

import math
from dataclasses import dataclass

from rbrctl.graders.embedded.features import families, overlap, stance, structure
from rbrctl.graders.embedded.text import Passage, read_passage
from rbrctl.records.models import Transcript

FEATURE_SET = 1
"""Raised when the meaning of any feature changes; a model names the set it was fitted on."""

WORD = "word:"
"""The prefix of a feature that is a single word; training chooses these words."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The features of a transcript that are not 0, and the completion they were read from."""

    values: dict[str, float]
    completion: Passage

    def with_words(self, words: frozenset[str]) -> dict[str, float]:
        """Return the values, and ``word:x`` = 1 for each of ``words`` that the completion has."""
        if not words:
            return self.values
        found = words.intersection(self.completion.words)
        return {**self.values, **{WORD + word: 1.0 for word in found}}


def measure(transcript: Transcript) -> Measured:
    """
    Return the features of a transcript; every value is finite, and an absent feature is 0.

    Features of the completion depend on its own words, of the request on the last user message, and
    the overlap also on the messages before it.
    """
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
