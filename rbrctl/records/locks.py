"""Files that one process at a time may write to."""

import fcntl
import os

from rbrctl.errors import FileError, cannot


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
