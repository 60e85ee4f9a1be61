"""The streams that a command writes: the report to stdout, progress and messages to stderr."""

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import IO

from rbrctl.errors import FileError
from rbrctl.reports.terminal import Palette, WorkflowCommands, printable_lines, without_commands
from rbrctl.scrubbing import Scrubber, without_credentials

REPORT_WIDTH = 80


class ColorMode(StrEnum):
    """When to use colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def _may_color(stream: IO[str] | None, mode: ColorMode, environment: Mapping[str, str]) -> bool:
    if mode is not ColorMode.AUTO or stream is None:
        return mode is ColorMode.ALWAYS
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return stream.isatty()


def _to_nowhere(stream: IO[str]) -> None:
    # What is still buffered would fail again when the interpreter flushes at exit.
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Output:
    """The two streams of a run, and how their text is shown."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Write to the process's standard streams; ``environment`` defaults to its own."""
        self.environment: Mapping[str, str] = os.environ if environment is None else environment
        self.color = ColorMode.AUTO
        self.quiet = False
        self.debug = False
        self.resume_hint: str | None = None
        """How to continue a run that was stopped; set by commands that can continue."""
        self.terminated = False
        """True if SIGTERM stopped the run, which then ends as by Ctrl-C, with another exit code."""

        self._secrets: set[str] = set()
        self._scrubber = Scrubber(())
        self._warned: set[str] = set()

    def hide(self, *secrets: str) -> None:
        """Remove these texts from all output from now on, on stdout and stderr."""
        self._secrets |= {secret for secret in secrets if secret}
        self._scrubber = Scrubber(self._secrets)

    def scrubbed(self, text: str) -> str:
        """Return a text without the secrets that are hidden so far."""
        return without_credentials(self._scrubber.text(text))

    def warn_once(self, message: str) -> None:
        """Print a warning, but only the first time that it is given."""
        if message not in self._warned:
            self._warned.add(message)
            self.warn(message)

    @property
    def palette(self) -> Palette:
        """The styles for stdout."""
        return Palette(_may_color(sys.stdout, self.color, self.environment))

    @property
    def message_palette(self) -> Palette:
        """The styles for stderr."""
        return Palette(_may_color(sys.stderr, self.color, self.environment))

    @property
    def width(self) -> int:
        """Columns for a report: 80, or fewer on a narrower terminal."""
        return max(40, min(REPORT_WIDTH, shutil.get_terminal_size((REPORT_WIDTH, 24)).columns))

    @property
    def draws_boxes(self) -> bool:
        """True when stdout's encoding has the box-drawing characters."""
        return (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")

    @property
    def in_github_actions(self) -> bool:
        """True inside a GitHub Actions job."""
        return self.environment.get("GITHUB_ACTIONS") == "true"

    @property
    def shows_progress(self) -> bool:
        """True when someone watches stderr: a terminal, not quiet, not CI."""
        return (
            sys.stderr is not None
            and sys.stderr.isatty()
            and not self.quiet
            and not self.environment.get("CI")
        )

    def report(self, text: str) -> None:
        """
        Write a report to stdout, ending it with a newline.

        If the reader closes the pipe early, the rest is dropped and the exit code stays the same.
        Raises FileError if stdout cannot be written. Only a WorkflowCommands may contain commands
        for GitHub's runner.
        """
        if not text:
            return
        holds_commands = isinstance(text, WorkflowCommands)
        text = self._scrubber.text(text)
        if not holds_commands:
            text = without_commands(text)
        self._write(text if text.endswith("\n") else text + "\n")

    def report_lines(self, lines: Iterable[bytes]) -> None:
        """
        Write lines of data to stdout as they are, whatever its encoding.

        A reader that goes early and a stdout that takes nothing are as in ``report``.
        """
        self.flush()
        if sys.stdout is None:
            raise FileError("standard output is closed")
        self._guarded(lambda: sys.stdout.buffer.writelines(lines))

    def flush(self) -> None:
        """Flush the buffered text; raises FileError as ``report`` does."""
        self._write("")

    def _write(self, text: str) -> None:
        if sys.stdout is None:
            # The caller closed it; a run that has nothing to report is not disturbed by that.
            if text:
                raise FileError("standard output is closed")
            return
        self._guarded(lambda: sys.stdout.write(text))

    def _guarded(self, write: Callable[[], object]) -> None:
        try:
            write()
            sys.stdout.flush()
        except BrokenPipeError:
            _to_nowhere(sys.stdout)
        except OSError as error:
            _to_nowhere(sys.stdout)
            reason = os.strerror(error.errno or errno.EIO).lower()
            raise FileError(f"standard output cannot be written: {reason}") from error

    def summarize(self, markdown: str) -> None:
        """Append Markdown to the step's summary, where GitHub Actions offers one."""
        path = self.environment.get("GITHUB_STEP_SUMMARY")
        if not path:
            return
        try:
            with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(without_commands(self._scrubber.text(markdown)) + "\n\n")
        except OSError as error:
            self.warn(f"the step's summary cannot be written: {path}: {error.strerror}")

    def info(self, message: str) -> None:
        """Print a message on stderr unless ``--quiet`` is given; escape control characters."""
        if not self.quiet:
            self.write_message(printable_lines(message))

    def warn(self, message: str) -> None:
        """Print a warning on stderr, also if ``--quiet`` is given."""
        self.write_message(f"{self.message_palette.warning('warning:')} {printable_lines(message)}")

    def fail(self, message: str, hint: str | None = None) -> None:
        """Print on stderr why the run failed, and what to try."""
        palette = self.message_palette
        self.write_message(f"{palette.bad('error:')} {printable_lines(message)}")
        if hint:
            self.write_message(f"{palette.note('hint:')} {printable_lines(hint)}")

    def write_message(self, line: str) -> None:
        """Write a line to stderr that is already escaped and coloured."""
        if sys.stderr is None:
            return
        line = self.scrubbed(line)
        try:
            sys.stderr.write(without_commands(line) + "\n")
            sys.stderr.flush()
        except OSError:
            # There is no stream left on which to report that stderr failed.
            _to_nowhere(sys.stderr)
