"""
The house stands as it was drawn.

What may import what, who may speak to the outside, that nothing is left unused, and how docstrings
begin.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
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
"""Called with texts by tools that have no command line of ours: it reads the environment itself."""
STARTS_A_PROGRAM = "ruleset/git_commands.py"
"""Hands git the environment without the variables that point it elsewhere; reads nothing of it."""
HEAVY = ("httpx", "jsonschema", "yaml", "numpy")
VARIANTS = {
    "rbrctl.authoring.importers": "recognises",
    "rbrctl.cli.commands": "command",
    "rbrctl.graders.kinds": "KIND",
    "rbrctl.records.readers": "recognises",
    "rbrctl.reports.formats": "FORMAT",
    "rbrctl.rewards.losses": "LOSS",
    "rbrctl.ruleset.checks": "ID",
}
"""Folders that a registry looks through, and the name by which it knows a part."""
OPENED_BY_OTHERS = ("rbrctl.cli.main", "rbrctl.__main__", "rbrctl.rewards.adapters.")
"""Entry points, and what trainers import: nothing of ours needs to import these."""
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}


def package_of(module: str) -> str:
    """Return the name within rbrctl that a module belongs to; empty for rbrctl itself."""
    top = module.split("/")[0].removesuffix(".py")
    return "" if top == "__init__" else top


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of everything imported, wherever in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def names_used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each plain or dotted name that is used, and each that is imported, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.lineno, f"{node.value.id}.{node.attr}"
    yield from imported(tree)


def floor_breaks(package: str, tree: ast.AST) -> list[tuple[int, str]]:
    """Return the imports of a floor above, or of another package on the same floor."""
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


# --- No cycle, nothing unused ---------------------------------------------------------------------


def dotted(module: str) -> str:
    """Return the name under which Python knows the module of a file."""
    return "rbrctl." + module.removesuffix(".py").replace("/", ".")


def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of every module by its dotted name; a package is ``x.__init__``."""
    return {dotted(module): ast.parse(path.read_text("utf-8")) for module, path in MODULES.items()}


def run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """
    Walk over what runs when a module is imported.

    Left out are the bodies of functions, which run later, and what only a type checker reads.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            yield from (part for other in child.orelse for part in [other, *run_at_import(other)])
            continue
        yield child
        yield from run_at_import(child)


def modules_named(nodes: Iterable[ast.AST], known: Iterable[str]) -> set[str]:
    """
    Return the modules of ``known`` that import statements name.

    ``from rbrctl.a import b`` names the module ``rbrctl.a.b`` where there is one, and else the
    package or module ``rbrctl.a``. The packages above a module are imported with it, but count only
    where they are named: else every package would be in a cycle with its own modules.
    """
    modules = set(known)
    named: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            ways = [[alias.name] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            ways = [[f"{node.module}.{alias.name}", str(node.module)] for alias in node.names]
        else:
            continue
        for way in ways:
            candidates = [each for name in way for each in (name, f"{name}.__init__")]
            named |= set([each for each in candidates if each in modules][:1])
    return named


def import_cycle(found: Mapping[str, ast.Module]) -> list[str]:
    """Return the modules of one cycle of imports, or nothing if there is none."""
    graph = {
        name: modules_named(run_at_import(tree), found) - {name} for name, tree in found.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def unused(found: Mapping[str, ast.Module]) -> set[str]:
    """Return the modules that no other one imports, no registry knows and no one else opens."""
    used = {
        other
        for name, tree in found.items()
        for other in modules_named(ast.walk(tree), found) - {name}
    }
    # Some are imported by a name in a text: import_module("..."), or lazily(...).
    texts = {
        node.value
        for tree in found.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        name
        for name, tree in found.items()
        if not name.endswith(".__init__") and not name.startswith(OPENED_BY_OTHERS)
        if name not in used | texts and not _is_variant(name, tree)
    }


def _is_variant(name: str, tree: ast.Module) -> bool:
    sought = VARIANTS.get(name.rpartition(".")[0])
    return sought is not None and sought in defined(tree)


def defined(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def test_no_module_imports_itself_through_others() -> None:
    assert import_cycle(trees()) == []


def test_every_module_is_used() -> None:
    assert unused(trees()) == set()


@pytest.mark.parametrize("folder", VARIANTS)
def test_every_folder_of_variants_has_some(folder: str) -> None:
    found = [name for name, tree in trees().items() if _is_variant(name, tree)]
    assert [name for name in found if name.startswith(f"{folder}.")]


def test_a_cycle_is_seen_and_an_import_that_runs_later_is_none() -> None:
    def cycle(first: str) -> list[str]:
        a, b = ast.parse(first), ast.parse("from rbrctl.a import one")
        return import_cycle({"rbrctl.a": a, "rbrctl.b": b})

    assert set(cycle("if True:\n    from rbrctl.b import two")) == {"rbrctl.a", "rbrctl.b"}
    assert set(cycle("class A:\n    import rbrctl.b")) == {"rbrctl.a", "rbrctl.b"}
    assert cycle("def f():\n    from rbrctl.b import two") == []
    assert cycle("if TYPE_CHECKING:\n    from rbrctl.b import two") == []
    package = {"rbrctl.__init__": ast.parse("from rbrctl import a")}
    assert import_cycle({**package, "rbrctl.a": ast.parse("import rbrctl.b")}) == []
    assert import_cycle({**package, "rbrctl.a": ast.parse("from rbrctl import grade")})


def test_an_unused_module_is_seen() -> None:
    checks = "rbrctl.ruleset.checks"
    found = {
        "rbrctl.forgotten": ast.parse("import rbrctl.forgotten"),
        "rbrctl.named": ast.parse(""),
        "rbrctl.cli.main": ast.parse("def f():\n    import_module('rbrctl.named')"),
        f"{checks}.part": ast.parse("ID = 'part'"),
        f"{checks}.helper": ast.parse("from elsewhere import ID"),
    }
    assert unused(found) == {"rbrctl.forgotten", f"{checks}.helper"}


# --- How docstrings begin -------------------------------------------------------------------------

PRIVATE_DIALECT = frozenset({"Give", "Gives", "Tell", "Tells", "Whether", "Of", "Where"})
"""Words that no docstring begins with: "Return ..." and a noun say the same, and everyone knows."""
NO_NOUN_AND_NO_VERB = frozenset(
    {
        *("Say", "Says", "What", "How", "Who", "Whose", "Why", "Which", "When", "For", "Over"),
        *("From", "In", "By", "That", "Those", "It", "Its", "They", "One", "Nothing", "Both"),
    }
)
"""Words with which the docstring of a function or property is a fragment."""


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """Yield each docstring with its line, and whether it is that of a function or property."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            for target, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(target, ast.Assign | ast.AnnAssign) and (said := _text_of(text)):
                    yield text.lineno, said, False
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if said := _text_of(node.body[0] if node.body else None):
            yield node.body[0].lineno, said, not isinstance(node, ast.Module | ast.ClassDef)


