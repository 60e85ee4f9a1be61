"""
promptfoo: a python assertion, ``type: python`` with ``value: file://.../promptfoo.py``.

The assertion's ``config`` names ``weights`` and may name ``rules``, ``grader``, ``threshold`` (the
lowest reward that passes, 0 by default) and ``reasoning: keep`` (to judge a leading block of
thinking too). The test's variable ``response_class`` names the response class, or ``category`` a
category of the policy; without either, the ``response_class`` of the ``config`` counts.

    assert:
      - type: python
        value: file:///path/to/rbrctl/rewards/adapters/promptfoo.py
        config: {rules: rules/, weights: weights.yaml, threshold: 1.5}

``python -c 'import rbrctl.rewards.adapters.promptfoo as m; print(m.__file__)'`` prints the path.
"""

import json
from collections.abc import Mapping
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.rewards.adapters.shared import shared_reward
from rbrctl.rewards.jobs import Conversation


def get_assert(output: object, context: Mapping[str, Any]) -> dict[str, Any]:
    """Judge one output: ``pass``, ``score``, ``reason``, and every feature as a named score."""
    config = context.get("config") or {}
    if not config.get("weights"):
        raise UsageError("the assertion's config must name a weights file: weights: weights.yaml")
    reward = shared_reward(
        str(config.get("rules", "builtin:safety")),
        str(config["weights"]),
        str(config.get("grader", "embedded")),
        str(config.get("reasoning", "drop")),
    )
    variables = context.get("vars") or {}
    response_class, category = variables.get("response_class"), variables.get("category")
    if not response_class and not category:
        response_class = config.get("response_class")
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    job = reward.job(_prompt(context.get("prompt")), text, response_class, category=category)
    (scored,) = reward.rewards_now([job])
    if scored is None:
        return {"pass": False, "score": 0.0, "reason": "this output could not be graded"}
    threshold = float(config.get("threshold", 0.0))
    return {
        "pass": scored.total >= threshold,
        "score": scored.total,
        "reason": f"the rules' reward is {scored.total:.3f}, and {threshold:g} is asked",
        "namedScores": dict(scored.features),
    }


def _prompt(raw: object) -> Conversation:
    """Read promptfoo's prompt: a text, or messages as JSON."""
    if isinstance(raw, Mapping):
        raw = raw.get("raw", "")
    if isinstance(raw, str) and raw.lstrip().startswith("["):
        try:
            messages = json.loads(raw)
        except ValueError:
            return raw
        if isinstance(messages, list) and all(isinstance(each, Mapping) for each in messages):
            return messages
    return str(raw or "")
