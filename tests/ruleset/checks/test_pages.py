"""Each check's page is true: what it says fails does fail, with that id, and what passes passes."""

import re
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from rbrctl.ruleset import checks
from rbrctl.ruleset.checks import registry
from rbrctl.ruleset.checks.registry import all_checks
from rbrctl.ruleset.findings import Severity
from rbrctl.ruleset.validation import validate

HEADER = {
    "rbrctl": "1",
    "name": "example",
    "version": '"1"',
    "ranks": "[ideal, less_good, unacceptable]",
    "response_classes": "{refuse: {}, comply: {}}",
    "rules": (
        "{apologises: {response_classes: [refuse], require: apology, otherwise: less_good},"
        " helps: {response_classes: [comply], require: fully_complies, otherwise: less_good}}"
    ),
}
PROPOSITIONS = ("apology", "judgement", "fully_complies", "partially_complies")
PROPOSITION = (
    "{{question: 'Is there {0}?', examples: ["
    "{{assistant: '{0}', answer: true}}, {{assistant: '', answer: false}}]}}"
)
WITHOUT_EXAMPLES = {"undecided", "failed-test"}
CHECKS = [pytest.param(check, id=check.id) for check in all_checks().values()]


def example(page: str, heading: str) -> str:
    match = re.search(rf"^{heading}:\n\n((?:    .*\n|\n)+)", page + "\n", re.MULTILINE)
    assert match, f"the page has no '{heading}:'"
    return textwrap.dedent(match[1])


def ids_found(snippet: str, folder: Path) -> set[str]:
    given = set(re.findall(r"^(\w+):", snippet, re.MULTILINE))
    rest = "".join(f"{key}: {value}\n" for key, value in HEADER.items() if key not in given)
    rest += "propositions:\n" + "".join(
        f"  {name}: {PROPOSITION.format(name)}\n"
        for name in PROPOSITIONS
        if not re.search(rf"^  {name}:", snippet, re.MULTILINE)
    )
    (folder / "ruleset.yaml").write_text(rest, "utf-8")
    (folder / "snippet.yaml").write_text(snippet, "utf-8")
    findings = validate(folder).findings.items
    return {each.id for each in findings if each.place and each.place.file.endswith("snippet.yaml")}


@pytest.mark.parametrize("check", CHECKS)
def test_the_page_tells_what_fails_and_what_passes(check, tmp_path):
    assert re.fullmatch(r"[a-z][a-z-]*", check.id)
    assert isinstance(check.severity, Severity)
    assert re.fullmatch(r"[A-Z][^.]*\.", check.summary), "one sentence first"
    if check.id in WITHOUT_EXAMPLES:
        return
    assert check.id in ids_found(example(check.page, "Fails"), tmp_path)
    passing = example(check.page, "Passes")
    assert isinstance(yaml.safe_load(passing), dict)
    assert check.id not in ids_found(passing, tmp_path)


@pytest.mark.parametrize("check", CHECKS)
def test_a_finding_has_the_severity_of_its_check(check, tmp_path):
    if check.id in WITHOUT_EXAMPLES:
        return
    ids_found(example(check.page, "Fails"), tmp_path)
    found = [each for each in validate(tmp_path).findings.items if each.id == check.id]
    assert {each.severity for each in found} == {check.severity}
    assert all(each.place is not None and each.hint for each in found)


TOY = '''"""
The rule set has a name that shouts.

Names are read aloud in meetings.
"""

from rbrctl.ruleset.findings import Finding, Severity

ID = "shouting-name"
SEVERITY = Severity.NOTE


def check(context):
    if context.ruleset.name.isupper():
        yield Finding(ID, SEVERITY, "this name shouts", context.ruleset.place)
'''


def test_a_module_in_the_folder_is_a_check(tmp_path, monkeypatch):
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "shouting_name.py").write_text(TOY, "utf-8")
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(modules)])
    registry.all_checks.cache_clear()
    try:
        assert registry.all_checks()["shouting-name"].summary.endswith("a name that shouts.")
        assert "shouting-name" in {each.id for each in validate_header(tmp_path, "LOUD")}
        assert "shouting-name" not in {each.id for each in validate_header(tmp_path, "calm")}
    finally:
        registry.all_checks.cache_clear()
        sys.modules.pop("rbrctl.ruleset.checks.shouting_name", None)


def validate_header(folder, name):
    rest = "".join(f"{key}: {value}\n" for key, value in (HEADER | {"name": name}).items())
    names = ", ".join(f"{each}: {{}}" for each in PROPOSITIONS)
    path = folder / "rules.yaml"
    path.write_text(f"{rest}propositions: {{{names}}}\n", "utf-8")
    return validate(path).findings.items
