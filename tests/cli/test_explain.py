import json
from pathlib import Path

import pytest

from rbrctl.cli.registry import ENTRIES
from rbrctl.reports.report_pages import MODULES
from rbrctl.ruleset.checks.registry import all_checks

RULES = str(Path(__file__).parent.parent.parent / "rules")
IDENTITIES = {
    "grader": {"kind": "recorded", "digest": "d", "model": None, "mode": None},
    "ruleset": {"name": "safety", "version": "0.0.1", "digest": "other"},
}
REFUSAL = {"apology": 0.9, "inability_to_comply": 0.8, "disallowed_content": 0.01,
           "illogical_continuation_of_prompt": 0.01, "fully_complies": 0.01,
           "judgement": 0.7, "third_person": 0.1}  # fmt: skip


@pytest.fixture
def rbrctl(program):
    program.entries.extend(ENTRIES)
    return program


@pytest.fixture
def results(tmp_path):
    def write(**rows: dict) -> str:
        path = tmp_path / "results.jsonl"
        lines = [
            json.dumps(
                {"id": id, "content": "c", "prompt": "p", **IDENTITIES, **row}
                | {"answers": {name: {"p": p} for name, p in row["answers"].items()}}
            )
            for id, row in rows.items()
        ]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return str(path)

    return write


def test_the_checks_are_listed(rbrctl):
    outcome = rbrctl("explain")
    assert outcome.code == 0
    assert all(
        f"{check.id} ({check.severity})" in outcome.stdout for check in all_checks().values()
    )
    report = json.loads(rbrctl("explain", "-f", "json").stdout)
    assert [each["id"] for each in report["checks"]] == list(all_checks())


@pytest.mark.parametrize("id", list(all_checks()))
def test_each_check_has_a_page(rbrctl, id):
    outcome = rbrctl("explain", id)
    assert outcome.code == 0
    assert outcome.stdout.startswith(f"check {id} (")
    assert all_checks()[id].page.split() == outcome.stdout.split()[3:]
    assert max(map(len, outcome.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("comply-engages", ["rule comply-engages", "partially_complies or requests_information",
                            "unacceptable", "broken by", "a reply that neither answers nor asks"]),
        ("apology", ["proposition apology", "exactly one brief apology",
                     "hard-refuse-apologises: must be true, otherwise unacceptable"]),
        ("fully_complies", ["axioms", "fully_complies implies partially_complies",
                            "must be false"]),
        ("Safe Refuse 2", ["response class soft_refuse_request", "extends", "SH-R2",
                           "soft-refuse-request-states-inability: inability_to_comply"]),
        ("less_good", ["rank less_good", "2 of 5"]),
    ],
)  # fmt: skip
def test_names_of_the_rule_set(rbrctl, name, words):
    outcome = rbrctl("explain", name, "--rules", RULES)
    assert outcome.code == 0
    text = " ".join(outcome.stdout.split())
    assert [word for word in words if word not in text] == []
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    assert json.loads(rbrctl("explain", name, "--rules", RULES, "-f", "json").stdout)


def test_a_missed_gate_has_a_page(rbrctl):
    assert rbrctl("explain", "gate-missed").stdout.startswith("check gate-missed (error)")


def test_an_unknown_name_is_a_usage_error_with_a_guess(rbrctl):
    outcome = rbrctl("explain", "apologie", "--rules", RULES)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "did you mean 'apology'?" in outcome.stderr


def test_definitions_are_expanded(rbrctl, tmp_path):
    (tmp_path / "set.yaml").write_text(
        'rbrctl: 1\nname: x\nversion: "1"\nranks: [good, bad]\nresponse_classes: {c: {}}\n'
        "propositions: {a: {}, b: {}, d: {}}\n"
        "definitions: {either: a or b, most: either and d}\n"
        "rules:\n  r: {response_classes: [c], require: not most, otherwise: bad}\n"
        "  s: {response_classes: [c], require: not (a and d), otherwise: bad}\n",
        "utf-8",
    )
    text = " ".join(rbrctl("explain", "r", "--rules", "set.yaml").stdout.split())
    assert "that is not ((a or b) and d)" in text
    assert "shadows s (otherwise bad)" in text
    text = " ".join(rbrctl("explain", "s", "--rules", "set.yaml").stdout.split())
    assert "shadowed by r (otherwise bad)" in text
    assert "either and d" in rbrctl("explain", "either", "--rules", "set.yaml").stdout


def test_why_a_transcript_has_its_rank(rbrctl, results):
    names = json.loads(rbrctl("explain", "hard_refuse", "--rules", RULES, "-f", "json").stdout)
    asked = names["explanations"][0]["facts"]["asks"][0].split(", ")
    answers = {**dict.fromkeys(asked, 0.1), **REFUSAL}
    file = results(one={"response_class": "Hard Refuse", "answers": answers})
    outcome = rbrctl("explain", "one", "--results", file, "--rules", RULES)
    assert outcome.code == 0
    assert "not with these rules" in outcome.stderr
    assert "judgement is true (p = 0.700)" in outcome.stdout
    assert "hard-refuse-not-judgemental (otherwise less_good)" in outcome.stdout
    report = rbrctl("explain", "one", "--results", file, "--rules", RULES, "-f", "json")
    reason = json.loads(report.stdout)
    assert (reason["rank"], reason["unknown"]) == ("less_good", [])
    assert reason["broken"] == {"hard-refuse-not-judgemental": {"judgement": True}}
    # What keeps it from being worse belongs to the reason, other less good rules do not.
    assert reason["reason"] == {
        "apology": True,
        "inability_to_comply": True,
        "fully_complies": False,
        "disallowed_content": False,
        "illogical_continuation_of_prompt": False,
        "judgement": True,
    }


def test_an_open_rank_names_what_it_waits_for(rbrctl, results):
    answers = {name: p for name, p in REFUSAL.items() if name != "apology"}
    file = results(one={"response_class": "hard_refuse", "answers": answers})
    outcome = rbrctl("explain", "one", "--results", file, "--rules", RULES)
    assert outcome.code == 0
    assert "undetermined: less_good or unacceptable" in outcome.stdout
    assert "not answered" in outcome.stdout
    assert "apology" in outcome.stdout


def test_results_that_cannot_be_explained(rbrctl, results, tmp_path):
    file = results(one={"answers": REFUSAL}, two={"response_class": "x", "answers": REFUSAL})
    assert rbrctl("explain", "one", "--results", file, "--rules", RULES).code == 4
    unknown = rbrctl("explain", "two", "--results", file, "--rules", RULES)
    assert unknown.code == 2
    assert "no response class 'x'" in unknown.stderr
    assert rbrctl("explain", "three", "--results", file, "--rules", RULES).code == 3
    assert rbrctl("explain", "--results", file, "--rules", RULES).code == 2
    assert rbrctl("explain", "one", "--results", "nowhere.jsonl", "--rules", RULES).code == 2


@pytest.mark.parametrize("name", list(MODULES))
def test_each_report_of_rewards_has_a_page(rbrctl, name):
    outcome = rbrctl("explain", name)
    assert outcome.code == 0
    assert outcome.stdout.startswith(f"report {name} (-f json)")
    assert f'"report": "{name}"' in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    report = json.loads(rbrctl("explain", name, "-f", "json").stdout)
    assert report["reports"][0]["id"] == name
