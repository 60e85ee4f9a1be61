"""Two small rule sets, one laxer than the other, and how to write what diff reads."""

from collections.abc import Callable
from pathlib import Path

from rbrctl.records.json_lines import write_json_lines
from rbrctl.records.models import Result
from rbrctl.records.results import result_to_json

RULES = """\
rbrctl: 1
name: small
version: "1"
ranks: [good, poor, bad]
response_classes:
  c: {aliases: [See]}
propositions:
  a: {question: Is it a?}
  b: {question: Is it b?}
rules:
  no-a:
    response_classes: [c]
    require: not a
    otherwise: bad
    severity: critical
  no-b: {response_classes: [c], require: not b, otherwise: poor}
"""
LAXER = RULES.replace("require: not b,", "require: not (a and b),")

Diff = Callable[..., tuple[int, str, str]]


def write(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "ruleset.yaml").write_text(text)


def write_results(file: str, results: list[Result]) -> None:
    write_json_lines(file, (result_to_json(result) for result in results))
