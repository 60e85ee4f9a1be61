"""JSON Lines are read strictly, as a stream, at any size; whatever is wrong is one problem."""

import io
import json
import math
import os
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.errors import FileError, RecordError
from rbrctl.records.json_lines import (
    MAXIMUM_DEPTH,
    encode_line,
    parse_object,
    read_json_lines,
    write_json_lines,
)
from rbrctl.records.problems import ProblemLog, raise_problem

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=5)


def read(data: bytes) -> list[tuple[int, dict[str, Any]]]:
    return list(read_json_lines(io.BytesIO(data), raise_problem))


@given(st.lists(objects))
def test_what_is_written_reads_back(rows: list[dict[str, Any]]) -> None:
    data = b"".join(map(encode_line, rows))
    assert data.count(b"\n") == len(rows)
    assert read(data) == list(enumerate(rows, start=1))


@given(st.binary(max_size=60) | st.text('{}[]",:\\u0123456789abdetrufalsn. ', max_size=40))
def test_any_bytes_give_an_object_or_one_problem(line: bytes | str) -> None:
    data = line.encode() if isinstance(line, str) else line
    problems = ProblemLog()
    for _, value in read_json_lines(io.BytesIO(data.replace(b"\n", b" ")), problems):
        assert value == json.loads(data.decode("utf-8-sig"))
        encode_line(value)
    assert all(item.message and "\n" not in item.message for item in problems.items)
    assert problems.count <= 1


@st.composite
def loose_json(draw: st.DrawFn) -> str:
    """Make JSON with white space anywhere, and keys that may well come twice."""
    space = st.sampled_from(["", "", "", " ", "\t", "\r ", "\n"])
    word = st.sampled_from(['"a"', '"b"', '":"', '""', '"a:"', '" a"', r'"\u0061"', r'"\":"'])

    def spaced(parts: list[str]) -> str:
        return "".join(part + draw(space) for part in parts)

    def value(depth: int) -> str:
        kind = draw(st.integers(0, 3 if depth else 1))
        if kind == 0:
            return draw(word)
        if kind == 1:
            return draw(st.sampled_from(["1", "2.5", "null", "true"]))
        if kind == 2:
            return spaced(["[", ",".join(value(depth - 1) for _ in range(draw(sizes))), "]"])
        return thing(depth)

    def thing(depth: int) -> str:
        members = [spaced([draw(word), ":", value(depth - 1)]) for _ in range(draw(sizes))]
        return spaced(["{", ",".join(members), "}"])

    sizes = st.integers(0, 3)
    return thing(3)


