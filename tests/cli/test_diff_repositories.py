"""Which repository and which commit rules are compared with, wherever the command runs."""

import json
import subprocess
from pathlib import Path

import pytest
from diff_helpers import LAXER, RULES, Diff, write


def git(folder: Path, *arguments: str) -> str:
    settings = ["user.name=Someone", "user.email=someone@example.org", "protocol.file.allow=always"]
    options = [word for setting in settings for word in ("-c", setting)]
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def repository(folder: Path, rules: str = RULES) -> Path:
    """Make a repository with rules on its branch main."""
    folder.mkdir()
    write(folder / "rules", rules)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def changed(folder: Path) -> None:
    write(folder / "rules", LAXER)
    git(folder, "commit", "-q", "-a", "-m", "two")


def event(name: str, content: object) -> dict[str, str]:
    file = Path("event.json").resolve()
    file.write_text(json.dumps(content))
    return {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(file)}


def test_rules_are_compared_in_the_repository_that_they_lie_in(diff: Diff, tmp_path: Path) -> None:
    here, other = repository(tmp_path / "here", LAXER), repository(tmp_path / "other")
    write(other / "rules", LAXER)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        code, out, _ = diff("../other/rules", "--fail-on", "laxer")
        assert (code, out.splitlines()[0]) == (1, "old  git:HEAD:rules (small 1)")
        assert diff("rules")[0] == 3
    # A worktree has a branch of its own.
    git(other, "worktree", "add", "-q", "-b", "tree", str(tmp_path / "tree"))
    changed(tmp_path / "tree")
    assert diff("tree/rules", "--base", "main", "--fail-on", "laxer")[0] == 1


def test_rules_in_no_repository_are_a_clear_error(diff: Diff) -> None:
    code, _, err = diff("old")
    assert code == 2
    assert "'old' is in no git repository" in err
    assert "naming both: 'rbrctl diff OLD NEW'" in err


def test_rules_in_a_submodule_use_its_history(diff: Diff, tmp_path: Path) -> None:
    source, outer = repository(tmp_path / "source"), repository(tmp_path / "outer")
    git(outer, "submodule", "add", "-q", str(source), "policy")
    git(outer, "commit", "-q", "-m", "with a submodule")
    base = git(outer, "rev-parse", "HEAD")
    write(outer / "policy" / "rules", LAXER)
    code, out, _ = diff("outer/policy/rules", "--fail-on", "laxer")
    assert (code, out.splitlines()[0]) == (1, "old  git:HEAD:rules (small 1)")
    # In CI, the base is what the outer repository recorded.
    recorded = git(outer / "policy", "rev-parse", "HEAD")
    changed(outer / "policy")
    git(outer, "commit", "-q", "-a", "-m", "moves the submodule")
    assert diff("outer/policy/rules")[0] == 3
    environment = event("pull_request", {"pull_request": {"base": {"sha": base}}})
    code, out, _ = diff("outer/policy/rules", "--fail-on", "laxer", **environment)
    assert (code, out.splitlines()[0]) == (1, f"old  git:{recorded[:12]}:rules (small 1)")


def test_a_forks_own_branch_is_not_the_base(diff: Diff, tmp_path: Path) -> None:
    """The fork's main has the laxer rules already: compared with it, nothing would change."""
    upstream = repository(tmp_path / "upstream")
    base = git(upstream, "rev-parse", "HEAD")
    git(tmp_path, "clone", "-q", str(upstream), "fork")
    changed(tmp_path / "fork")
    git(tmp_path, "clone", "-q", "fork", "checkout")
    git(tmp_path / "checkout", "checkout", "-q", "--detach")
    environment = {
        "GITHUB_BASE_REF": "main",
        **event("pull_request_target", {"pull_request": {"base": {"sha": base}}}),
    }
    code, out, _ = diff("checkout/rules", "--fail-on", "laxer", **environment)
    assert (code, out.splitlines()[0]) == (1, f"old  git:{base[:12]}...:rules (small 1)")


@pytest.mark.parametrize("kind", ["pull_request", "merge_group"])
def test_a_shallow_clone_is_told_how_to_get_the_base(diff: Diff, tmp_path: Path, kind: str) -> None:
    upstream = repository(tmp_path / "upstream")
    base = git(upstream, "rev-parse", "HEAD")
    changed(upstream)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{upstream}", "shallow")
    content = {"pull_request": {"base": {"sha": base}}, "merge_group": {"base_sha": base}}
    code, _, err = diff("shallow/rules", **event(kind, content))
    assert code == 2
    assert "this is a shallow clone" in err
    assert "fetch-depth: 0" in err


@pytest.mark.parametrize(
    "text", ["{", '{"merge_group": {}}', '{"merge_group": {"base_sha": "-x"}}']
)
def test_an_event_file_without_a_base_is_an_error(diff: Diff, tmp_path: Path, text: str) -> None:
    repository(tmp_path / "here")
    environment = event("merge_group", {})
    Path("event.json").write_text(text)
    code, _, err = diff("here/rules", **environment)
    assert code == 2
    assert "name what to compare with by --base" in err


def test_events_without_a_base_compare_with_the_commit(diff: Diff, tmp_path: Path) -> None:
    repository(tmp_path / "here")
    for kind in ("push", "schedule"):
        assert diff("here/rules", **event(kind, {"before": "0" * 40}))[0] == 3


def test_a_repository_of_another_user_shows_gits_own_remedy(
    diff: Diff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path / "here")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    code, _, err = diff("here/rules")
    assert code == 2
    assert "belongs to another user" in err
    assert "run: git config --global --add safe.directory" in err
