"""``rbrctl cache info``: what the cache of answers holds."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint import cache_path
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TableFormatOption
from rbrctl.cli.options import output_of
from rbrctl.errors import NothingMatchedError
from rbrctl.reports.interface import TEXT
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.graders.cache import CacheShare

REPORT_VERSION = 1

CacheFileOption = Annotated[
    str | None,
    typer.Option("--cache", metavar="FILE", help="[default: in the user's cache folder]"),
]


def command(
    context: typer.Context,
    cache: CacheFileOption = None,
    format_: TableFormatOption = TEXT,
) -> ExitCode:
    """Tell how many answers of which endpoint and model the cache holds, and since when."""
    from rbrctl.cli.formats import report_tables
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.reports.tables import Column, Table, Wrap

    output = output_of(context)
    path = cache_path(cache, output.environment)
    if not path.exists():
        raise NothingMatchedError(f"{path}: there is no cache of answers yet")
    opened = AnswerCache(path)
    try:
        shares = opened.shares()
    finally:
        opened.close()
    columns = (
        Column("endpoint", "endpoint", wrap=Wrap.NAMES),
        Column("model", "model", wrap=Wrap.NAMES),
        Column("mode", "mode"),
        Column("answers", "answers", numeric=True),
        Column("oldest", "oldest"),
        Column("newest", "newest"),
    )
    table = Table("origins", str(path), columns, [_row(share) for share in shares])
    body = {"path": str(path), "bytes": path.stat().st_size}
    report_tables(output, [table], format_, name="cache", version=REPORT_VERSION, body=body)
    total = sum(share.answers for share in shares)
    output.info(f"{counted(total, 'answer')}, {path.stat().st_size:,} bytes")
    return ExitCode.YES


def _row(share: "CacheShare") -> tuple[str, str, str, int, str, str]:
    origin = share.origin
    return (
        origin.endpoint,
        origin.model,
        origin.mode,
        share.answers,
        _day(share.oldest),
        _day(share.newest),
    )


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
