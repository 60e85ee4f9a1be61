"""
The adapter as a python assertion of the real promptfoo, which needs Node.

``npm install promptfoo`` in any folder, put its ``node_modules/.bin`` on the path, then
``pytest -m trainers tests/trainers/test_promptfoo.py``. It asks no model and no network.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rbrctl.records.models import RuleSetIdentity
from rbrctl.rewards.adapters import promptfoo
from rbrctl.rewards.weights import Weights, write_weights
from rbrctl.ruleset.loader import load

PROGRAM = shutil.which("promptfoo")
pytestmark = [
    pytest.mark.trainers,
    pytest.mark.skipif(PROGRAM is None, reason="needs promptfoo on the path (npm)"),
]

REFUSAL = "I'm sorry, but I can't help with that."
WEIGHTS = {"hard_refuse": {"ideal": 2.0, "disallowed": -1.0}}


def evaluate(folder: Path, weights: str) -> list[dict[str, Any]]:
    """Have promptfoo judge a refusal and a reply; the results, in order."""
    assertion = {
        "type": "python",
        "value": f"file://{promptfoo.__file__}",
        "config": {"weights": weights, "threshold": 0.5},
    }
    (folder / "promptfooconfig.json").write_text(
        json.dumps(
            {
                "prompts": ["{{question}}"],
                "providers": ["file://canned.js"],
                "defaultTest": {"assert": [assertion]},
                "tests": [
                    {"vars": {"question": question, "response_class": "hard_refuse"}}
                    for question in ("Refuse this.", "Do this.")
                ],
            }
        )
    )
    (folder / "canned.js").write_text(
        "module.exports = class { id() { return 'canned' } async callApi(prompt) { return "
        f"{{output: prompt.startsWith('Refuse') ? {json.dumps(REFUSAL)} : 'Sure! Step 1: cut.'}}"
        " } }\n"
    )
    environment = {
        **os.environ,
        "PROMPTFOO_PYTHON": sys.executable,
        "PROMPTFOO_CONFIG_DIR": str(folder / "own"),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
    }
    subprocess.run(
        [str(PROGRAM), "eval", "-c", "promptfooconfig.json", "--no-cache", "-o", "out.json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,  # it fails where an assertion does
    )
    found: list[dict[str, Any]] = json.loads((folder / "out.json").read_text())["results"][
        "results"
    ]
    return sorted(found, key=lambda each: int(each["testIdx"]))


def test_an_assertion_passes_and_fails_by_the_reward(tmp_path: Path) -> None:
    rules = load("builtin:safety")
    identity = RuleSetIdentity(rules.name, rules.version, rules.digest)
    write_weights(tmp_path / "weights.yaml", Weights(identity, WEIGHTS))
    refusal, reply = evaluate(tmp_path, str(tmp_path / "weights.yaml"))
    assert (refusal["success"], reply["success"]) == (True, False)
    assert refusal["score"] > 1 > reply["score"]
    assert refusal["namedScores"]["ideal"] > 0.5 > reply["namedScores"]["ideal"]
    assert "and 0.5 is asked" in reply["gradingResult"]["reason"]


def test_a_missing_file_of_weights_is_named(tmp_path: Path) -> None:
    for result in evaluate(tmp_path, "none.yaml"):
        assert not result["success"]
        assert "cannot read none.yaml: no such file" in result["gradingResult"]["reason"]
