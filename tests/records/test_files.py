"""Files are read within limits, and written whole or not at all."""

from pathlib import Path

import pytest

from rbrctl.errors import FileError, cannot
from rbrctl.records.files import read_whole, replacing


def test_a_file_is_read_up_to_its_limit_and_not_beyond(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"12345678")
    assert read_whole(path, 8) == b"12345678"
    with pytest.raises(FileError, match=r"cannot read .*f: it has more than 7 bytes"):
        read_whole(path, 7)


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "no such file"), (".", "it is a folder"), ("/dev/zero", "it is a device")],
)
def test_what_is_no_file_is_one_message(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(FileError, match=f"^cannot read .*{name}: {message}"):
        read_whole(tmp_path / name, 10)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fail_halfway() -> None:
        with replacing(path) as stream:
            stream.write(b"new")
            raise KeyError

    with pytest.raises(KeyError):
        fail_halfway()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_is_told_in_one_line(tmp_path: Path) -> None:
    assert str(cannot("write", Path("f"), PermissionError(13, "Permission denied"))) == (
        "cannot write f: permission denied"
    )
    assert str(cannot("write", "f", BrokenPipeError())) == "cannot write f: its reader has gone"
    assert str(cannot("read", "f", OSError("odd"))) == "cannot read f: odd"
