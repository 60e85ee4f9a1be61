"""A results file survives whatever stops a run, and the next run takes it up from there."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from examples import THOROUGH

from rbrctl.errors import FileError, UsageError
from rbrctl.records.json_lines import encode_line
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.results import read_results, result_to_json
from rbrctl.records.results_store import ResultsStore, open_results
from rbrctl.records.resume import Dropped

RULESET = RuleSetIdentity("safety", "1.0.0", "r" * 32)
GRADER = GraderIdentity("embedded", "g" * 32, "default")


def result(number: int, content: str = "content", answer: str = "question") -> Result:
    return Result(
        id=f"row {number}",
        content_digest=content,
        prompt_digest="prompt",
        answers={"apology": Answer(number % 7 / 7, "embedded", answer)},
        grader=GRADER,
        ruleset=RULESET,
    )


def open_file(
    path: Path | str,
    is_current: Callable[[Result], bool] = lambda _: True,
    on_problem: Callable[..., None] = raise_problem,
    grader: GraderIdentity = GRADER,
    ruleset: RuleSetIdentity = RULESET,
    overwrite: bool = False,
) -> ResultsStore:
    return open_results(path, ruleset, grader, is_current, on_problem, overwrite)


def fill(path: Path, *results: Result) -> None:
    path.write_bytes(b"".join(encode_line(result_to_json(item)) for item in results))


def read(path: Path) -> list[Result]:
    return list(read_results(path, raise_problem))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


class TestResume:
    """What is kept and what is dropped."""

    def test_a_second_run_finds_what_the_first_wrote(self, path: Path) -> None:
        with open_file(path) as first:
            for number in range(3):
                assert first.kept(f"row {number}", "content") is None
                first.append(result(number))
            assert list(first.results()) == [result(number) for number in range(3)]
        with open_file(path) as second:
            assert (second.kept_count, second.dropped.total) == (3, 0)
            assert second.kept("row 1", "content") == result(1)
            assert second.kept("row 9", "content") is None
            second.append(result(9))
        assert read(path) == [result(number) for number in (0, 1, 2, 9)]

    def test_an_untouched_file_is_not_rewritten(self, path: Path) -> None:
        fill(path, result(1), result(2))
        before = path.stat()
        with open_file(path):
            pass
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_torn_failed_and_stale_lines_are_dropped_first(self, path: Path) -> None:
        failed = replace(result(2), answers={"apology": Answer(error="time-out")})
        stale = result(3, answer="an older question")
        regraded = replace(result(4), grader=replace(GRADER, digest="older"))
        fill(path, result(1), failed, stale, regraded, result(5), result(1))
        with path.open("ab") as stream:
            stream.write(b'{"id": "row 6", "cont')
        path.chmod(0o640)
        with open_file(path, lambda item: item.answers["apology"].digest == "question") as file:
            assert (file.kept_count, file.dropped) == (2, Dropped(torn=1, failed=1, stale=3))
            assert read(path) == [result(1), result(5)]
            assert path.stat().st_mode & 0o777 == 0o640
            file.append(result(2))
        assert read(path) == [result(1), result(5), result(2)]
        assert list(path.parent.iterdir()) == [path]

    def test_other_content_under_an_id_takes_the_place_of_its_line(self, path: Path) -> None:
        fill(path, result(1), result(2))
        with open_file(path) as file:
            assert file.kept("row 1", "other") is None
            assert list(file.results()) == [result(2)]
            assert file.count == 1
            file.append(result(1, "other"))
            assert list(file.results()) == [result(1, "other"), result(2)]
            assert (file.kept_count, file.count) == (2, 2)
        assert read(path) == [result(1, "other"), result(2)]

    def test_a_result_appended_again_takes_the_place_of_its_line(self, path: Path) -> None:
        newer = replace(result(1), category="now known")
        with open_file(path) as file:
            for item in (result(1), result(2), newer):
                file.append(item)
            assert file.kept("row 1", "content") == newer
        assert read(path) == [newer, result(2)]

    def test_a_broken_line_in_the_middle_is_told_and_dropped(self, path: Path) -> None:
        fill(path, result(1))
        with path.open("ab") as stream:
            stream.write(b"\0\0\0\n" + encode_line(result_to_json(result(2))))
        log = ProblemLog()
        with open_file(path, on_problem=log) as file:
            assert file.dropped == Dropped(torn=1)
        assert [item.line for item in log.items] == [2]
        assert read(path) == [result(1), result(2)]

    def test_a_whole_last_line_needs_no_newline(self, path: Path) -> None:
        fill(path, result(1), result(2))
        path.write_bytes(b"\xef\xbb\xbf\r\n" + path.read_bytes().rstrip(b"\n"))
        with open_file(path) as file:
            assert file.kept("row 2", "content") == result(2)
            file.append(result(3))
        assert read(path) == [result(1), result(2), result(3)]

    @pytest.mark.parametrize("torn", [b"{", b'{"id"', b'{"id": "row 1", "content": "c'])
    def test_a_first_line_that_is_torn(self, path: Path, torn: bytes) -> None:
        path.write_bytes(torn)
        with open_file(path) as file:
            file.append(result(1))
        assert read(path) == [result(1)]

    def test_keys_of_others_survive_a_rewrite(self, path: Path) -> None:
        marked = replace(result(1), extra={"reviewed by": "a person"})
        fill(path, result(2, answer="older"), marked)
        with open_file(path, lambda item: item.answers["apology"].digest == "question"):
            pass
        assert read(path) == [marked]

    def test_a_link_stays_a_link(self, path: Path) -> None:
        link = path.with_name("link")
        link.symlink_to(path)
        fill(path, result(1))
        with open_file(link, lambda _: False) as file:
            file.append(result(2))
        assert link.is_symlink()
        assert read(path) == [result(2)]


class TestRefusals:
    """Files that are not this run's are left as they are."""

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"ruleset": RuleSetIdentity("style", "2", "s" * 32)},
                "the rule set safety 1.0.0 (digest rrrrrrrrrrrr), and this run uses "
                "style 2 (digest ssssssssssss)",
            ),
            (
                {"ruleset": replace(RULESET, digest="s" * 32)},
                "the rule set safety 1.0.0 (digest rrrrrrrrrrrr), and this run uses "
                "safety 1.0.0 (digest ssssssssssss)",
            ),
            (
                {"grader": GraderIdentity("endpoint", "g" * 32, "some-model", "logprobs")},
                "the grader embedded default, and this run uses endpoint some-model logprobs",
            ),
        ],
    )
    def test_another_rule_set_or_grader(
        self,
        path: Path,
        changes: dict[str, GraderIdentity | RuleSetIdentity],
        message: str,
    ) -> None:
        fill(path, result(1))
        before = path.read_bytes()
        with pytest.raises(UsageError) as caught:
            open_file(path, **changes)  # type: ignore[arg-type]  # keywords of two types
        advice = "give another file, or --overwrite to start this one afresh"
        assert str(caught.value) == f"{path} holds results of {message}: {advice}"
        assert path.read_bytes() == before
        with open_file(path, overwrite=True, **changes) as file:  # type: ignore[arg-type]  # as above
            assert file.kept_count == 0
        assert path.read_bytes() == b""

    @pytest.mark.parametrize(
        "text",
        ['{"prompt": "a", "completion": "b"}', '{"id": "a"}\n', "notes\n", "notes", "[]"],
    )
    def test_a_file_of_another_kind(self, path: Path, text: str) -> None:
        path.write_text(text)
        with pytest.raises(UsageError, match=r"is not a results file \(line 1: "):
            open_file(path, on_problem=ProblemLog())
        assert path.read_text() == text

    def test_two_runs_on_one_file(self, path: Path) -> None:
        fill(path, result(1))
        with (
            open_file(path, lambda _: False),
            pytest.raises(FileError, match="another run is writing to it"),
        ):
            open_file(path)
        with open_file(path) as file:
            assert file.kept_count == 0

    def test_a_file_that_is_replaced_while_it_is_opened(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(path, result(1))
        other = path.with_name("other")
        fill(other, result(2))
        lock = fcntl.flock

        def replace_then_lock(number: int, operation: int) -> None:
            if other.exists():
                os.replace(other, path)
            lock(number, operation)

        monkeypatch.setattr(fcntl, "flock", replace_then_lock)
        with open_file(path) as file:
            assert list(file.results()) == [result(2)]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            (".", r"it is a folder, and a file is needed"),
            ("no/results.jsonl", r"the folder .*no does not exist"),
        ],
    )
    def test_paths_that_cannot_be_written(self, tmp_path: Path, name: str, message: str) -> None:
        with pytest.raises(FileError, match=message):
            open_file(tmp_path / name)

    def test_a_file_that_is_changed_under_way(self, path: Path) -> None:
        fill(path, result(1), result(2))
        with open_file(path) as file:
            path.write_text("x" * 1000)
            with pytest.raises(FileError, match="was changed by another program"):
                file.kept("row 1", "content")


