"""Every test can fail: it asserts something, by itself or through a helper of the tests."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
ASSERTING_CALLS = {"raises", "warns", "deprecated_call", "fail"}
"""Functions of pytest that fail the test where something is not as it should be."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, FUNCTION)]


def called(function: Function) -> set[str]:
    """Return the last names of all that a function calls, in functions inside it too."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    attributes = {each.attr for each in calls if isinstance(each, ast.Attribute)}
    return attributes | {each.id for each in calls if isinstance(each, ast.Name)}


def asserts(function: Function) -> bool:
    """Tell whether a function asserts by itself; a constant is no assertion."""
    return bool(called(function) & ASSERTING_CALLS) or any(
        isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant | ast.Tuple)
        for node in ast.walk(function)
    )


def asserting_names(trees: Iterable[ast.AST]) -> set[str]:
    """Return the names of the functions that assert, or call one that does."""
    calls: dict[str, set[str]] = {}
    names: set[str] = set()
    for function in (each for tree in trees for each in functions(tree)):
        calls.setdefault(function.name, set()).update(called(function))
        if asserts(function):
            names.add(function.name)
    while more := {name for name, used in calls.items() if used & names} - names:
        names |= more
    return names


def idle_tests(trees: Mapping[str, ast.AST]) -> list[str]:
    """Return each test that asserts nothing, as its file, its line and its name."""
    names = asserting_names(trees.values())
    return [
        f"{file}:{test.lineno} {test.name}"
        for file, tree in trees.items()
        if Path(file).name.startswith("test_")
        for test in functions(tree)
        if test.name.startswith("test_") and not asserts(test) and not called(test) & names
    ]


def test_every_test_asserts_something() -> None:
    trees = {
        path.relative_to(TESTS).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(TESTS.rglob("*.py"))
    }
    assert len(trees) > 100
    assert idle_tests(trees) == []


@pytest.mark.parametrize(
    ("body", "idle"),
    [
        ("run()", True),
        ("assert True", True),
        ("assert (1, 2)", True),
        ("assert run() == 1", False),
        ("with pytest.raises(ValueError): run()", False),
        ("check()", False),
        ("async def inner(): check()", False),
    ],
)
def test_a_test_that_asserts_nothing_is_seen(body: str, idle: bool) -> None:
    helpers = (
        "def run(): return 1\ndef check_more(): assert run() == 1\ndef check(): check_more()\n"
    )
    trees = {"test_it.py": ast.parse(f"{helpers}def test_it():\n    {body}")}
    assert bool(idle_tests(trees)) == idle
