from pathlib import Path

import pytest

from rbrctl.errors import FileError, UsageError
from rbrctl.rewards.pairs.orderings import MAX_FILE_BYTES, read_orderings


def test_labels_beat_a_list_or_one(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("ideal: [fair, poor]\nfair: poor\n")
    assert read_orderings(str(path)) == {"ideal": ["fair", "poor"], "fair": ["poor"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "o.yaml: an orderings file must map each label"),
        (b"- ideal\n", "o.yaml: an orderings file must map each label"),
        (b"ideal: {fair: 1}\n", "o.yaml:1:8: the value of 'ideal' must be a list of labels"),
        (b"ideal: [1]\n", "o.yaml:1:8: the value of 'ideal' must be a list of labels"),
        (b"a: [b]\na: [c]\n", "o.yaml:2:1: the key 'a' appears twice"),
        (b"a: [b\n", "not YAML"),
        (b"a: !!python/name:os.system\n", "is refused"),
        (b"a: [\xff]\n", "o.yaml is not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("o.yaml").write_bytes(content)
    with pytest.raises(UsageError) as raised:
        read_orderings("o.yaml")
    assert message in str(raised.value)


def test_files_that_are_missing_or_too_large_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot read"):
        read_orderings(str(tmp_path / "none.yaml"))
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(FileError, match="more than"):
        read_orderings(str(tmp_path / "large.yaml"))
