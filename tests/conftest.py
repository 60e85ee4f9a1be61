"""Make the helpers beside this file importable, and find the shared data where it is there."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes says more about the machine than about the code.
settings.register_profile("rbrctl", deadline=None)
settings.load_profile("rbrctl")

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS))


@pytest.fixture
def shared() -> Path:
    """Give the folder with the data that the project is developed against; skip without it."""
    folder = Path(os.environ.get("RBRCTL_SHARED", TESTS.parent.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the shared data folder ({folder.name} beside the checkout)")
    return folder
