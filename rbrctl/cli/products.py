"""The files that a command writes, which must be none of those that it reads."""

import os
from collections.abc import Mapping

from rbrctl.errors import UsageError
from rbrctl.records.files import is_plain_target

STANDARD_STREAM = "-"


def check_products(
    products: Mapping[str, str | None], inputs: Mapping[str, str | None] | None = None
) -> None:
    """
    Make sure, before any work, that each product can be written and overwrites nothing needed.

    Keys say in messages what a path is (an option or an argument); None and ``-`` are no files.
    Raises FileError for a path that cannot be written, and UsageError for one that is also read or
    written twice, by whatever name.
    """
    seen = {what: path for what, path in (inputs or {}).items() if _is_file(path)}
    for what, path in products.items():
        if path is None or not _is_file(path) or not is_plain_target(path):
            continue
        for other, same in seen.items():
            if same is not None and _same(path, same):
                raise UsageError(f"{what} {path} would overwrite {other}: give another file")
        seen[what] = path


def _is_file(path: str | None) -> bool:
    return path not in (None, "", STANDARD_STREAM)


def _same(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):
        return os.path.realpath(first) == os.path.realpath(second)