@given(loose_json())
def test_a_key_that_stands_twice_is_found_wherever_it_is(text: str) -> None:
    lost = 0

    def count_lost(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal lost
        lost += len(pairs) - len(dict(pairs))
        return dict(pairs)

    value = json.loads(text, object_pairs_hook=count_lost)
    if lost:
        with pytest.raises(RecordError, match="appears twice in one object"):
            parse_object(text.encode())
    else:
        assert parse_object(text.encode()) == value


@pytest.mark.parametrize(
    "text", ['{"a" :1,"a":2}', '{"a":1,"a" :2}', '{"a"\t:1,"a":":"}', r'{"a":1,"\u0061":2}']
)
def test_a_key_that_stands_twice_is_found_in_any_spelling(text: str) -> None:
    with pytest.raises(RecordError, match='the key "a" appears twice'):
        parse_object(text.encode())


@given(st.integers(1, 100), st.booleans(), st.text('[]{}"\\ab', max_size=30))
def test_depth_is_counted_outside_of_texts_only(depth: int, arrays: bool, text: str) -> None:
    value: Any = "[" * 99 + text
    for _ in range(depth - 1):
        value = [value] if arrays else {"[": value}
    line = json.dumps({"{": value}).encode()
    if depth <= MAXIMUM_DEPTH:
        assert parse_object(line) == {"{": value}
    else:
        with pytest.raises(RecordError, match="nested deeper than 64 levels"):
            parse_object(line)


@pytest.mark.parametrize(
    "opening", [b"[", b'{"a":', b'[{"a":', b'{"a": "\\"[", "b": ['], ids=["[", "{", "both", "text"]
)
def test_a_hundred_thousand_brackets_are_one_quick_problem(opening: bytes) -> None:
    start = time.process_time()
    with pytest.raises(RecordError, match="nested deeper than 64 levels"):
        parse_object(opening * 100_000)
    assert time.process_time() - start < 2


def test_a_byte_order_mark_blank_lines_and_line_ends_are_fine() -> None:
    data = b'\xef\xbb\xbf{"a": 1}\r\n\n  \t\r\n{"a": 2}'
    assert read(data) == [(1, {"a": 1}), (4, {"a": 2})]
    assert read(b"") == []
    assert read('{"a": "\u2028\x85"}\n'.encode()) == [(1, {"a": "\u2028\x85"})]


def test_a_bad_line_is_told_and_the_rest_is_read() -> None:
    log = ProblemLog(limit=1)
    source = io.BytesIO(b'{"a": 1}\n[]\n{"a": 2}\n"x"\n')
    assert [number for number, _ in read_json_lines(source, log, "rows.jsonl")] == [1, 3]
    assert log.count == 2
    assert [str(item) for item in log.items] == [
        "rows.jsonl:2: this must be an object, not an array; JSON Lines are wanted, one object a "
        "line: jq -c '.[]' makes them of an array"
    ]


@pytest.mark.parametrize(
    ("start", "filter"), [(b"[", "jq -c '.[]' makes"), (b"{", "jq -c . makes"), (b'{"a": 1,', "")]
)
def test_one_document_over_many_lines_is_told_how_to_become_lines(
    start: bytes, filter: str
) -> None:
    with pytest.raises(RecordError, match="not JSON") as caught:
        parse_object(start)
    assert filter in str(caught.value)
    assert ("jq" in str(caught.value)) == bool(filter)


def test_a_line_of_ten_megabytes_is_read() -> None:
    text = 'word [ \\ " ' * 900_000
    start = time.process_time()
    ((number, row),) = read(encode_line({"text": text}))
    assert (number, row["text"]) == (1, text)
    assert time.process_time() - start < 5


def test_memory_stays_flat(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    count = 50_000
    assert write_json_lines(path, ({"n": n, "text": "x" * 1000} for n in range(count))) == count
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_json_lines(path, raise_problem)) == count
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_number_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_line({"p": value})


class TestSources:
    """What is no file to read is refused in one message."""

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("missing.jsonl", "cannot read missing.jsonl: no such file or directory"),
            (".", "cannot read .: it is a folder, and a file is needed"),
            ("", "cannot read a file without a name: give a path, or - for standard input"),
            ("a\0b", "cannot read 'a\\x00b': no path holds the character U+0000"),
            ("x" * 300, f"cannot read {'x' * 300}: file name too long"),
            ("/dev/zero", "cannot read /dev/zero: it is a device, and a file or pipe is needed"),
            ("/dev/full", "cannot read /dev/full: it is a device, and a file or pipe is needed"),
        ],
    )
    def test_paths(self, path: str, message: str) -> None:
        with pytest.raises(FileError) as caught:
            list(read_json_lines(path, raise_problem))
        assert str(caught.value) == message

    def test_a_folder_or_device_as_standard_input(self, tmp_path: Path) -> None:
        with (
            open("/dev/zero", "rb") as stream,
            pytest.raises(FileError, match="it is a device"),
        ):
            list(read_json_lines(stream, raise_problem))
        number = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(FileError, match="it is a folder"):
                list(read_json_lines(_Descriptor(number), raise_problem))
        finally:
            os.close(number)

    @pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
    def test_an_unreadable_file(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.touch(mode=0o000)
        with pytest.raises(FileError, match="permission denied"):
            list(read_json_lines(path, raise_problem))

    def test_the_null_device_is_empty(self) -> None:
        assert list(read_json_lines("/dev/null", raise_problem)) == []

    def test_a_named_pipe_is_read_to_its_end(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        writer = threading.Thread(target=lambda: path.write_bytes(b'{"a": 1}\n{"a": 2}\n'))
        writer.start()
        assert [row["a"] for _, row in read_json_lines(path, raise_problem)] == [1, 2]
        writer.join()

    def test_a_stream_stays_open(self) -> None:
        stream = io.BytesIO(b'{"a": 1}\n')
        list(read_json_lines(stream, raise_problem))
        assert not stream.closed


class _Descriptor(io.BytesIO):
    """Stands for a stream over any descriptor; Python itself opens none over a folder."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fileno(self) -> int:
        return self._number


class TestWriting:
    """A file is written whole or not at all."""

    def test_a_failure_leaves_the_old_file(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_text("old")
        with pytest.raises(ZeroDivisionError):
            write_json_lines(path, ({"a": 1 / n} for n in (1, 0)))
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_permissions_and_links_stay(self, tmp_path: Path) -> None:
        path, link = tmp_path / "rows.jsonl", tmp_path / "link"
        path.touch(mode=0o600)
        link.symlink_to(path)
        write_json_lines(link, [{"a": "é"}])
        assert link.is_symlink()
        assert path.read_bytes() == '{"a": "é"}\n'.encode()
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_new_file_gets_the_usual_permissions(self, tmp_path: Path) -> None:
        (tmp_path / "usual").touch()
        write_json_lines(tmp_path / "new", [])
        modes = {(tmp_path / name).stat().st_mode for name in ("usual", "new")}
        assert len(modes) == 1

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("/dev/full", "cannot write /dev/full: no space left on device"),
            (".", "cannot write .: it is a folder, and a file is needed"),
            ("no/such/file", "cannot write no/such/file: the folder no/such does not exist"),
            ("", "cannot write a file without a name"),
            ("a\0b", "cannot write 'a\\x00b': no path holds the character U+0000"),
        ],
    )
    def test_what_cannot_be_written(
        self, path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FileError) as caught:
            write_json_lines(path, [{"a": "x" * 100_000}])
        assert str(caught.value) == message
        assert list(tmp_path.iterdir()) == []
