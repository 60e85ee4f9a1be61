"""What each kind of change does to ``rbrctl diff``: on folders, on revisions, and in CI."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from diff_helpers import Diff, write, write_results
from small_results import small_result

RULES = """\
rbrctl: 1
name: small
version: "1"
ranks: [good, poor, bad]
response_classes:
  refuse: {aliases: [Refuse]}
  comply: {aliases: [Comply]}
propositions:
  a: {question: Is it a?}
  b: {question: Is it b?}
rules:
  no-a:
    response_classes: [refuse]
    require: not a
    otherwise: bad
    severity: critical
  no-b: {response_classes: [refuse, comply], require: not b, otherwise: poor}
policy:
  harm:
    description: Harm.
    categories:
      weapons: {description: Weapons., response_class: refuse}
"""
CRITICAL_RULE = RULES[RULES.index("  no-a:") : RULES.index("  no-b:")]


@dataclass(frozen=True)
class Change:
    """A change of the rules, and what the default gates and 'laxer' make of it."""

    name: str
    new: str
    code: int
    verdict: str
    code_of_laxer: int


def edited(old: str, new: str) -> str:
    assert old in RULES
    return RULES.replace(old, new)


CHANGES = [
    Change(
        "deleted critical rule",
        edited(CRITICAL_RULE, ""),
        1,
        "blocked: the rules are laxer, 1 critical rule removed",
        1,
    ),
    Change(
        "weakened critical rule",
        edited("require: not a\n", "require: not (a and b)\n"),
        1,
        "blocked: the rules are laxer, 1 critical rule weakened",
        1,
    ),
    Change(
        "severity lowered",
        edited("    severity: critical\n", ""),
        1,
        "blocked: the rules are equivalent, 1 severity lowered",
        0,
    ),
    Change(
        "category moved",
        edited("Weapons., response_class: refuse", "Weapons., response_class: comply"),
        1,
        "blocked: the rules are laxer, 1 category moved",
        1,
    ),
    Change(
        "weakened normal rule",
        edited("require: not b,", "require: not (a and b),"),
        0,
        "not blocked: the rules are laxer",
        1,
    ),
    Change(
        "first stricter rule",
        edited("policy:\n", "  no-c: {response_classes: [comply], require: not a, otherwise: bad}\n"
               "policy:\n"),
        0,
        "passed: the rules are stricter",
        0,
    ),
    Change(
        "reordered ranks",
        edited("[good, poor, bad]", "[good, bad, poor]"),
        1,
        "blocked: the rules are neither stricter nor laxer throughout, 1 critical rule weakened",
        1,
    ),
    Change("reworded question", edited("Is it a?", "Is this a?"), 0,
           "passed: the rules are equivalent", 0),
    Change(
        "equivalent rewrite",
        edited("require: not a\n", "require: not (a or a)\n"),
        0,
        "passed: the rules are equivalent",
        0,
    ),
]  # fmt: skip


def git(*arguments: str) -> str:
    settings = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    done = subprocess.run(["git", *settings, *arguments], check=True, capture_output=True)
    return done.stdout.decode().strip()


def on_folders(new: str) -> tuple[list[str], dict[str, str]]:
    write(Path("before"), RULES)
    write(Path("rules"), new)
    return ["before", "rules"], {}


def commit_rules(new: str) -> str:
    write(Path("rules"), RULES)
    git("init", "-q", "-b", "main")
    git("add", "rules")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "change")
    write(Path("rules"), new)
    git("commit", "-q", "-a", "-m", "two")
    return git("rev-parse", "main")


def on_git(new: str) -> tuple[list[str], dict[str, str]]:
    commit_rules(new)
    return ["git:main:rules", "git:change:rules"], {}


def in_a_pull_request(new: str) -> tuple[list[str], dict[str, str]]:
    base = commit_rules(new)
    return [], event("pull_request", {"pull_request": {"base": {"sha": base}}}, BASE_REF="main")


def in_a_merge_group(new: str) -> tuple[list[str], dict[str, str]]:
    base = commit_rules(new)
    git("checkout", "-q", "--detach")
    return [], event("merge_group", {"merge_group": {"base_sha": base}}, BASE_REF="")


def event(name: str, content: object, **more: str) -> dict[str, str]:
    Path("event.json").write_text(json.dumps(content))
    variables = {f"GITHUB_{key}": value for key, value in more.items()}
    return {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": "event.json", **variables}


def write_transcripts() -> list[str]:
    """Write results that are all good under both versions, so that only the rules can block."""
    labels = {"a": False, "b": False}
    rows = [small_result(n, labels, labels, response_class="refuse") for n in range(60)]
    write_results("results.jsonl", rows)
    return ["--on", "results.jsonl"]


SURROUNDINGS = [on_folders, on_git, in_a_pull_request, in_a_merge_group]
Surrounding = Callable[[str], tuple[list[str], dict[str, str]]]


@pytest.mark.parametrize("with_transcripts", [False, True], ids=["rules", "transcripts"])
@pytest.mark.parametrize("surrounding", SURROUNDINGS)
@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.name)
def test_what_blocks(
    diff: Diff, change: Change, surrounding: Surrounding, with_transcripts: bool
) -> None:
    sides, environment = surrounding(change.new)
    on = write_transcripts() if with_transcripts else []
    code, out, err = diff(*sides, *on, "-f", "markdown", **environment)
    verdict = out.splitlines()[0].split("rbrctl diff ")[1]
    expected = change.verdict + (", 0 of 60 transcripts change rank" if on else "")
    assert (code, verdict) == (change.code, expected), err
    assert out.startswith("### ✅") is expected.startswith("passed")
    assert diff(*sides, *on, "--fail-on", "laxer", **environment)[0] == change.code_of_laxer
    assert diff(*sides, *on, "--fail-on", "none", **environment)[0] == 0


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.name)
def test_changed_sees_all_that_the_others_see(diff: Diff, change: Change) -> None:
    sides, _ = on_folders(change.new)
    is_meaning = change.name not in ("reworded question", "equivalent rewrite")
    assert diff(*sides, "--fail-on", "changed")[0] == is_meaning


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("      weapons: {", "      arms: {", 1, "the category weapons is gone"),
        ("{aliases: [Comply]}", "{aliases: [Comply, Yes]}", 0, "'Yes' names comply"),
        ("{aliases: [Refuse]}", "{}", 0, "'Refuse' named refuse, and names no response class now"),
        (
            "{aliases: [Refuse]}\n  comply: {aliases: [Comply]}",
            "{}\n  comply: {aliases: [Refuse]}",
            1,
            "'Refuse' names comply, and named refuse",
        ),
        ("  comply: {", "  comply: {extends: refuse, ", 0, "comply extends refuse, and extended"),
        ("[refuse, comply]", "[comply]", 0, "the rules are laxer"),
        (
            "otherwise: bad",
            "otherwise: poor",
            1,
            "a completion that breaks it is poor, and was bad",
        ),
        ("response_classes: [refuse]\n", "response_classes: [comply]\n", 1, "applies to refuse"),
    ],
)
def test_what_gives_a_transcript_its_class_is_compared(
    diff: Diff, old: str, new: str, code: int, message: str
) -> None:
    sides, _ = on_folders(edited(old, new))
    found, out, err = diff(*sides)
    assert (found, message in " ".join(out.split())) == (code, True), out + err


def test_a_rule_that_is_critical_on_either_side_is_protected(diff: Diff) -> None:
    raised = edited("require: not b, otherwise: poor}", "require: not (a and b), otherwise: poor, "
                    "severity: critical}")  # fmt: skip
    sides, _ = on_folders(raised)
    code, out, _ = diff(*sides, "-f", "json")
    kinds = [row["change"] for row in json.loads(out)["meaning"]["protection"]]
    assert (code, kinds) == (1, ["critical rule weakened", "severity raised"])


def test_inherited_protection_that_is_lost_is_a_weakening(diff: Diff) -> None:
    heir = edited("  comply: {aliases", "  comply: {extends: refuse, aliases")
    write(Path("before"), heir)
    write(Path("rules"), RULES)
    code, out, _ = diff("before", "rules")
    assert code == 1
    assert "it no longer applies to comply" in " ".join(out.split())


@pytest.fixture
def reviewed(diff: Diff) -> Diff:
    """A branch that lowers a severity, and the acceptance of that."""
    commit_rules(CHANGES[2].new)
    return diff


def test_an_acceptance_in_the_same_change_is_shown_first_and_blocks(reviewed: Diff) -> None:
    diff = reviewed
    code, out, err = diff("--base", "main", "--accept", "no-a", "--reason", "The lawyers agree.")
    assert (code, "accepted in " in err) == (1, True)
    text = Path(".rbrctl-accepted.yaml").read_text()
    assert '  - id: "rule:no-a"\n' in text
    assert "New acceptance, added by this change: rule:no-a, because: The lawyers agree." in out
    code, out, _ = diff("--base", "main", "-f", "json")
    report = json.loads(out)
    assert (code, report["gates"][0]["gate"]) == (1, "acceptance")
    assert report["fresh_acceptances"] == [{"id": "rule:no-a", "reason": "The lawyers agree."}]
    code, out, _ = diff("--base", "main", "--allow-new-acceptance")
    assert code == 0
    assert "Accepted: rule:no-a, because: The lawyers agree." in out
    assert diff("--base", "main", "--fail-on", "none")[0] == 0


def test_an_acceptance_on_the_old_side_counts_and_ends_with_the_next_change(
    reviewed: Diff,
) -> None:
    diff = reviewed
    diff("--base", "main", "--accept", "rule:no-a", "--reason", "Agreed.")
    text = Path(".rbrctl-accepted.yaml").read_text()
    Path(".rbrctl-accepted.yaml").unlink()
    git("checkout", "-q", "main")
    Path(".rbrctl-accepted.yaml").write_text(text)
    git("add", ".rbrctl-accepted.yaml")
    git("commit", "-q", "-m", "accepted by its owners")
    git("checkout", "-q", "change")
    git("rebase", "-q", "main")
    assert diff("--base", "main")[0] == 0
    write(Path("rules"), CHANGES[2].new.replace("otherwise: bad", "otherwise: poor"))
    assert diff("--base", "main")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--accept", "no-a"], "--accept needs --reason TEXT"),
        (["--accept", "x", "--reason", "y"], "is not there to accept; there are rule:no-a"),
    ],
)
def test_what_cannot_be_accepted(reviewed: Diff, arguments: list[str], message: str) -> None:
    code, _, err = reviewed("--base", "main", *arguments)
    assert (code, message in err) == (2, True)
    assert not Path(".rbrctl-accepted.yaml").exists()


def test_a_broken_file_of_acceptances_is_an_error(reviewed: Diff) -> None:
    Path(".rbrctl-accepted.yaml").write_text("accepted: [{id: rule:no-a}]\n")
    code, _, err = reviewed("--base", "main")
    assert (code, "each entry has the keys id, old, new, reason" in err) == (2, True)


def test_gates_that_a_change_takes_out_of_the_settings_still_hold(diff: Diff) -> None:
    Path("rbrctl.toml").write_text('[diff]\nfail-on = ["laxer"]\n')
    write(Path("rules"), RULES)
    git("init", "-q", "-b", "main")
    git("add", "rules", "rbrctl.toml")
    git("commit", "-q", "-m", "one")
    write(Path("rules"), CHANGES[4].new)
    Path("rbrctl.toml").unlink()
    assert diff()[0] == 1
    # What is typed stands alone.
    assert diff("--fail-on", "default")[0] == 0


def test_a_named_gate_that_cannot_be_judged_is_incomplete(diff: Diff) -> None:
    labels = {"a": False, "b": False}
    rows = [
        small_result(n, labels, labels, response_class="refuse", prompt=n // 25) for n in range(200)
    ]
    write_results("results.jsonl", rows)
    sides, _ = on_folders(CHANGES[5].new)
    assert diff(*sides, "--on", "results.jsonl")[0] == 0
    code, out, err = diff(*sides, "--on", "results.jsonl", "--fail-on", "regression")
    assert (code, err) == (
        4,
        "--fail-on regression was not judged: there are too few prompts with labels\n",
    )
    words = " ".join(out.split())
    assert "on 8 prompts with 200 rows no drop under 62% of the prompts could" in words


def rows_turned(prompts: int, of: int) -> None:
    labels = {"a": False, "b": True}
    for file, count in (("old.jsonl", 0), ("new.jsonl", prompts)):
        rows = [
            small_result(
                n, {"a": False, "b": n // 25 >= count}, labels, response_class="comply",
                prompt=n // 25,
            )
            for n in range(25 * of)
        ]  # fmt: skip
        write_results(file, rows)


def test_one_of_eight_prompts_does_not_fail_and_twelve_of_twenty_four_do(diff: Diff) -> None:
    write(Path("rules"), RULES)
    results = ("old.jsonl", "new.jsonl", "--rules", "rules")
    rows_turned(1, of=8)
    assert diff(*results)[0] == 0
    assert diff(*results, "--fail-on", "regression")[0] == 4
    rows_turned(12, of=24)
    assert diff(*results)[0] == 1
