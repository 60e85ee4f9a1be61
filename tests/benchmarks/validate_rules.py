"""
How long ``validate`` takes for 1,000 rules over 500 propositions, beside reading YAML alone.

Run by hand: ``python tests/benchmarks/validate_rules.py [REPEATS]``. Beside the time stands its
ratio to what any program must do with these files: ``yaml.safe_load`` and a JSON Schema check.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml
from generated_rules import generate
from jsonschema import Draft7Validator

from rbrctl.ruleset.loader import load, read
from rbrctl.ruleset.schema import schema_text
from rbrctl.ruleset.unit_tests import run_tests
from rbrctl.ruleset.validation import validate


def seconds(action: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return min(times)


def read_plainly(folder: Path) -> None:
    validator = Draft7Validator(json.loads(schema_text()))
    for path in folder.glob("*.yaml"):
        assert validator.is_valid(yaml.safe_load(path.read_text("utf-8")))


def main(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder)
        ruleset = load(folder)
        plain = seconds(lambda: read_plainly(folder), repeats)
        for what, action in {
            "yaml.safe_load and jsonschema": lambda: read_plainly(folder),
            "read, with every place": lambda: read(folder),
            "validate": lambda: validate(folder),
            "unit tests, with coverage": lambda: run_tests(ruleset),
        }.items():
            taken = seconds(action, repeats)
            print(f"{what:<30} {taken:6.2f} s  {taken / plain:5.2f} x")
        print(dict(Counter(finding.id for finding in validate(folder).findings.items)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
