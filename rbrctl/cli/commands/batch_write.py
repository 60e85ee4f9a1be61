"""``rbrctl batch write``: write questions as files that a server answers later."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from rbrctl.cli.endpoint import open_cache, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import check_output_paths, read_source, report_problems
from rbrctl.cli.options import TRANSCRIPTS_HELP, output_of
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import UsageError
from rbrctl.grading.plan import Ask
from rbrctl.wording import counted


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    transcripts: Annotated[str, typer.Argument(metavar="TRANSCRIPTS", help=TRANSCRIPTS_HELP)],
    rules: RulesOption = None,
    prefix: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="PREFIX",
            help="Start of the file names: PREFIX-00001.jsonl, PREFIX-00002.jsonl, ...",
        ),
    ] = "batch",
    ask: Annotated[
        Ask,
        typer.Option(
            "--ask",
            help="Which propositions to ask: those that the rules of a row's class need, or all.",
        ),
    ] = Ask.NEEDED,
) -> ExitCode:
    """
    Write each question that has no answer yet as a line of an OpenAI batch file.

    Hand the files to 'batch submit' or to 'vllm run-batch'. 'batch read' then stores the answers in
    the cache, where 'grade' with the same options finds them. A second 'batch write' writes only
    the questions that still have no answer. The mode must be logprobs, schema or text; it is
    logprobs unless --mode names another one or a probe has found another one.
    """
    from rbrctl.grading.batches import write_batch_files
    from rbrctl.records.problems import ProblemLog

    _check_prefix(prefix)
    check_output_paths(
        {"the first file of -o": f"{prefix}-00001.jsonl"}, {"the transcripts": transcripts}
    )
    output = output_of(context)
    ruleset = load_rules(rules, output)
    settings = settings_of(endpoint, output)
    problems = ProblemLog()
    items = read_source(transcripts, problems)
    cache = open_cache(endpoint.cache, output)
    try:
        work = write_batch_files(ruleset, settings, cache, items, Path(prefix), ask)
        written = asyncio.run(work)
    finally:
        cache.close()
    output.report("\n".join(map(str, written.paths)))
    if written.paths:
        questions = counted(written.count_questions(), "question")
        output.info(f"{questions} (mode {written.mode}) in {counted(len(written.paths), 'file')}")
    else:
        output.info("there is nothing to ask: the cache has every answer")
    return report_problems(output, problems, "batch")


def _check_prefix(prefix: str) -> None:
    """Raise UsageError for a name that no group of files can begin with: a pipe or a device."""
    special = os.path.exists(prefix) and not (os.path.isfile(prefix) or os.path.isdir(prefix))
    if prefix == "-" or special:
        raise UsageError(
            f"--output {prefix}: the questions go to files of which this is only the start of the "
            "names, so it cannot be standard output, a pipe or a device; give a name such as batch"
        )
