"""The files that a command writes, which must be none of those that it reads."""

import os
from collections.abc import Mapping, Sequence

from rbrctl.cli.inputs import STANDARD_INPUT
from rbrctl.errors import UsageError
from rbrctl.records.files import is_plain_target


def check_output_paths(
    products: Mapping[str, str | None], inputs: Mapping[str, str | Sequence[str] | None]
) -> None:
    """
    Make sure, before any work, that each product can be written and overwrites nothing needed.

    Keys say in messages what a path is (an option, or words); None is no file. Raises FileError for
    a path that cannot be written, and UsageError for one that is also read or written twice, by
    whatever name.
    """
    needed = [(what, path) for what, paths in inputs.items() for path in _files(paths)]
    for what, product in products.items():
        # Nothing is lost in a pipe or device.
        if product is None or not is_plain_target(product):
            continue
        for other, path in needed:
            if _same(product, path):
                raise UsageError(f"{what} {product} would overwrite {other}: give another file")
        needed.append((what, product))


def _files(paths: str | Sequence[str] | None) -> list[str]:
    named = [paths] if isinstance(paths, str) else paths or ()
    return [path for path in named if path != STANDARD_INPUT]


def _same(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):
        return os.path.realpath(first) == os.path.realpath(second)
