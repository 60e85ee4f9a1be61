"""Read the prompts that completions are written for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.messages import read_messages
from rbrctl.records.models import Transcript
from rbrctl.records.problems import LineProblem, ProblemHandler, quoted
from rbrctl.records.transcripts import ASSISTANT, parse_transcript
from rbrctl.rewards.pairs.candidates import RM_SCORE
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import hint_for

_OF_A_COMPLETION = ("completion", "messages", "labels", "propositions", "rank_label", RM_SCORE)
"""Keys about a completion; they do not apply to the one that will be written."""


def read_prompts(
    source: DataSource, ruleset: RuleSet, on_problem: ProblemHandler, name: str | None = None
) -> list[Transcript]:
    """
    Return prompts with their response classes; a completion in a row is ignored.

    A prompt is a row's ``prompt``, or its ``messages`` without a last one of the assistant. The
    class is its ``response_class``, else what the policy says of its ``category``. The same prompt
    under the same class is taken once. What cannot be used is told to ``on_problem``. Raises
    FileError.
    """
    name = name or source_name(source)
    prompts: dict[tuple[str, str], Transcript] = {}
    ids: set[str] = set()
    for number, row in read_json_lines(source, on_problem, name):
        try:
            prompt = _prompt(row, ruleset)
            key = (prompt.prompt_digest, prompt.response_class or "")
            if key not in prompts and prompt.id in ids:
                raise RecordError(f"the id {quoted(prompt.id)} stands on an earlier line already")
        except RecordError as error:
            on_problem(LineProblem(name, number, str(error)))
            continue
        if key not in prompts:
            prompts[key] = prompt
            ids.add(prompt.id)
    return list(prompts.values())


def _prompt(row: Mapping[str, Any], ruleset: RuleSet) -> Transcript:
    kept = {key: value for key, value in row.items() if key not in _OF_A_COMPLETION}
    if row.get("prompt") is None and row.get("messages") is not None:
        messages = read_messages(row["messages"], "messages", "user")
        if messages and messages[-1].role == ASSISTANT:
            messages = messages[:-1]
        kept["prompt"] = [{"role": each.role, "content": each.content} for each in messages]
    transcript = parse_transcript({**kept, "completion": ""})
    if not any(message.content.strip() for message in transcript.prompt):
        raise RecordError("the prompt is empty")
    name = _class_of(transcript, ruleset)
    identifier = transcript.id or f"{transcript.prompt_digest[:12]}-{name}"
    return replace(transcript, id=identifier, response_class=name)


def _class_of(transcript: Transcript, ruleset: RuleSet) -> str:
    """Return the name of the response class that the policy wants. Raise RecordError."""
    spelling = transcript.response_class
    if spelling is None:
        return _class_of_category(transcript.category, ruleset)
    name = ruleset.resolve_response_class(spelling)
    if name is None:
        hint = hint_for(spelling, ruleset.response_classes)
        raise RecordError(f"no response class {quoted(spelling)}; {hint}")
    return name


def _class_of_category(category: str | None, ruleset: RuleSet) -> str:
    found = {
        each.response_class
        for area in ruleset.policy
        for each in area.categories
        if each.name == category
    }
    if len(found) == 1:
        return found.pop()
    why = 'no "response_class": what is wanted depends on it'
    if category is not None and ruleset.policy:
        named = "several classes for the" if found else "no"
        why += f", and the policy has {named} category {quoted(category)}"
    raise RecordError(why)
