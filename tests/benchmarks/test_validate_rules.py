"""A thousand rules over five hundred propositions are proved in little more than reading takes."""

import json
import time
from pathlib import Path

import pytest
import yaml
from benchmarks.generated_rules import generate
from jsonschema import Draft7Validator

from rbrctl.ruleset.schema import schema_text
from rbrctl.ruleset.validation import validate


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_stays_undecided(seed: int, tmp_path: Path) -> None:
    generate(tmp_path, seed=seed)
    validation = validate(tmp_path)
    found = {finding.id for finding in validation.findings.items}
    assert validation.loaded.ruleset is not None
    assert len(validation.loaded.ruleset.rules) == 1_000
    assert "undecided" not in found
    # Contradictions cannot be: one hidden assignment keeps every rule and axiom.
    assert not found & {"contradiction", "always-broken", "axioms-contradict"}


@pytest.mark.benchmark
def test_the_proofs_cost_little_beside_reading(tmp_path: Path) -> None:
    generate(tmp_path, seed=1)
    started = time.process_time()
    validator = Draft7Validator(json.loads(schema_text()))
    for path in tmp_path.glob("*.yaml"):
        assert validator.is_valid(yaml.safe_load(path.read_text("utf-8")))
    plain = time.process_time() - started
    started = time.process_time()
    validate(tmp_path)
    assert time.process_time() - started < 6 * plain
