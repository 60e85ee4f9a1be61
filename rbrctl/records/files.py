"""Opening files to read and replacing files whole, with errors that a user can act on."""

import errno
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rbrctl.errors import FileError, cannot

DataSource = str | os.PathLike[str] | BinaryIO
"""A path, or a binary stream that is already open (standard input)."""

BUFFER_BYTES = 1 << 20
PIPE_SECONDS = 10.0
"""How long a named pipe that is to be written may wait for its reader."""


def source_name(source: DataSource) -> str:
    """Name a source as messages do: its path, or ``<stdin>`` for a stream without one."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<stdin>"


@contextmanager
def open_input(source: DataSource) -> Iterator[BinaryIO]:
    """
    Open a path to read bytes from it, or use a stream that is open already and leave it open.

    Raises FileError for what is missing, unreadable, a folder, or a device without an end. Pipes,
    terminals and the null device are fine.
    """
    name = source_name(source)
    if not isinstance(source, str | os.PathLike):
        _refuse_endless(source, name)
        yield source
        return
    if not os.fspath(source):
        raise FileError("cannot read a file without a name: give a path, or - for standard input")
    try:
        stream = open(source, "rb", buffering=BUFFER_BYTES)  # noqa: SIM115 - closed below
    except IsADirectoryError as error:
        raise FileError(f"cannot read {name}: it is a folder, and a file is needed") from error
    except ValueError as error:
        raise FileError(f"cannot read {name!r}: no path holds the character U+0000") from error
    except OSError as error:
        raise cannot("read", name, error) from error
    with stream:
        _refuse_endless(stream, name)
        yield stream


def read_whole(path: str | os.PathLike[str], limit: int) -> bytes:
    """
    Read a file of at most ``limit`` bytes. Raises FileError as ``open_input`` does.

    A larger file is refused by its size, before any of it is in memory; a pipe has none, and so is
    read up to the limit.
    """
    with open_input(path) as stream:
        try:
            is_larger = os.fstat(stream.fileno()).st_size > limit
            content = b"" if is_larger else stream.read(limit + 1)
        except OSError as error:
            raise cannot("read", path, error) from error
    if is_larger or len(content) > limit:
        raise FileError(f"cannot read {os.fspath(path)}: it has more than {limit:,} bytes")
    return content


def _refuse_endless(stream: BinaryIO, name: str) -> None:
    """Raise FileError where a stream is a device that would never end, such as /dev/zero."""
    try:
        number = stream.fileno()
        status = os.fstat(number)
    except (OSError, ValueError, AttributeError):
        return
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"cannot read {name}: it is a folder, and a file is needed")
    if stat.S_ISBLK(status.st_mode) or (
        stat.S_ISCHR(status.st_mode)
        and status.st_rdev != os.stat(os.devnull).st_rdev
        and not os.isatty(number)
    ):
        raise FileError(f"cannot read {name}: it is a device, and a file or pipe is needed")


def is_plain_target(path: str | os.PathLike[str]) -> bool:
    """
    Return whether a path to be written is a regular file, there or yet to be made.

    False for pipes and character devices, which can only be written to. Raises FileError for a
    folder, a block device, a path whose folder is missing, and ``-``: standard output is the
    report's.
    """
    name = os.fspath(path)
    if not name:
        raise FileError("cannot write a file without a name")
    if name == "-":
        raise FileError("cannot write to -: standard output is for the report; name a file")
    try:
        mode = os.stat(name).st_mode
    except FileNotFoundError:
        parent = os.path.dirname(os.path.realpath(name))
        if not os.path.isdir(parent):
            raise FileError(
                f"cannot write {name}: the folder {os.path.dirname(name) or parent} does not exist"
            ) from None
        return True
    except ValueError as error:
        raise FileError(f"cannot write {name!r}: no path holds the character U+0000") from error
    except OSError as error:
        raise cannot("write", name, error) from error
    if stat.S_ISDIR(mode):
        raise FileError(f"cannot write {name}: it is a folder, and a file is needed")
    if stat.S_ISBLK(mode):
        raise FileError(f"cannot write {name}: it is a disk, and a file or pipe is needed")
    return stat.S_ISREG(mode)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """
    Write a file whole or not at all.

    The bytes go to a temporary file in the same folder, which takes the place (and the
    permissions) of the old one when the block ends well, and is removed when it does not. A
    symbolic link is followed. Pipes and devices are written to as they are. Raises FileError.
    """
    name = os.fspath(path)
    if not is_plain_target(name):
        try:
            with open(open_special(name), "wb") as stream:
                yield stream
        except OSError as error:
            raise cannot("write", name, error) from error
        return
    target = Path(os.path.realpath(name))
    temporary: str | None = None
    try:
        number, temporary = tempfile.mkstemp(prefix=f".{target.name[:200]}.", dir=target.parent)
        with open(number, "wb", buffering=BUFFER_BYTES) as stream:
            os.fchmod(number, permissions(target))
            yield stream
            stream.flush()
            os.fsync(number)
        os.replace(temporary, target)
        temporary = None
    except OSError as error:
        raise cannot("write", name, error) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def replace_file(new: str | os.PathLike[str], old: str | os.PathLike[str]) -> None:
    """Replace the content of ``old`` by that of ``new``, or not at all. Raises FileError."""
    with open_input(new) as source, replacing(old) as target:
        shutil.copyfileobj(source, target)


def open_special(name: str) -> int:
    """
    Open a pipe or device to write to it, and return its descriptor.

    The program that reads a named pipe may start a little later. Raises FileError where none has
    within PIPE_SECONDS; without a limit, a run would wait for it for ever.
    """
    end = time.monotonic() + PIPE_SECONDS
    while True:
        try:
            number = os.open(name, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise cannot("write", name, error) from error
            if time.monotonic() > end:
                message = f"cannot write {name}: it is a pipe that no program reads"
                raise FileError(message) from error
            time.sleep(0.02)
    os.set_blocking(number, True)
    return number


def permissions(path: Path) -> int:
    """Return the mode of a file that is there, or the one that a new file would get."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def write_all(number: int, data: bytes) -> None:
    """Write bytes to a descriptor, in one call where the system lets us. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]


def open_locked(name: str) -> int:
    """Open a regular file to append to, alone. Raises FileError."""
    while True:
        try:
            number = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise cannot("write", name, error) from error
        try:
            lock(number, name)
            if os.fstat(number).st_ino == os.stat(name).st_ino:
                return number
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(number)
            raise
        # The one who held the lock has put another file in its place meanwhile.
        os.close(number)


def lock(number: int, name: str) -> None:
    """
    Take an open file for this process alone, until its descriptor is closed.

    Raises FileError where another has it.
    """
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FileError(
            f"cannot write {name}: another run is writing to it; wait for it or give another file"
        ) from error
    except OSError:
        # Some network file systems have no locks; going on is better than not working there.
        return
