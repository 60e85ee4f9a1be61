"""
Read a rule set: from files, through schema and references, to a frozen RuleSet.

``load`` is for those who want to use a rule set, ``read`` for those who want to hear all that is
wrong with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rbrctl.digests import digest_of
from rbrctl.errors import NothingMatchedError, RuleSetError, UsageError
from rbrctl.ruleset.building import Builder, places_within
from rbrctl.ruleset.documents import Documents, read_documents
from rbrctl.ruleset.expressions import unparse
from rbrctl.ruleset.findings import Finding, Findings, Place, Severity
from rbrctl.ruleset.merging import Gathered, gather
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.references import reference_findings
from rbrctl.ruleset.sources import RuleSource, open_source
from rbrctl.ruleset.yaml_tree import ScalarNode

MAX_BASES = 16
_BASES = "'builtin:safety', or a folder inside the repository that builds on no other of these"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rule set where it could be built, and what is wrong with its files."""

    ruleset: RuleSet | None
    """None where any finding is an error."""
    findings: Findings
    label: str
    """What messages call the source."""
    base_files: frozenset[str] = frozenset()
    """The files of the sets that it builds on."""


def load(source: str | Path | RuleSource) -> RuleSet:
    """
    Load a rule set: a folder, a YAML file, ``builtin:NAME`` or an open source.

    Raises RuleSetError with the first error and the count of the rest, FileError or UsageError when
    the files cannot be read, NothingMatchedError when there are none.
    """
    return ruleset_of(read(source))


def ruleset_of(loaded: Loaded) -> RuleSet:
    """Return the rule set. Raise RuleSetError with the first error if there is none."""
    if loaded.ruleset is not None:
        return loaded.ruleset
    first, *rest = (f for f in loaded.findings.items if f.severity is Severity.ERROR)
    more = f" (and {len(rest)} more; see 'rbrctl validate {loaded.label}')" if rest else ""
    hint = f"; {first.hint}" if first.hint else ""
    place = f"{first.place}: " if first.place else ""
    raise RuleSetError(f"{place}{first.message}{hint}{more}")


def read(source: str | Path | RuleSource) -> Loaded:
    """
    Read a rule set and report everything that keeps it from being one.

    Raises FileError or UsageError when files cannot be read, NothingMatchedError when there are
    none; whatever is wrong inside the files is a finding.
    """
    opened = open_source(source) if isinstance(source, str | Path) else source
    layers, findings = _layers(opened)
    broken_base = bool(findings)
    texts = {name: text for layer in layers for name, text in layer.texts.items()}
    base_files = frozenset(name for layer in layers[:-1] for name in layer.texts)
    for layer in layers:
        findings += layer.findings
    # With a base that is not there, what lies above it can only be misunderstood.
    gathered = gather(layer.items for layer in layers) if not broken_base else Gathered()
    findings += gathered.findings
    ruleset: RuleSet | None = None
    if not any(finding.severity is Severity.ERROR for finding in findings):
        findings += _missing_parts(gathered, opened.label)
    if not findings:
        builder = Builder(gathered)
        ruleset = _build(builder, gathered)
        findings += builder.findings or reference_findings(ruleset, gathered)
    if findings or ruleset is None:
        findings.sort(key=lambda finding: (finding.place is None, finding.place))
        return Loaded(None, Findings(tuple(findings), texts), opened.label, base_files)
    ruleset = replace(ruleset, digest=meaning_digest(ruleset), legacy_digest=legacy_digest(ruleset))
    return Loaded(ruleset, Findings((), texts), opened.label, base_files)