class TestPipesAndDevices:
    """What is no regular file is only written to."""

    def test_a_full_device(self) -> None:
        with (
            open_file("/dev/full") as file,
            pytest.raises(FileError, match=r"^cannot write /dev/full: no space left on device$"),
        ):
            file.append(result(1))

    def test_the_null_device_keeps_nothing(self) -> None:
        with open_file("/dev/null") as file:
            file.append(result(1))
            assert file.kept("row 1", "content") is None
            assert (list(file.results()), file.kept_count, file.dropped.total) == ([], 0, 0)

    def test_a_named_pipe(self, tmp_path: Path) -> None:
        pipe, received = tmp_path / "pipe", []
        os.mkfifo(pipe)
        reader = threading.Thread(target=lambda: received.extend(read(pipe)))
        reader.start()
        with open_file(pipe) as file:
            file.append(result(1))
            file.append(result(2))
        reader.join()
        assert received == [result(1), result(2)]

    def test_a_pipe_whose_reader_has_gone(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        reader = threading.Thread(target=lambda: pipe.open("rb").close())
        reader.start()
        with open_file(pipe) as file:
            reader.join()
            with pytest.raises(FileError, match="its reader has gone"):
                file.append(result(1))


def test_a_line_that_does_not_fit_is_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_write = os.write
    with open_file(path) as file:
        file.append(result(1))

        def write_half(number: int, data: memoryview) -> int:
            monkeypatch.setattr(os, "write", fail)
            return real_write(number, data[:20])

        def fail(number: int, data: memoryview) -> int:
            monkeypatch.setattr(os, "write", real_write)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", write_half)
        with pytest.raises(FileError, match="no space left on device"):
            file.append(result(2))
        file.append(result(3))
    assert read(path) == [result(1), result(3)]


WRITER = """
import json, sys
from dataclasses import replace
from rbrctl.records.problems import raise_problem
from rbrctl.records.results import parse_result
from rbrctl.records.results_store import open_results
example = parse_result(json.loads(sys.argv[2]))
with open_results(
    sys.argv[1], example.ruleset, example.grader, lambda _: True, raise_problem
) as file:
    print(file.kept_count, flush=True)
    for number in range(4000):
        if file.kept(f"row {number}", "content") is None:
            file.append(replace(example, id=f"row {number}"))
"""


def test_a_run_that_is_killed_again_and_again_loses_and_repeats_nothing(path: Path) -> None:
    example = encode_line(result_to_json(result(0))).decode()
    kept = [0]
    kills = 20 if THOROUGH else 8
    for attempt in range(kills + 1):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), example], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        with writer.stdout:
            kept.append(int(writer.stdout.readline()))
            if attempt < kills:
                time.sleep(0.002 * (attempt % 5))
                writer.send_signal(signal.SIGKILL)
        writer.wait()
        # A machine that goes down can also cut a line that the process had written whole.
        if attempt % 2 and attempt < kills and (size := path.stat().st_size) > 30:
            os.truncate(path, size - 30)
    assert writer.returncode == 0
    assert kept[-1] > 0
    assert all(later >= earlier - 1 for earlier, later in pairwise(kept))
    assert sorted(item.id for item in read(path)) == sorted(f"row {n}" for n in range(4000))


def test_memory_is_a_few_bytes_a_line(path: Path) -> None:
    fill(path, *map(result, range(5_000)))
    tracemalloc.start()
    try:
        with open_file(path, lambda item: item.id != "row 7") as file:
            assert file.kept_count == 4_999
        # Two buffers of a megabyte and the index.
        assert tracemalloc.get_traced_memory()[1] < 3_500_000
    finally:
        tracemalloc.stop()
