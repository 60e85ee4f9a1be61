"""Files that are hostile or broken: each has one readable finding or error, and none crashes."""

import os
import re
import time

import pytest
import yaml
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.errors import FileError, NothingMatchedError, RuleSetError, UsageError
from rbrctl.ruleset.loader import load, read
from rbrctl.ruleset.sources import open_source
from rbrctl.ruleset.yaml_errors import MAX_DEPTH
from rbrctl.ruleset.yaml_tree import YamlProblem, parse_yaml, plain

SET = (
    b'rbrctl: 1\nname: x\nversion: "1"\nranks: [good, bad]\nresponse_classes: {c: {}}\n'
    b"propositions: {a: {}}\nrules:\n  r: {response_classes: [c], require: a, otherwise: bad}\n"
)


def only_finding(folder, content: bytes):
    (folder / "set.yaml").write_bytes(content)
    findings = read(folder).findings.items
    assert len(findings) == 1
    finding = findings[0]
    assert finding.hint
    return finding.id, f"{finding.place}"[len(str(folder)) + 1 :], finding.message


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"x-a: " + b"[" * 200, "set.yaml:1:69", "nested too deeply"),
        (b"x-a: " + b"[\n" * 100_000, "set.yaml:64:1", "nested too deeply"),
        (b"x-a: " + b"{a: " * 100_000, "set.yaml:1:258", "nested too deeply"),
        (b"- " * 100_000, "set.yaml:1:129", "nested too deeply"),
        (SET + b"x-a: \xff\xfe", "set.yaml:9:6", "not UTF-8"),
        (SET.decode().encode("utf-16"), "set.yaml:1:1", "not UTF-8"),
        (SET + b"x-a: \x07", "set.yaml:9:6", "the character U+0007 is not allowed in YAML"),
        (SET + b"x-a: \x00", "set.yaml:9:6", "the character U+0000 is not allowed in YAML"),
        (SET + b"#" * 16 * 2**20, "set.yaml:1:1", "larger than 16 MB"),
        (SET + b"x-a: !!int 1", "set.yaml:9:6", "the tag 'tag:yaml.org,2002:int' is refused"),
        (SET + b"x-a: !<x> 1", "set.yaml:9:6", "the tag 'x' is refused"),
        (b"%TAG ! tag:x,1:\n---\nx-a: !y 1", "set.yaml:3:6", "the tag 'tag:x,1:y' is refused"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value)[:30],
)
def test_hostile_yaml_has_one_finding_with_its_place(tmp_path, content, place, message):
    assert only_finding(tmp_path, content) == ("yaml", place, message)


def test_a_depth_that_libyaml_itself_refuses_is_the_same_finding(tmp_path):
    # From version 0.2.6 it looks ahead for a key on one line, and gives up where it stands.
    kind, place, message = only_finding(tmp_path, b"x-a: " + b"[" * 100_000)
    assert (kind, message) == ("yaml", "nested too deeply")
    assert re.fullmatch("set.yaml:1:(69|1005)", place)


def test_without_libyaml_it_says_so_and_reads_nothing(monkeypatch, tmp_path):
    (tmp_path / "set.yaml").write_bytes(SET)
    monkeypatch.delattr(yaml, "CSafeLoader")
    with pytest.raises(UsageError, match="without libyaml"):
        read(tmp_path)


def test_a_depth_within_the_limit_is_fine(tmp_path):
    (tmp_path / "set.yaml").write_bytes(
        SET + b"x-a: " + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1)
    )
    assert read(tmp_path).ruleset is not None