def _text_of(statement: ast.stmt | None) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return statement.value.value if isinstance(statement.value.value, str) else ""
    return ""


def mood_problem(text: str, *, is_function: bool) -> str:
    """
    Return what is wrong with how a docstring begins, or an empty string.

    A function's begins with a verb in the imperative ("Return", "Read"); a property's, a class's, a
    value's and a module's may also begin with a noun ("Number of rows"). Of the words that are
    neither, those are listed that came up. "True if" says what a condition means, "True where" does
    not; a single word is no phrase.
    """
    words = re.findall(r"[\w'`]+", text)
    first, second = [*words, "", ""][:2]
    if first in PRIVATE_DIALECT or (is_function and first in NO_NOUN_AND_NO_VERB):
        return f"begins with '{first}'"
    if is_function and (first, second) == ("True", "where"):
        return "begins with 'True where'"
    if is_function and len(words) < 2:
        return "is a single word"
    return ""


def mood_problems(tree: ast.Module) -> list[tuple[int, str]]:
    """Return the line of each docstring of a module that begins badly, and what is wrong."""
    found = [(line, mood_problem(text, is_function=f)) for line, text, f in docstrings(tree)]
    return sorted((line, problem) for line, problem in found if problem)


@pytest.mark.parametrize("module", MODULES)
def test_docstrings_begin_with_a_verb_or_a_noun(module: str) -> None:
    assert mood_problems(ast.parse(MODULES[module].read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "planted",
    [
        'def f():\n    """Give the rank."""',
        'def f():\n    """Whether it held."""',
        'class A:\n    async def f(self):\n        """What it is called."""',
        'class A:\n    def f(self):\n        """\n        For each row its prompt.\n        """',
        'class A:\n    a: int\n    """Of --sample."""',
        'def f():\n    """Begin."""',
        'def f():\n    """True where it held."""',
        '"""Tells who is told."""',
    ],
)
def test_a_docstring_of_the_private_dialect_is_seen(planted: str) -> None:
    assert len(mood_problems(ast.parse(planted))) == 1


@pytest.mark.parametrize(
    "fine",
    [
        'def f():\n    """Return what it is called."""',
        'class A:\n    """For each row the prompt."""\n    a: int\n    """What users call it."""',
        'class A:\n    def f(self):\n        """True if every test passed."""',
        '"""What is wrong with a line, and who is told."""',
        'def f():\n    """``name`` as a user wrote it."""',
    ],
)
def test_other_docstrings_are_let_through(fine: str) -> None:
    assert mood_problems(ast.parse(fine)) == []
