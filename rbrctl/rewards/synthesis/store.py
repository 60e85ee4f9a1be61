"""The file of accepted completions: appended to as they come, taken up again after a stop."""

import os
from types import TracebackType
from typing import BinaryIO, Self

from rbrctl.errors import FileError, RecordError, cannot
from rbrctl.records.files import is_plain_target
from rbrctl.records.json_lines import encode_line, parse_object
from rbrctl.records.models import Transcript
from rbrctl.records.transcripts import parse_transcript, transcript_to_json


class CompletionStore:
    """
    Transcripts in a JSON Lines file, each written whole and at once within a ``with`` block.

    A last line that a stop has torn is dropped when the block begins.
    """

    def __init__(self, path: str) -> None:
        """
        Read what is there; nothing is written or made before the block.

        Raises FileError where it cannot be written, or holds anything else than completions.
        """
        self.path = path
        self.kept: list[Transcript] = []
        self._torn_after: int | None = None
        if is_plain_target(path) and os.path.exists(path):
            self._take_up()

    def append(self, transcript: Transcript) -> None:
        """Write one completion. Raises FileError."""
        try:
            self._stream.write(encode_line(transcript_to_json(transcript)))
        except OSError as error:
            raise cannot("write", self.path, error) from error

    def __enter__(self) -> Self:
        """Open the file, or begin one. Raises FileError."""
        try:
            if self._torn_after is not None:
                os.truncate(self.path, self._torn_after)
            self._stream: BinaryIO = open(self.path, "ab", buffering=0)
        except OSError as error:
            raise cannot("write", self.path, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._stream.close()

    def _take_up(self) -> None:
        try:
            with open(self.path, "rb") as stream:
                content = stream.read()
        except OSError as error:
            raise cannot("read", self.path, error) from error
        whole = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                self.kept.append(parse_transcript(parse_object(line)))
            except RecordError as error:
                raise FileError(
                    f"{self.path}:{number}: {error}; this is no file of completions: name another "
                    "with -o, or remove it"
                ) from error
        if len(whole) < len(content):
            self._torn_after = len(whole)
