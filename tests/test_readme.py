"""The README's console blocks are run, in order, in one folder, and must print what it shows."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from rbrctl.cli.command_tree import LazyGroup, root_group
from rbrctl.cli.registry import ENTRIES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
ELISION = "..."


def steps() -> list[tuple[str, list[str]]]:
    """Give each command with the lines that the README shows below it."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCKS:
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(shown: list[str], printed: list[str]) -> bool:
    """Compare line by line; a line of three dots stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == ELISION else re.escape(line.rstrip()) + r"\n"
        for line in shown
    )
    text = "".join(line.rstrip() + "\n" for line in printed)
    return re.fullmatch(pattern, text) is not None


@pytest.mark.skipif(os.name != "posix", reason="the README's commands are for a POSIX shell")
def test_every_command_prints_what_the_readme_shows(tmp_path):
    for folder in ("rules", "fixtures"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    environment = {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "COLUMNS": "80",
    }
    environment.pop("GITHUB_ACTIONS", None)
    program = f"{shlex.quote(sys.executable)} -m rbrctl "
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    assert len(steps()) >= 8
    for command, shown in steps():
        done = subprocess.run(
            ["/bin/sh", "-c", re.sub(r"\brbrctl (?=[a-z-])", program, command)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout.splitlines()
        assert matches(shown, printed), f"$ {command}\n{done.stdout}\n{done.stderr}"


def known_commands() -> dict[str, set[str]]:
    """Give the options of every command, by its words."""

    def walk(group: LazyGroup, words: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
        for name in group.entries:
            command = group.get_command(None, name)
            if isinstance(command, LazyGroup):
                yield from walk(command, (*words, name))
            else:
                yield " ".join((*words, name)), {o for each in command.params for o in each.opts}

    return dict(walk(root_group(ENTRIES), ()))


def test_every_command_and_option_that_it_names_exists():
    commands = known_commands()
    groups = {name.split()[0] for name in commands}
    lines = re.findall(r"`(rbrctl [^`\n]+)`", README)
    lines += re.findall(r"^(?:\$ |    - )?(rbrctl [a-z].*)", README, re.MULTILINE)
    assert len(lines) > 20
    for line in lines:
        for part in re.split(r"&&|\|", line):
            words = re.findall(r"^\s*rbrctl ([a-z]+)(?: ([a-z]+))?", part)
            if not words:
                continue
            name = " ".join(words[0]) if " ".join(words[0]) in commands else words[0][0]
            assert name in commands or name in groups, part
            for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", part):
                assert option in commands[name], part


def test_the_library_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", example],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 144
    assert {line.split()[1] for line in lines} >= {"ideal", "less_good"}
    assert len(example.strip().splitlines()) <= 10


def test_what_the_trainer_example_imports_is_there():
    (example,) = re.findall(r"```py\n(.*?)```", README, re.DOTALL)
    imports = [each for each in ast.parse(example).body if isinstance(each, ast.ImportFrom)]
    assert len(imports) == 3
    for each in imports:
        assert all(hasattr(import_module(each.module), name.name) for name in each.names)
