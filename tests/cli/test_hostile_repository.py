"""``rbrctl diff`` in a repository whose own settings name commands: none of them may run."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

RULES = """\
rbrctl: 1
name: tiny
version: "1"
ranks: [good, bad]
response_classes:
  comply: {}
propositions:
  rude: {question: Is it rude?}
rules:
  is-polite: {response_classes: [comply], require: not rude, otherwise: bad}
"""


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    outcome = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return outcome.stdout.strip()


def rbrctl(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run the command line as a process; its exit code and stderr."""
    outcome = subprocess.run(
        [sys.executable, "-m", "rbrctl", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "XDG_CONFIG_HOME": str(folder / "none"),
            **environment,
        },
    )
    return outcome.returncode, outcome.stderr


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two versions of a rule set, tagged one and two."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "upstream"
    (folder / "rules").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for number, tag in enumerate(("one", "two"), start=1):
        text = RULES.replace('version: "1"', f'version: "{number}"')
        (folder / "rules" / "ruleset.yaml").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", tag)
        git(folder, "tag", tag)
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return folder


def partial_clone(upstream: Path) -> Path:
    clone = upstream.parent / "clone"
    address = f"file://{upstream}"
    git(upstream.parent, "clone", "-q", "--filter=blob:none", "--no-checkout", address, str(clone))
    return clone


def hostile_command(folder: Path) -> tuple[Path, Path]:
    """A program that leaves a mark when it is run."""
    mark = folder / "it-ran"
    program = folder / "hostile"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program, mark


HOSTILE = {
    "the remote's upload-pack": {"remote.origin.uploadpack": "{program}"},
    "an ext address": {"remote.origin.url": "ext::{program}", "protocol.ext.allow": "always"},
    "ssh": {"remote.origin.url": "ssh://localhost/x", "core.sshCommand": "{program}"},
    "a credential helper": {
        "remote.origin.url": "http://127.0.0.1:9/x",
        "credential.helper": "!{program}",
        "core.askPass": "{program}",
    },
    "a git proxy": {"remote.origin.url": "git://127.0.0.1:9/x", "core.gitProxy": "{program}"},
    "monitors, hooks, pagers, filters": {
        "remote.origin.uploadpack": "{program}",
        "core.fsmonitor": "{program}",
        "core.hooksPath": "{folder}",
        "core.pager": "{program}",
        "core.alternateRefsCommand": "{program}",
        "core.editor": "{program}",
        "diff.external": "{program}",
        "diff.x.textconv": "{program}",
        "filter.x.smudge": "{program}",
        "filter.x.clean": "{program}",
        "filter.x.process": "{program}",
    },
}


@pytest.mark.parametrize("settings", HOSTILE.values(), ids=HOSTILE)
def test_no_command_of_a_partial_clones_settings_runs(
    upstream: Path, settings: dict[str, str]
) -> None:
    clone = partial_clone(upstream)
    program, mark = hostile_command(upstream.parent)
    (clone / ".git" / "info" / "attributes").write_text("* diff=x filter=x\n")
    for name, value in settings.items():
        git(clone, "config", name, value.format(program=program, folder=program.parent))
    code, err = rbrctl(clone, "diff", "git:one:rules", "git:two:rules")
    assert not mark.exists()
    assert code == 2
    assert "this is a partial clone, and missing files are not fetched here" in err
    assert "Traceback" not in err


def test_the_hostile_settings_above_would_run_a_command(upstream: Path) -> None:
    clone = partial_clone(upstream)
    program, mark = hostile_command(upstream.parent)
    git(clone, "config", "remote.origin.uploadpack", str(program))
    subprocess.run(
        ["git", "ls-tree", "-r", "-l", "one"], cwd=clone, check=False, capture_output=True
    )
    assert mark.exists()


def test_a_partial_clone_that_was_completed_is_compared(upstream: Path) -> None:
    clone = partial_clone(upstream)
    git(clone, "fetch", "-q", "--refetch", "--no-filter")
    assert rbrctl(clone, "diff", "git:one:rules", "git:two:rules")[0] == 0


def test_variables_that_point_git_elsewhere_are_not_followed(
    upstream: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    git(elsewhere, "init", "-q")
    pointing = {"GIT_DIR": str(elsewhere / ".git"), "GIT_WORK_TREE": str(elsewhere)}
    code, err = rbrctl(upstream, "diff", "git:one:rules", "git:two:rules", **pointing)
    assert (code, "error" in err) == (0, False)


def test_a_repository_that_names_another_working_tree_is_one_message(
    upstream: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    git(upstream, "config", "core.worktree", str(tmp_path / "other"))
    code, err = rbrctl(upstream, "diff", "git:one:./rules", "git:two:rules")
    assert code == 2
    assert "core.worktree" in err
    assert "Traceback" not in err


def test_a_folder_that_looks_like_a_bare_repository_is_not_one(
    upstream: Path, tmp_path: Path
) -> None:
    bare = upstream / "rules" / "bare"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    program, mark = hostile_command(tmp_path)
    git(bare, "config", "core.fsmonitor", str(program))
    code, err = rbrctl(bare, "diff", "git:one:rules", "git:two:rules")
    assert code == 2
    assert "in no git repository" in err
    assert not mark.exists()
