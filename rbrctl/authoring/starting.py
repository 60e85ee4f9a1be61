"""A new rule set to start from: files that validate and whose tests pass as they are."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from rbrctl.errors import FileError, UsageError, cannot
from rbrctl.ruleset.schema import schema_text
from rbrctl.ruleset.sources import BUILTIN_PREFIX, builtin_path
from rbrctl.wording import hint_for

STARTER = "starter"
CHOICES = (STARTER, "safety")
WORKFLOW = ".github/workflows/rules.yml"
_HERE = Path(__file__).parent / "starter"
_SCHEMA_LINE = re.compile(r"^# yaml-language-server: \$schema=.*$", re.MULTILINE)
_SHOWN = 5


def starter_files(kind: str = STARTER) -> dict[str, str]:
    """
    Return the files of a new project, by their path within its folder.

    ``starter`` is a policy of five rules, ``safety`` the reference rule set. Raises UsageError for
    another kind.
    """
    if kind not in CHOICES:
        hint = hint_for(kind, CHOICES)
        raise UsageError(f"--from {kind}: there is no such rule set to start from; {hint}")
    if kind == STARTER:
        rules, fixtures = _HERE / "rules", _HERE / "fixtures"
    else:
        rules = builtin_path(f"{BUILTIN_PREFIX}{kind}")
        fixtures = builtin_path(f"{BUILTIN_PREFIX}fixtures")
    files = {
        f"rules/{path.relative_to(rules).as_posix()}": _with_schema(path, rules)
        for path in sorted(rules.rglob("*.yaml"))
    }
    return files | {
        "rules/schema.json": schema_text(),
        "fixtures/transcripts.jsonl": (fixtures / "transcripts.jsonl").read_text("utf-8"),
        WORKFLOW: (_HERE / "ci" / "rules.yml").read_text("utf-8"),
    }


def _with_schema(path: Path, rules: Path) -> str:
    """Point a file's schema line to the schema at the top of the new rule set."""
    up = "../" * (len(path.relative_to(rules).parts) - 1)
    line = f"# yaml-language-server: $schema={up}schema.json"
    return _SCHEMA_LINE.sub(line, path.read_text("utf-8"), count=1)


def write_new(folder: Path, files: Mapping[str, str]) -> None:
    """
    Write files below a folder, none of which may be there already.

    Raises UsageError naming those that are, before anything is written; FileError where a file
    cannot be written, or a symbolic link would lead it out of the folder.
    """
    for name in files:
        _check_inside(folder, name)
    there = [name for name in files if os.path.lexists(folder / name)]
    if there:
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        raise UsageError(
            f"{folder}: {', '.join(there[:_SHOWN])}{more} already "
            f"{'exists' if len(there) == 1 else 'exist'}; name another folder"
        )
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise cannot("write", path, error) from error


def _check_inside(folder: Path, name: str) -> None:
    """Raise FileError if a folder on the way to a file is a link out of ``folder``."""
    target = Path(os.path.realpath(folder / name))
    if not target.is_relative_to(os.path.realpath(folder)):
        raise FileError(
            f"{folder / name}: a symbolic link leads out of {folder}, and files are written only "
            "inside it; remove the link or name another folder"
        )
