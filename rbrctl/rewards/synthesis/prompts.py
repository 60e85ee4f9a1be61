"""Reading the prompts that completions are written for."""

from dataclasses import replace

from rbrctl.errors import RecordError
from rbrctl.records.files import Source, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.models import Transcript
from rbrctl.records.problems import LineProblem, ProblemHandler
from rbrctl.records.transcripts import parse_transcript
from rbrctl.ruleset.model import RuleSet
from rbrctl.suggestions import hint_for


def read_prompts(
    source: Source, ruleset: RuleSet, on_problem: ProblemHandler, name: str | None = None
) -> list[Transcript]:
    """
    Read prompts with their response classes; a completion in a row is put aside.

    The same prompt under the same class is taken once. What cannot be used is told to
    ``on_problem``. Raises FileError.
    """
    name = name or source_name(source)
    prompts: dict[tuple[str, str], Transcript] = {}
    ids: set[str] = set()
    for number, row in read_json_lines(source, on_problem, name):
        try:
            prompt = _prompt({**row, "completion": ""}, ruleset)
            key = (prompt.prompt_digest, prompt.response_class or "")
            if key not in prompts and prompt.id in ids:
                raise RecordError(f"the id '{prompt.id[:60]}' stands on an earlier line already")
        except RecordError as error:
            on_problem(LineProblem(name, number, str(error)))
            continue
        if key not in prompts:
            prompts[key] = prompt
            ids.add(prompt.id)
    return list(prompts.values())


def _prompt(row: dict[str, object], ruleset: RuleSet) -> Transcript:
    row.pop("messages", None)
    transcript = parse_transcript(row)
    if transcript.response_class is None:
        raise RecordError('no "response_class": what is wanted depends on it')
    name = ruleset.resolve_response_class(transcript.response_class)
    if name is None:
        known = ruleset.response_classes
        hint = hint_for(transcript.response_class, known)
        raise RecordError(f"no response class '{transcript.response_class[:60]}'; {hint}")
    identifier = transcript.id or f"{transcript.prompt_digest[:12]}-{name}"
    return replace(transcript, id=identifier, response_class=name)
