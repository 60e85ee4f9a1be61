"""The names that packages make public: all there, all documented, and none of them costly."""

import subprocess
import sys
from importlib import import_module

import pytest

PACKAGES = ("rbrctl", "rbrctl.graders", "rbrctl.grading", "rbrctl.rewards")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there_and_documented(package: str) -> None:
    module = import_module(package)
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name).__doc__
        assert getattr(module, name).__name__ == name


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_costs_nothing_before_a_name_is_used(package: str) -> None:
    code = f"import sys, {package}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert package in loaded
    assert not {"httpx", "jsonschema", "numpy", "yaml"} & set(loaded)


def test_another_name_is_none() -> None:
    with pytest.raises(AttributeError, match="module 'rbrctl' has no attribute 'lod'"):
        vars(import_module("rbrctl"))["__getattr__"]("lod")
