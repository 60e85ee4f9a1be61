"""What a repository's own file may set, through the real command line, and that nothing is left."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.json_server import JsonServer, Reply

from rbrctl.cli.command_tree import LazyGroup, root_group
from rbrctl.cli.main import run
from rbrctl.cli.option_trust import COSTLY_WORDS, TRUST, Trust
from rbrctl.cli.output import Output
from rbrctl.cli.parameters import options_by_name
from rbrctl.cli.registry import ENTRIES

Call = Callable[..., tuple[int, str]]


def commands(group: LazyGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name in group.entries:
        command = group.get_command(None, name)
        if isinstance(command, LazyGroup):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_every_option_of_every_command_says_who_may_set_it() -> None:
    found = {
        option
        for _, command in commands(root_group(ENTRIES))
        for option in options_by_name(command.params)
    }
    assert found - set(TRUST) == set()
    # "headers" is refused as a likely slip for "header".
    assert set(TRUST) - found == {"headers"}
    assert all(TRUST[option] is Trust.CHOICE for option in COSTLY_WORDS)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository to stand in, beside a folder that is none of its business."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    return folder


@pytest.fixture
def call(here: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def call_it(*arguments: str, toml: str = "", own: str = "") -> tuple[int, str]:
        (here / "rbrctl.toml").write_text(toml)
        if own:
            (here.parent / "own" / "rbrctl").mkdir(parents=True, exist_ok=True)
            (here.parent / "own" / "rbrctl" / "config.toml").write_text(own)
        capsys.readouterr()
        code = run(arguments, output=Output({}))
        err = capsys.readouterr().err
        assert "Traceback" not in err
        return code, err

    return call_it


REFUSED = [
    ("overwrite = true", "overwrite what you have"),
    ('model = "large"', "start or enlarge spending"),
    ("extra-body = '{\"n\": 50}'", "start or enlarge spending"),
    ("repeat = 50", "start or enlarge spending"),
    ("votes = 50", "start or enlarge spending"),
    ("max-tokens = 100000", "start or enlarge spending"),
    ("price_in = 0.0001", "start or enlarge spending"),
    ('host = "0.0.0.0"', "open a server"),
    ('token-env = "PATH"', "open a server"),
    ("dry-run = true", "hide what a gate would catch"),
    ('only-class = "comply"', "hide what a gate would catch"),
    ("bless = true", "hide what a gate would catch"),
    ('api-key-env = "OTHER"', "send a key elsewhere"),
]


@pytest.mark.parametrize("table", ["", "[tool.rbrctl]"])
@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_options_that_no_repository_may_set(
    call: Call, here: Path, line: str, reason: str, table: str
) -> None:
    code, err = call("grade", "builtin:fixtures", "--limit", "1", toml=f"{table}\n{line}\n")
    key = line.split()[0]
    option = key.replace("_", "-")
    assert code == 2
    assert f"rbrctl.toml:2: '{key}' may not be set by a file in a repository" in err
    variable = f"RBRCTL_{option.replace('-', '_').upper()}"
    assert reason in err
    assert f"use --{option}, {variable} or your own ~/.config/rbrctl/config.toml" in err


def test_a_pyproject_is_no_more_trusted(here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.rbrctl.grade]\noverwrite = true\n")
    assert run(("grade", "builtin:fixtures"), output=Output({})) == 2


def test_the_users_own_file_may_set_them(call: Call) -> None:
    own = 'votes = 7\nrepeat = 2\nhost = "127.0.0.1"\nmax-calls = 5\n'
    code, err = call("grade", "builtin:fixtures", "--limit", "1", own=own)
    assert (code, "error" in err) == (0, False)


@pytest.mark.parametrize(
    "line",
    [
        "concurrency = 65",
        "retries = 99",
        'mode = "votes"',
        'ask = "all"',
        'cache = "none"',
        'grader = "endpoint"',
    ],
)
def test_budgets_are_not_enlarged(call: Call, line: str) -> None:
    code, err = call("grade", "builtin:fixtures", "--limit", "1", toml=line)
    assert code == 2
    assert f"a file in a repository may not set '{line.split()[0]}' to" in err


def test_budgets_may_be_lowered_but_not_above_the_users_own(call: Call) -> None:
    lower = "concurrency = 8\nmax-calls = 10\n"
    assert call("grade", "builtin:fixtures", "--limit", "1", toml=lower)[0] == 0
    code, err = call("grade", "builtin:fixtures", toml=lower, own="max-calls = 5\n")
    assert code == 2
    assert "may not set 'max-calls' to 10: it may only lower the limit of 5" in err


@pytest.mark.parametrize("key", ["output", "cache"])
@pytest.mark.parametrize("value", ["../outside/file", "link/file", "/outside", ".git/hooks/x"])
def test_nothing_outside_the_repository_is_written(
    call: Call, here: Path, key: str, value: str
) -> None:
    (here / "link").symlink_to(here.parent / "outside")
    (here / ".git" / "hooks").mkdir()
    path = str(here.parent / "outside" / "file") if value == "/outside" else value
    code, err = call("grade", "builtin:fixtures", "--limit", "1", toml=f'{key} = "{path}"\n')
    assert code == 2
    assert f"a file in a repository may not set '{key}' to" in err
    assert list((here.parent / "outside").iterdir()) == []
    assert list((here / ".git" / "hooks").iterdir()) == []


def test_products_inside_the_repository_are_written(call: Call, here: Path) -> None:
    assert call("grade", "builtin:fixtures", "--limit", "1", toml='output = "out.jsonl"')[0] == 0
    assert (here / "out.jsonl").exists()


@pytest.mark.parametrize("value", ["../outside/rules", "link", "link/ruleset.yaml"])
def test_nothing_outside_the_repository_is_read(call: Call, here: Path, value: str) -> None:
    rules = here.parent / "outside" / "rules"
    rules.mkdir()
    (rules / "ruleset.yaml").write_text("secret: [")
    (here / "link").symlink_to(rules)
    for arguments in (("validate",), ("grade", "builtin:fixtures")):
        code, err = call(*arguments, toml=f'rules = "{value}"\n')
        assert code == 2
        assert "the path is outside the repository" in err
        assert "secret" not in err


def test_a_graders_file_is_inside_the_repository(call: Call) -> None:
    toml = 'grader = "recorded:../outside/results.jsonl"\n'
    code, err = call("grade", "builtin:fixtures", toml=toml)
    assert code == 2
    assert "the path is outside the repository" in err


def test_a_repository_asks_for_more_than_the_user_but_not_for_less(call: Call) -> None:
    arguments = ("grade", "builtin:fixtures")
    assert call(*arguments, toml="min-accuracy = 1.0\n")[0] == 1
    own = "min-accuracy = 0.4\n"
    for loose in ("min-accuracy = 0.1", 'min-accuracy = ["0.5", "no-emoji=0.1"]'):
        code, err = call(*arguments, toml=loose, own=own)
        assert code == 2
        assert "your own setting requires 0.4" in err
    code, err = call(*arguments, "--min-accuracy", "0.0", toml="min-accuracy = 1.0\n", own=own)
    assert code == 0


def test_gates_of_diff_are_only_added(call: Call) -> None:
    arguments = ("diff", "builtin:safety", "builtin:safety")
    code, err = call(*arguments, toml='fail-on = "none"\n')
    assert code == 2
    assert "may not set 'fail-on' to none: it may only add gates" in err
    assert call(*arguments, toml='fail-on = ["changed"]\n')[0] == 0
    code, err = call(*arguments, toml='fail-on = "changed"\n', own='fail-on = "flips:0"\n')
    assert code == 2
    assert "your own setting requires 'flips:0'" in err


def test_an_endpoint_of_the_users_is_not_asked_more_often(
    call: Call, serve: Callable[[Reply], JsonServer]
) -> None:
    server = serve(lambda path, body: (200, {}))
    own = f'base-url = "{server.address}/v1"\n'
    for line in ('model = "m"', 'grader = "endpoint"', 'writer = "m"'):
        assert call("grade", "builtin:fixtures", toml=line, own=own)[0] == 2
    assert server.asked == []
