"""What the digest of a rule set covers, and that files of version 0.1 stay readable."""

from dataclasses import replace
from pathlib import Path

import pytest

from rbrctl.records.models import GraderIdentity, RuleSetIdentity
from rbrctl.records.resume import survey
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.loader import legacy_digest, load
from rbrctl.ruleset.model import RuleSet

RULES = """\
rbrctl: 1
name: small
version: "1"
ranks: [good, bad]
response_classes:
  refuse: {aliases: [Refuse]}
  comply: {}
propositions:
  a: {question: Is it a?}
rules:
  no-a: {response_classes: [refuse], require: not a, otherwise: bad, severity: critical}
policy:
  harm:
    description: Harm.
    categories:
      weapons: {description: Weapons., response_class: refuse}
"""
DIGEST_OF_0_1 = "24606913f3b4a01b6b09048183a5f5ed"
"""What version 0.1 wrote into results under these rules."""


def loaded(folder: Path, text: str) -> RuleSet:
    folder.mkdir(exist_ok=True)
    (folder / "ruleset.yaml").write_text(text)
    return load(folder)


@pytest.mark.parametrize(
    ("old", "new", "is_other"),
    [
        ("severity: critical", "severity: normal", True),
        ("Weapons., response_class: refuse", "Weapons., response_class: comply", True),
        ("aliases: [Refuse]", "aliases: []", True),
        ("weapons:", "arms:", True),
        ("otherwise: bad", "otherwise: good", True),
        ("Is it a?", "Is this a?", False),
        ("description: Weapons.", "description: Arms.", False),
    ],
)
def test_the_digest_covers_what_protects_and_no_words(
    tmp_path: Path, old: str, new: str, is_other: bool
) -> None:
    before = loaded(tmp_path, RULES)
    after = loaded(tmp_path, RULES.replace(old, new))
    assert (before.digest != after.digest) is is_other


def test_rules_are_known_by_their_digest_of_version_0_1(tmp_path: Path) -> None:
    rules = loaded(tmp_path, RULES)
    assert rules.legacy_digest == legacy_digest(rules) == DIGEST_OF_0_1
    assert rules.digest != DIGEST_OF_0_1
    identity = RuleSetIdentity.of(rules)
    assert identity.has_digest(DIGEST_OF_0_1)
    assert identity.has_digest(rules.digest)
    assert not identity.has_digest("other")
    Weights(RuleSetIdentity("small", "1", DIGEST_OF_0_1), {}).check(rules)
    # Without a digest of version 0.1 there is nothing to recognise.
    assert not replace(rules, legacy_digest="").has_digest("")


def test_results_of_version_0_1_are_resumed(tmp_path: Path) -> None:
    rules = loaded(tmp_path / "rules", RULES)
    line = (
        '{"id": "r1", "content": "c1", "prompt": "p1", "response_class": "refuse", '
        '"answers": {"a": {"p": 0.1, "source": "chat", "digest": "q"}}, "rules": {"no-a": "held"}, '
        '"rank": "good", "grader": {"kind": "endpoint", "digest": "g"}, '
        f'"ruleset": {{"name": "small", "version": "1", "digest": "{DIGEST_OF_0_1}"}}}}\n'
    )
    file = tmp_path / "results.jsonl"
    file.write_text(line)
    with file.open("rb") as stream:
        grader = GraderIdentity("endpoint", "g")
        identity = RuleSetIdentity.of(rules)
        found = survey(
            stream.fileno(), "results.jsonl", identity, grader, lambda result: True, lambda p: None
        )
    assert (len(list(found.spans())), found.stale, found.failed) == (1, 0, 0)
