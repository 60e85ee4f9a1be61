"""The house stands as it was drawn: what may import what, and who may speak to the outside."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rbrctl

ROOT = Path(rbrctl.__file__).parent
FLOORS = (
    {"statistics", "errors", "states", "wording", "scrubbing", "digests", "lazy"},
    {"ruleset", "records"},
    {"graders"},
    {"grading", "authoring"},
    {"scoring", "diff", "rewards"},
    {"reports"},
    {"cli", "__main__"},
)
FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names}
SPEAKS_ONLY_IN_CLI = {
    *("print", "input", "exit", "quit", "breakpoint", "SystemExit"),
    *("os.environ", "os.environb", "os.getenv", "os.getenvb", "os._exit", "os.putenv"),
    *("sys.exit", "sys.argv", "sys.stdin", "sys.stdout", "sys.stderr"),
}
TOOLS_CALL_IT = "rewards/adapters/shared.py"
"""Called with texts by tools that have no command line of ours: it reads the environment alone."""
STARTS_A_PROGRAM = "ruleset/git_commands.py"
"""Hands git the environment without the variables that point it elsewhere; reads nothing of it."""
HEAVY = ("httpx", "jsonschema", "yaml", "numpy")
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}


def package_of(module: str) -> str:
    """Give the name within rbrctl that a module belongs to; empty for rbrctl itself."""
    top = module.split("/")[0].removesuffix(".py")
    return "" if top == "__init__" else top


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give the line and the full name of everything imported, wherever in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def names_used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give each plain or dotted name that is used, and each that is imported, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.lineno, f"{node.value.id}.{node.attr}"
    yield from imported(tree)


def floor_breaks(package: str, tree: ast.AST) -> list[tuple[int, str]]:
    """Give the imports of a floor above, or of another package on the same floor."""
    breaks = []
    for line, name in imported(tree):
        other = name.split(".")[1] if name.startswith("rbrctl.") else ""
        if other not in FLOOR_OF or other == package:
            continue
        if package not in FLOOR_OF or FLOOR_OF[other] >= FLOOR_OF[package]:
            breaks.append((line, name))
    return breaks


def test_every_package_has_a_floor() -> None:
    assert {package_of(module) for module in MODULES} - {""} == set(FLOOR_OF)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_floors_below_its_own(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    package = package_of(module)
    if not package:
        return  # The package itself stands at no floor: it names what others define.
    # The program's entry stands at the door: it imports the command line and nothing else.
    allowed = [(5, "rbrctl.cli.main.main")] if package == "__main__" else []
    assert floor_breaks(package, tree) == allowed


@pytest.mark.parametrize(
    "module", [each for each in MODULES if FLOOR_OF.get(package_of(each), 0) < FLOOR_OF["cli"]]
)
def test_nothing_below_the_command_line_prints_reads_the_environment_or_exits(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    used = {name for _, name in names_used(tree)} & SPEAKS_ONLY_IN_CLI
    assert used == ({"os.environ"} if module in (TOOLS_CALL_IT, STARTS_A_PROGRAM) else set())


def test_httpx_is_imported_by_one_module_only() -> None:
    importers = {
        module
        for module, path in MODULES.items()
        for _, name in imported(ast.parse(path.read_text("utf-8")))
        if name.split(".")[0] == "httpx"
    }
    assert importers == {"graders/endpoint/http/proxied.py"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["grader", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "rbrctl", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT.parent,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "rbrctl.cli.main" in loaded
    assert not loaded & set(HEAVY)


def test_a_broken_floor_and_a_spoken_word_are_seen() -> None:
    upward = ast.parse("def f():\n    from rbrctl.reports.tables import Table")
    assert floor_breaks("rewards", upward) == [(2, "rbrctl.reports.tables.Table")]
    sideways = ast.parse("import rbrctl.records.models")
    assert floor_breaks("ruleset", sideways) == [(1, "rbrctl.records.models")]
    assert floor_breaks("graders", sideways) == []
    spoken = ast.parse("from os import environ\nimport sys\nsys.stdout.write('')\nprint()")
    found = {name for _, name in names_used(spoken)} & SPEAKS_ONLY_IN_CLI
    assert found == {"os.environ", "sys.stdout", "print"}
