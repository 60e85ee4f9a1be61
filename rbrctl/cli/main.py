"""The program's entry: run a command, and turn every outcome into an exit code and a message."""

import contextlib
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from types import FrameType
from typing import Any

import typer

from rbrctl import __version__
from rbrctl.cli.command_tree import NoCommandGivenError, root_group
from rbrctl.cli.exit_codes import INTERRUPTED, TERMINATED, ExitCode, exit_code_of
from rbrctl.cli.options import HelpRequestedError
from rbrctl.cli.output import ColorMode, Output
from rbrctl.cli.parameters import environment_name, long_name
from rbrctl.cli.registry import ENTRIES, Entry
from rbrctl.errors import GraderError, RbrctlError
from rbrctl.reports.terminal import printable
from rbrctl.wording import did_you_mean

# Typer does not export the base of its parsing errors, and moved it when it took click in.
PARSING_ERROR: type[Exception] = typer.BadParameter.__mro__[2]


def main() -> int:
    """Run the command line of this process; the console script's entry."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    output = Output()
    _end_like_an_interruption(output)
    return run(sys.argv[1:], output=output)


def _end_like_an_interruption(output: Output) -> None:
    """Let SIGTERM end the run as Ctrl-C does; a second SIGTERM ends it at once."""

    def terminate(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        output.terminated = True
        # An event loop has put its own handler there, which lets the work in flight end.
        on_interruption = signal.getsignal(signal.SIGINT)
        if callable(on_interruption):
            on_interruption(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, terminate)


def run(
    arguments: Sequence[str], entries: tuple[Entry, ...] = ENTRIES, output: Output | None = None
) -> int:
    """Run the program with ``arguments`` and return its exit code; never raises."""
    output = Output() if output is None else output
    _look_ahead(arguments, output)
    try:
        code = _invoke(arguments, entries, output)
        output.flush()
    except Exception as error:
        code = _explain(error, output)
    except KeyboardInterrupt:
        code = _interrupted(output)
    return code


def _look_ahead(arguments: Sequence[str], output: Output) -> None:
    """Read ``--color`` and ``--debug`` from arguments that perhaps cannot be parsed."""
    before = list(arguments)[: arguments.index("--")] if "--" in arguments else list(arguments)
    output.debug = "--debug" in before
    joined = [item for item in before if item.startswith("--color=")]
    spaced = [f"--color={value}" for item, value in pairwise(before) if item == "--color"]
    for choice in (*joined, *spaced):
        with contextlib.suppress(ValueError):
            output.color = ColorMode(choice.partition("=")[2])


def _invoke(arguments: Sequence[str], entries: tuple[Entry, ...], output: Output) -> int:
    try:
        outcome = root_group(entries).main(
            args=list(arguments), prog_name="rbrctl", standalone_mode=False, obj=output
        )
    except HelpRequestedError as request:
        output.report(_help(request.context, output))
        return ExitCode.YES
    except NoCommandGivenError as request:
        output.write_message(_help(request.context, output))
        return ExitCode.USAGE
    except typer.Abort:
        return _interrupted(output)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.YES
    if outcome == INTERRUPTED:
        return _interrupted(output)
    return outcome if isinstance(outcome, int) else ExitCode.YES


def _help(context: Any, output: Output) -> str:
    from rbrctl.cli.help import HelpPage

    return HelpPage(context, output.palette, output.width, output.draws_boxes).render()


def _interrupted(output: Output) -> int:
    output.fail("terminated" if output.terminated else "interrupted", output.resume_hint)
    return TERMINATED if output.terminated else INTERRUPTED


def _explain(error: Exception, output: Output) -> int:
    """Print what went wrong in one line, with the traceback if ``--debug`` is given."""
    if output.debug:
        output.write_message("".join(traceback.format_exception(error)).rstrip("\n"))
    if isinstance(error, PARSING_ERROR):
        output.fail(*explain_usage(error))
        return ExitCode.USAGE
    if isinstance(error, RbrctlError):
        stopped = isinstance(error, GraderError) and output.resume_hint is not None
        output.fail(
            str(error), f"when the problem is solved, {output.resume_hint}" if stopped else None
        )
        return exit_code_of(error)
    if isinstance(error, OSError):
        output.fail(_system_message(error))
        return ExitCode.USAGE
    hint = (
        None
        if output.debug
        else "this is a bug: run the command again with --debug, and report the traceback"
    )
    kind = type(error).__name__
    output.fail(f"unexpected {kind}: {printable(str(error))} (rbrctl {__version__})", hint)
    return ExitCode.USAGE


def _system_message(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename}: {reason}" if error.filename is not None else reason


_EXTRA_ARGUMENTS = re.compile(r"^Got unexpected extra arguments?(\(s\))? ")


def explain_usage(error: Any) -> tuple[str, str | None]:
    """Return the message and the hint for an exception of the argument parser."""
    context = getattr(error, "ctx", None)
    message = _message(error, context).rstrip(".")
    message = (message[:1].lower() + message[1:]) + _origin(error, context)
    hint = f"see '{context.command_path} --help'" if context is not None else None
    return message, hint


def _message(error: Any, context: Any) -> str:
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        guess = did_you_mean(option, _option_names(context))
        return f"there is no option '{option}'" + (f"; {guess}" if guess else "")
    message = " ".join(str(error.format_message()).split())
    message = message.replace("Value error, ", "", 1)
    return _EXTRA_ARGUMENTS.sub("there are too many arguments: ", message)


def _option_names(context: Any) -> list[str]:
    parameters = [] if context is None else context.command.params
    return [name for parameter in parameters for name in parameter.opts if name.startswith("-")]


def _origin(error: Any, context: Any) -> str:
    """Return where a refused value came from if it was not typed."""
    parameter = getattr(error, "param", None)
    if parameter is None or context is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    if source is None:
        return ""
    if source.name == "ENVIRONMENT":
        option = long_name(parameter)
        variable = parameter.envvar or (environment_name(option) if option else "")
        names = variable if isinstance(variable, str) else " or ".join(variable)
        return f" (set by the variable {names})"
    settings = getattr(context.default_map, "settings", {})
    if source.name == "DEFAULT_MAP" and parameter.name in settings:
        return f" (set in {settings[parameter.name].source})"
    return ""
