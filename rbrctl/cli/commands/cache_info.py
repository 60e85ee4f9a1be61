"""``rbrctl cache info``: the contents of the cache of answers."""

from typing import Annotated

import typer

from rbrctl.cli.endpoint import existing_cache
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TableFormatOption, write_report
from rbrctl.cli.options import output_of
from rbrctl.reports.interface import TEXT
from rbrctl.wording import counted

CacheFileOption = Annotated[
    str | None,
    typer.Option(
        "--cache",
        metavar="FILE",
        help="File of the cached answers.  [default: a file in your cache folder]",
    ),
]


def command(
    context: typer.Context,
    cache: CacheFileOption = None,
    format_: TableFormatOption = TEXT,
) -> ExitCode:
    """Show how many answers of each endpoint and model the cache holds, and how old they are."""
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.reports.graders import cache_report

    output = output_of(context)
    path = existing_cache(cache, output.environment)
    opened = AnswerCache(path)
    try:
        shares = opened.shares()
    finally:
        opened.close()
    size = path.stat().st_size
    write_report(output, cache_report(path, size, shares), format_)
    total = sum(share.answers for share in shares)
    output.info(f"{counted(total, 'answer')}, {size:,} bytes")
    return ExitCode.YES