def test_an_alias_bomb_is_refused_at_once(tmp_path):
    lines = ["x-a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 40)]
    started = time.process_time()
    id, _, message = only_finding(tmp_path, SET + "\n".join(lines).encode())
    assert (id, message) == ("yaml", "more than 1,000,000 nodes, aliases counted at each use")
    assert time.process_time() - started < 5


def test_many_anchors_of_one_value_are_counted_and_not_copied(tmp_path):
    uses = b"".join(b"  p%d: *p\n" % number for number in range(2_000))
    (tmp_path / "set.yaml").write_bytes(
        SET.replace(b"{a: {}}", b"\n  a: &p {question: Is it?}\n" + uses)
    )
    assert len(load(tmp_path).propositions) == 2_001


def test_carriage_returns_and_a_byte_order_mark_move_no_place(tmp_path):
    content = b"\xef\xbb\xbf" + SET.replace(b"require: a", b"require: ab").replace(b"\n", b"\r\n")
    id, place, _ = only_finding(tmp_path, content)
    assert (id, place) == ("undefined-name", "set.yaml:8:39")


def test_places_count_characters_and_not_bytes(tmp_path):
    content = SET.replace(b"{response", '{text: "é😀", response'.encode()).replace(b": a,", b": b,")
    id, place, _ = only_finding(tmp_path, content)
    assert (id, place) == ("undefined-name", "set.yaml:8:51")


def test_an_expression_over_many_lines_has_the_place_of_each_word(tmp_path):
    body = b"require: >-\n      (a\n\n      and a) or\n      oops\n    otherwise"
    rules = b"rules:\n  r:\n    response_classes: [c]\n    " + body + b": bad\n"
    id, place, _ = only_finding(tmp_path, SET[: SET.index(b"rules")] + rules)
    assert (id, place) == ("undefined-name", "set.yaml:14:7")


def test_empty_files_and_folders(tmp_path):
    with pytest.raises(NothingMatchedError, match="no YAML files"):
        load(tmp_path)
    (tmp_path / "set.yaml").write_bytes(b"")
    finding = read(tmp_path).findings.items[0]
    assert "is not a rule set" in finding.message
    (tmp_path / "more.yml").write_bytes(SET)
    assert load(tmp_path).name == "x"


def test_hidden_files_are_no_part_of_the_set(tmp_path):
    (tmp_path / "set.yaml").write_bytes(SET)
    (tmp_path / ".hidden.yaml").write_bytes(b"nonsense: [")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_bytes(b"nonsense: [")
    assert load(tmp_path).name == "x"


def test_links_stay_inside_the_repository(tmp_path):
    repository, outside = tmp_path / "repository", tmp_path / "outside.yaml"
    rules = repository / "rules"
    rules.mkdir(parents=True)
    (repository / ".git").mkdir()
    (rules / "set.yaml").write_bytes(SET)
    outside.write_bytes(b"propositions: {secret: {}}")
    (rules / "link.yaml").symlink_to(outside)
    with pytest.raises(FileError, match=r"link\.yaml: a link out of the repository"):
        load(rules)
    (rules / "link.yaml").unlink()
    (repository / "shared.yaml").write_bytes(b"propositions: {b: {}}")
    (rules / "link.yaml").symlink_to(repository / "shared.yaml")
    assert set(load(rules).propositions) == {"a", "b"}


def test_what_is_no_regular_file_is_an_error(tmp_path):
    (tmp_path / "set.yaml").write_bytes(SET)
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(FileError, match="not a regular file"):
        load(tmp_path)
    (tmp_path / "pipe.yaml").unlink()
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileError, match="not a regular file"):
        load(tmp_path)
    with pytest.raises(FileError, match="no such file or folder"):
        open_source(tmp_path / "nowhere")
    with pytest.raises(FileError, match="neither a folder nor a file"):
        open_source("/dev/null")


def test_load_names_the_first_error_and_counts_the_rest(tmp_path):
    (tmp_path / "set.yaml").write_bytes(SET.replace(b": a,", b": b and c and d,"))
    with pytest.raises(RuleSetError) as caught:
        load(tmp_path)
    message = str(caught.value)
    assert ":8:39: there is no proposition or definition 'b'" in message
    assert "(and 2 more; see 'rbrctl validate" in message


YAML_PIECES = st.sampled_from(
    ["a", "b: ", "- ", "\n", "\n  ", "{", "}", "[", "]", ", ", "'", '"', "&x ", "*x", "!t ",
     "|\n", ">-\n", "#", " # c", "? ", "---\n", "...\n", "%YAML", "\t", "true",
     "1e9", "~", ": ", "é", "\\"]
)  # fmt: skip


@examples(500)
@given(st.lists(YAML_PIECES, max_size=30).map("".join))
def test_any_text_is_a_tree_or_a_finding(text):
    try:
        node, findings = parse_yaml(text, "x.yaml")
    except YamlProblem as problem:
        findings = [problem.finding]
    else:
        if node is not None:
            plain(node)
    for finding in findings:
        place = finding.place
        assert place is not None
        assert 1 <= place.line <= text.count("\n") + 2
        assert place.column >= 1
        assert (place.line, place.column) <= (place.end_line, place.end_column)
