"""
How many examples a property is tried on, and whether a test of many kills makes all of them.

Few by default, for those who wait for the answer; all of them where RBRCTL_THOROUGH is set, as in
CI. Failing examples that are found once are kept by hypothesis and tried first.
"""

import os

from hypothesis import settings

THOROUGH = bool(os.environ.get("RBRCTL_THOROUGH"))
_SHARE = 5
_FEWEST = 20


def examples(number: int) -> settings:
    """Try a property on ``number`` examples, or on a share of them by default."""
    return settings(max_examples=number if THOROUGH else max(_FEWEST, number // _SHARE))
