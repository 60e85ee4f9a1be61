import subprocess
from pathlib import Path

import pytest

from rbrctl.errors import FileError, RuleSetError, UsageError
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.sources import open_source

ROOT = """\
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


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main branch has version 1, and whose branch "change" has version 2."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository"
    rules = folder / "my rules"
    rules.mkdir(parents=True)
    (rules / "ruleset.yaml").write_text(ROOT)
    (rules / "README.md").write_text("no yaml: [")
    (rules / ".hidden.yaml").write_text("no yaml: [")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "checkout", "-q", "-b", "change")
    (rules / "ruleset.yaml").write_text(ROOT.replace('"1"', '"2"'))
    git(folder, "commit", "-q", "-a", "-m", "two")
    git(folder, "checkout", "-q", "main")
    (folder / "other.txt").write_text("x")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "main goes on")
    git(folder, "checkout", "-q", "change")
    (rules / "ruleset.yaml").write_text("broken: [")
    monkeypatch.chdir(folder)
    return folder


def test_a_revision_is_read_without_the_working_tree(repository: Path) -> None:
    before = git(repository, "status", "--porcelain")
    assert load("git:main:my rules").version == "1"
    assert load("git:change:my rules").version == "2"
    assert load("git:main...:my rules").version == "1"
    assert load("git:HEAD~1:my rules/ruleset.yaml").version == "1"
    assert git(repository, "status", "--porcelain") == before


def test_names_of_files_begin_with_what_was_asked_for(repository: Path) -> None:
    (file,) = open_source("git:main:my rules").files()
    assert file.name == "git:main:my rules/ruleset.yaml"
    assert file.content == ROOT.encode()


def test_a_path_with_a_dot_counts_from_here(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "my rules")
    assert load("git:main:./").version == "1"
    assert load("git:main:my rules").version == "1"
    with pytest.raises(UsageError, match="outside the repository"):
        open_source("git:main:../../")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("git:nowhere:my rules", "^there is no revision 'nowhere'$"),
        ("git:--help:my rules", "^there is no revision '--help'$"),
        ("git:nowhere...:my rules", "^there is no revision 'nowhere'$"),
        ("git:main:rules", r"^'rules' is not there in 'main' \(commit [0-9a-f]{12}\)$"),
        ("git:main", "is not 'git:REVISION:PATH'"),
        ("git::rules", "is not 'git:REVISION:PATH'"),
        ("git:main:*", "is not there in 'main'"),
    ],
)
def test_what_is_not_there_is_told(repository: Path, spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_source(spec)


def test_a_shallow_clone_says_what_to_fetch(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", str(clone))
    monkeypatch.chdir(clone)
    with pytest.raises(UsageError, match=r"shallow clone: .*--unshallow.*fetch-depth: 0"):
        open_source("git:HEAD~1:my rules")


def test_histories_without_a_common_commit_are_told(repository: Path) -> None:
    git(repository, "checkout", "-q", "-f", "--orphan", "alone")
    git(repository, "commit", "-q", "-m", "alone")
    with pytest.raises(UsageError, match="'main' and HEAD have no common commit"):
        open_source("git:main...:my rules")


def test_outside_of_a_repository_and_without_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="in no git repository"):
        open_source("git:main:rules")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        open_source("git:main:rules")


def test_a_link_is_refused_and_broken_files_are_named(repository: Path) -> None:
    git(repository, "commit", "-q", "-a", "-m", "broken")
    with pytest.raises(RuleSetError, match=r"^git:HEAD:my rules/ruleset\.yaml:\d+:\d+: not YAML"):
        load("git:HEAD:my rules")
    (repository / "my rules" / "link.yaml").symlink_to("ruleset.yaml")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "link")
    with pytest.raises(FileError, match=r"link\.yaml: a link"):
        open_source("git:HEAD:my rules").files()


def test_a_base_is_read_from_the_same_commit(repository: Path) -> None:
    (repository / "my rules" / "ruleset.yaml").write_text(ROOT)
    team = repository / "team"
    team.mkdir()
    (team / "ruleset.yaml").write_text(
        'rbrctl: 1\nname: team\nversion: "1"\nranks: [good, bad]\nbase: "../my rules"\n'
    )
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "team")
    (repository / "my rules" / "ruleset.yaml").unlink()
    assert list(load("git:HEAD:team").rules) == ["is-polite"]
    for base, message in (("../../x", "outside the repository"), ("../x", "not a folder")):
        (team / "ruleset.yaml").write_text(
            f'rbrctl: 1\nname: team\nversion: "1"\nranks: [good, bad]\nbase: {base}\n'
        )
        git(repository, "commit", "-q", "-a", "-m", base)
        with pytest.raises(RuleSetError, match=message):
            load("git:HEAD:team")