def _layers(source: RuleSource) -> tuple[list[Documents], list[Finding]]:
    """Read a source and its bases, the deepest base first."""
    layers: list[Documents] = []
    labels: set[str] = set()
    current: RuleSource | None = source
    while current is not None:
        documents = read_documents(current)
        if not documents.texts:
            raise NothingMatchedError(
                f"{current.label}: no YAML files; a rule set needs at least one"
            )
        layers.insert(0, documents)
        labels.add(current.label)
        node, place = _base_of(documents)
        if node is None or place is None:
            return layers, []
        try:
            current = current.base(node)
        except UsageError as error:
            return layers, [Finding("base", Severity.ERROR, str(error), place, _BASES)]
        if current.label in labels or len(layers) >= MAX_BASES:
            message = f"the base '{node}' leads back to a set that builds on it"
            return layers, [Finding("base", Severity.ERROR, message, place, _BASES)]
    return layers, []


def _base_of(documents: Documents) -> tuple[str | None, Place | None]:
    for document in documents.items:
        node = document.root.entries.get("base")
        if isinstance(node, ScalarNode):
            return node.text, node.place
    return None, None


def _missing_parts(gathered: Gathered, label: str) -> list[Finding]:
    if "rbrctl" not in gathered.once:
        message = f"'{label}' is not a rule set: no file in it says 'rbrctl: 1'"
        hint = "begin one file with 'rbrctl: 1', 'name', 'version' and 'ranks'"
        return [Finding("schema", Severity.ERROR, message, None, hint)]
    hints = {
        "name": "write 'name: ...' beside 'rbrctl: 1'",
        "version": "write 'version: \"1.0.0\"' beside 'rbrctl: 1'",
        "ranks": "list the ranks, best first: 'ranks: [ideal, less_good, unacceptable]'",
    }
    place = gathered.once["rbrctl"].key_place
    missing = [
        Finding("schema", Severity.ERROR, f"the set has no '{key}'", place, hint)
        for key, hint in hints.items()
        if key not in gathered.once
    ]
    if not gathered.sections["response_classes"]:
        hint = "add 'response_classes:' with at least one"
        message = "the set has no response classes"
        missing.append(Finding("schema", Severity.ERROR, message, place, hint))
    return missing


def _build(builder: Builder, gathered: Gathered) -> RuleSet:
    return RuleSet(
        name=builder.once("name"),
        version=builder.once("version"),
        description=builder.once("description"),
        ranks=tuple(builder.once("ranks")),
        base=builder.once("base"),
        response_classes=builder.response_classes(),
        propositions=builder.propositions(),
        definitions=builder.definitions(),
        rules=builder.rules(),
        axioms=builder.axioms(),
        tests=builder.tests(),
        grader=builder.grader_prompt(),
        policy=builder.policy(),
        features=builder.features(),
        place=gathered.once["rbrctl"].key_place,
        places={
            path: place
            for key, entry in gathered.once.items()
            for path, place in places_within(entry.node, f"{key}.").items()
        },
    )


def meaning_digest(ruleset: RuleSet) -> str:
    """
    Digest what decides a rank, and what protects it.

    That is the ranks, classes with their aliases, rules with their severities, definitions, axioms,
    and the response class that the policy gives to each category. Texts, tests, cues, comments and
    the order of entries do not enter.
    """
    return digest_of(
        {
            **_meaning(ruleset),
            "aliases": {
                name: sorted(each.aliases) for name, each in ruleset.response_classes.items()
            },
            "policy": ruleset.category_classes(),
            "severities": {rule.id: rule.severity for rule in ruleset.rules.values()},
        }
    )


def legacy_digest(ruleset: RuleSet) -> str:
    """Return the digest of version 0.1, which covered neither aliases, policy nor severities."""
    return digest_of(_meaning(ruleset))


def _meaning(ruleset: RuleSet) -> Mapping[str, Any]:
    return {
        "ranks": ruleset.ranks,
        "response_classes": {name: each.extends for name, each in ruleset.response_classes.items()},
        "definitions": {
            name: unparse(each.body.expression) for name, each in ruleset.definitions.items()
        },
        "axioms": sorted(unparse(axiom.body.expression) for axiom in ruleset.axioms),
        "rules": {
            rule.id: [
                sorted(rule.response_classes),
                unparse(rule.require.expression),
                rule.otherwise,
            ]
            for rule in ruleset.rules.values()
        },
    }
