import json
import time
from pathlib import Path

import pytest

from rbrctl.ruleset.findings import Finding
from rbrctl.ruleset.validation import validate

RULES = """\
rbrctl: 1
name: example
version: "1"
ranks: [good, bad]
response_classes: {c: {}}
propositions:
  a:
    question: Is it a?
    cues:
      - CUE
rules:
  no-a: {response_classes: [c], require: not a, otherwise: bad}
"""


def found(tmp_path: Path, id: str, cue: str = "sorry", question: str = "Is it a?") -> list[Finding]:
    text = RULES.replace("CUE", json.dumps(cue)).replace("Is it a?", json.dumps(question))
    (tmp_path / "ruleset.yaml").write_text(text)
    return [each for each in validate(tmp_path).findings.items if each.id == id]


@pytest.mark.parametrize(
    ("cue", "mark"),
    [
        (r"\bhello\b", "\\"),
        ("hi|hey", "|"),
        ("good (morning|day)", "("),
        ("/dear/i", "/dear/i"),
        ("greet.*", ".*"),
        ("^sorry", "^"),
        ("sorry$", "$"),
        ("apologi[sz]e", "["),
        ("colou?r", "?"),
        ("no+", "o+"),
        ("a.+b", ".+"),
        ("so{2,}rry", "{"),
    ],
)
def test_a_cue_like_a_regular_expression_is_told_with_its_mark(
    tmp_path: Path, cue: str, mark: str
) -> None:
    (finding,) = found(tmp_path, "odd-cue", cue)
    assert finding.message.startswith(f"the cue '{cue}' of 'a' has '{mark}', as regular")
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (10, 9)


@pytest.mark.parametrize(
    "cue",
    [
        *("sorry", "apologi*", "*sorry*", "I ... afraid", "I ...* that", "are you sure?"),
        *("and/or", "$100", "can't help, sorry.", "50 + 50", "Dr. No", "!", "…", "https://"),
    ],
)
def test_words_with_the_marks_that_texts_have_are_no_odd_cues(tmp_path: Path, cue: str) -> None:
    assert found(tmp_path, "odd-cue", cue) == []


@pytest.mark.parametrize(
    ("mark", "odd"),
    [
        ("?", False),
        ("? ", False),
        ("/", True),
        ("/a", True),
        (".", False),
        ("\\", True),
        ("{", True),
    ],
)
def test_a_long_cue_is_looked_through_once(tmp_path: Path, mark: str, odd: bool) -> None:
    """A check that searches to the end from every mark would need half a minute or more."""
    before = time.process_time()
    cues = found(tmp_path, "odd-cue", mark * 200_000)
    templates = found(tmp_path, "unfilled-template", question=mark * 200_000)
    assert time.process_time() - before < 8.0
    assert (len(cues), templates) == (int(odd), [])


@pytest.mark.parametrize(
    ("question", "template"),
    [
        ("Is {{sample.output_text}} polite?", "{{sample.output_text}}"),
        ("{{ item.prompt }}\n\nIs it polite?", "{{ item.prompt }}"),
    ],
)
def test_a_template_that_nothing_fills_is_told(
    tmp_path: Path, question: str, template: str
) -> None:
    (finding,) = found(tmp_path, "unfilled-template", question=question)
    assert f"the question of 'a' has the template '{template}'" in finding.message
    assert finding.place is not None
    assert finding.place.line == 8


def test_braces_that_are_no_template_are_left_alone(tmp_path: Path) -> None:
    assert found(tmp_path, "unfilled-template", question="Is {this} or }}{{ or {{ a reply?") == []
