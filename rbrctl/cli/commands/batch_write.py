"""``rbrctl batch write``: questions as files that a server answers at its leisure."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint import open_cache, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.inputs import read_source, report_problems
from rbrctl.cli.options import output_of
from rbrctl.cli.products import check_products
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import UsageError
from rbrctl.grading.plan import Ask
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.cli.output import Output
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.records.models import Transcript
    from rbrctl.records.problems import ProblemLog
    from rbrctl.ruleset.model import RuleSet


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    transcripts: Annotated[
        str,
        typer.Argument(
            metavar="TRANSCRIPTS",
            help="A JSON Lines file, - for standard input, or builtin:fixtures.",
        ),
    ],
    rules: RulesOption = None,
    prefix: Annotated[
        str,
        typer.Option("--output", "-o", metavar="PREFIX", help="Files are PREFIX-00001.jsonl, ..."),
    ] = "batch",
    ask: Annotated[
        Ask, typer.Option("--ask", help="What the rules of a row's class need, or all.")
    ] = Ask.NEEDED,
) -> ExitCode:
    """
    Write every question that has no answer yet as a line of an OpenAI batch file.

    The files go to 'batch submit', or to 'vllm run-batch'; 'batch read' takes the answers into
    the cache, and 'grade' with the same options finds them there. Written again, only what is
    missing is written. The mode must be logprobs, schema or text; logprobs unless it is named or
    was found by a probe.
    """
    from rbrctl.records.problems import ProblemLog

    _check_prefix(prefix)
    check_products({"-o's first file": f"{prefix}-00001.jsonl"}, {"the transcripts": transcripts})
    output = output_of(context)
    ruleset = load_rules(rules, output)
    settings = settings_of(endpoint, output)
    problems = ProblemLog()
    items = read_source(transcripts, problems)
    cache = open_cache(endpoint.cache, output)
    try:
        work = _write(ruleset, settings, cache, items, Path(prefix), ask)
        files, mode = asyncio.run(work)
    finally:
        cache.close()
    return _report(output, files, mode, problems)


def _check_prefix(prefix: str) -> None:
    """Raise UsageError for a name that is wrong for a file, and so for the start of several."""
    special = os.path.exists(prefix) and not (os.path.isfile(prefix) or os.path.isdir(prefix))
    if prefix == "-" or special:
        raise UsageError(
            f"--output {prefix}: the questions go to files of which this is only the start of the "
            "names, so it cannot be standard output, a pipe or a device; give a name such as batch"
        )


async def _write(
    ruleset: "RuleSet",
    settings: "EndpointSettings",
    cache: "AnswerCache",
    transcripts: "Iterator[Transcript]",
    prefix: Path,
    ask: Ask,
) -> tuple[list[Path], str]:
    from rbrctl.graders.batches.identifiers import requests_of
    from rbrctl.graders.batches.shards import write_shards
    from rbrctl.graders.endpoint.opening import open_grader
    from rbrctl.grading.engine import Engine, EngineOptions
    from rbrctl.ruleset.verdict import Judge

    grader = await open_grader(ruleset, settings, cache, offline=True, keep_assumptions=True)
    engine = Engine(Judge(ruleset), grader, EngineOptions(ask))
    try:
        work = ((item, engine.questions(engine.ungraded(item))) for item in transcripts)
        return write_shards(requests_of(grader, cache, work), prefix), grader.identity.mode or ""
    finally:
        await grader.close()


def _report(output: "Output", files: list[Path], mode: str, problems: "ProblemLog") -> ExitCode:
    output.report("\n".join(map(str, files)))
    if files:
        lines = sum(_lines(path) for path in files)
        output.talk(f"{counted(lines, 'question')} (mode {mode}) in {counted(len(files), 'file')}")
    else:
        output.talk("nothing to ask: the cache has every answer")
    return report_problems(output, problems, "batch")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
