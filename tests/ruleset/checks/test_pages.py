"""Each check's page is true: what it says fails does fail, with that id, and what passes passes."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml

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


def test_every_module_with_an_id_is_registered():
    folder = Path(registry.__file__).parent
    modules = [path for path in folder.glob("*.py") if "\nID = " in path.read_text("utf-8")]
    assert len(modules) == len(all_checks())
