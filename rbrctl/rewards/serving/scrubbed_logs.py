"""Logging without secrets: what the service and its libraries log names no token and no key."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_formatter = logging.Formatter()


@contextmanager
def scrubbed_logs(scrub: Callable[[str], str]) -> Iterator[None]:
    """
    Pass the text of every log record through ``scrub`` while the block runs.

    Records are changed when they are made, so it does not matter which logger they come from or
    which handler writes them: our own, those of uvicorn, or those of asyncio.
    """
    before = logging.getLogRecordFactory()

    def make(*arguments: Any, **settings: Any) -> logging.LogRecord:
        record = before(*arguments, **settings)
        _scrub_record(record, scrub)
        return record

    logging.setLogRecordFactory(make)
    try:
        yield
    finally:
        logging.setLogRecordFactory(before)


def _scrub_record(record: logging.LogRecord, scrub: Callable[[str], str]) -> None:
    try:
        message = record.getMessage()
    except Exception:
        # Logging reports a bad format itself, with the arguments, so these are dropped.
        message = f"{record.msg} (this message could not be formatted)"
    record.msg, record.args = scrub(message), None
    if record.exc_info:
        # A formatter would write the exception's own text: it is written here, and then dropped.
        record.exc_text = scrub(_formatter.formatException(record.exc_info))
        record.exc_info = None
    if record.stack_info:
        record.stack_info = scrub(record.stack_info)
