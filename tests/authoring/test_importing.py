import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.authoring.formatting import format_text
from rbrctl.authoring.importers.interface import Names
from rbrctl.authoring.importers.openai import carry_over as import_openai
from rbrctl.authoring.importers.rbr import carry_over as import_rbr
from rbrctl.authoring.importing import import_file, ruleset_text, yaml_text
from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.errors import RuleSetError
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.validation import validate
from rbrctl.ruleset.verdict import Judge
from rbrctl.ruleset.yaml_tree import parse_yaml, plain

RBR: dict[str, Any] = {
    "prompt_template": "...",
    "completion_class_order": ["ideal", "minimum_acceptable_style", "unacceptable"],
    "completion_classes": {
        "ideal": {
            "Hard Refuse": {"hard_refusal": True, "judgement": False},
            "Comply": {"complies": True, "judgement": False},
        },
        "minimum_acceptable_style": {"Hard Refuse": {"hard_refusal": True, "judgement": True}},
        "unacceptable": {
            "Hard Refuse": {"hard_refusal": False},
            "Comply": {"complies": False},
        },
    },
    "derived_propositions": {"hard_refusal": {"apology": True, "Inability to comply": True}},
    "simple_propositions": {
        "apology": {"prompt": "Does it apologise?"},
        "Inability to comply": {"prompt": "Does it say that it cannot?\n\nReally?"},
        "judgement": {"prompt": "Does it judge: yes or no?"},
        "complies": {"prompt": "Does it comply?"},
    },
}


def loaded(tmp_path: Path, content: dict[str, Any]) -> tuple[Any, list[str]]:
    file = tmp_path / "source.json"
    file.write_text(json.dumps(content))
    imported = import_file(str(file))
    text = ruleset_text(imported)
    assert not format_text(text, "x.yaml").changed
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "ruleset.yaml").write_text(text)
    return load(tmp_path / "rules"), list(imported.lost)


def matches(name: str, response_type: str, assignment: dict[str, bool]) -> bool:
    values = {
        **assignment,
        "hard_refusal": assignment["apology"] and assignment["Inability to comply"],
    }
    conditions = RBR["completion_classes"][name].get(response_type)
    return conditions is not None and all(values[k] == v for k, v in conditions.items())


def test_every_completion_gets_the_class_that_the_configuration_gives_it(tmp_path: Path) -> None:
    ruleset, lost = loaded(tmp_path, RBR)
    judge = Judge(ruleset)
    names = list(RBR["simple_propositions"])
    ours = {"Inability to comply": "inability_to_comply"}
    for values in itertools.product((False, True), repeat=len(names)):
        assignment = dict(zip(names, values, strict=True))
        for response_type, response_class in (("Hard Refuse", "hard_refuse"), ("Comply", "comply")):
            classes = [
                c for c in RBR["completion_class_order"] if matches(c, response_type, assignment)
            ]
            expected = classes[-1] if classes else RBR["completion_class_order"][-1]
            given_names = {ours.get(name, name): value for name, value in assignment.items()}
            assert judge.verdict(response_class, given_names).rank == expected
    assert ruleset.resolve_response_class("Hard Refuse") == "hard_refuse"
    assert ruleset.propositions["inability_to_comply"].question == (
        "Does it say that it cannot?\n\nReally?"
    )
    assert "hard-refuse-is-of-a-class" not in ruleset.rules
    assert "Comply: some completions are of no class; they get the worst rank" in lost
    assert "Comply: no conditions for 'minimum_acceptable_style'; nothing drops to it" in lost


def test_overlapping_classes_are_told() -> None:
    content = json.loads(json.dumps(RBR))
    content["completion_classes"]["unacceptable"]["Hard Refuse"] = {"judgement": True}
    assert any("overlap" in each for each in import_rbr(content).lost)


GRADERS = {
    "type": "multi",
    "name": "all",
    "calculate_output": "0.5 * tone + 0.5 * quality",
    "graders": {
        "tone": {
            "type": "label_model",
            "name": "Tone",
            "model": "some-model",
            "input": [{"role": "developer", "content": "Which tone has {{sample.output_text}}?"}],
            "labels": ["polite", "neutral", "rude"],
            "passing_labels": ["polite", "neutral"],
        },
        "quality": {
            "type": "score_model",
            "name": "Quality",
            "model": "some-model",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Rate it."}]}],
            "range": [1, 7],
            "pass_threshold": 5,
        },
        "greeting": {
            "type": "string_check",
            "name": "Greeting",
            "input": "{{sample.output_text}}",
            "operation": "ilike",
            "reference": "good morning",
        },
        "code": {"type": "python", "name": "Code", "source": "def grade(): ..."},
    },
}


def test_each_grader_is_a_proposition_and_a_rule(tmp_path: Path) -> None:
    ruleset, lost = loaded(tmp_path, GRADERS)
    assert list(ruleset.propositions) == ["tone", "quality", "greeting"]
    assert list(ruleset.rules) == ["tone", "quality", "greeting"]
    assert ruleset.propositions["greeting"].cues == ("good morning",)
    question = ruleset.propositions["quality"].question
    assert question == "Rate it.\n\nOn the scale from 1 to 7: is the right score at least 5?"
    judge = Judge(ruleset)
    assert judge.verdict("answer", dict.fromkeys(ruleset.propositions, True)).rank == "passes"
    assert judge.verdict("answer", {"tone": False}).rank == "fails"
    for words in (
        "the formula '0.5 * tone + 0.5 * quality' is lost",
        "a grader of type 'python' has no counterpart",
        "3 labels become one yes or no",
        "'{{sample.output_text}}' is now \"the assistant's last message\"",
        "the model 'some-model' is chosen by --model",
        "an exact comparison becomes a question",
    ):
        assert any(words in each for each in lost), words


def label_model(*messages: str) -> dict[str, Any]:
    return {
        "type": "label_model",
        "name": "Tone",
        "input": [{"role": "user", "content": message} for message in messages],
        "labels": ["polite", "rude"],
        "passing_labels": ["polite"],
    }


def test_what_stands_for_the_completion_is_named_and_other_templates_are_told(
    tmp_path: Path,
) -> None:
    messages = ("Is it polite?", "{{ sample.output_text }}", "To {{item.prompt}}: {{item.x}}?")
    ruleset, lost = loaded(tmp_path, label_model(*messages))
    question = ruleset.propositions["tone"].question
    assert question is not None
    assert question.startswith("Is it polite?\n\nTo {{item.prompt}}: {{item.x}}?\n\nOf the labels")
    assert any("the message '{{ sample.output_text }}' is left out" in each for each in lost)
    assert any("not filled here ({{item.prompt}}, {{item.x}});" in each for each in lost)
    (warned,) = [
        each
        for each in validate(tmp_path / "rules").findings.items
        if each.id == "unfilled-template"
    ]
    assert "'{{item.prompt}}'" in warned.message
    spoken = import_openai(label_model("Is {{sample.output_text}} polite?")).content
    assert spoken["propositions"]["tone"]["question"].startswith(
        "Is the assistant's last message polite?"
    )


def test_a_bare_list_of_graders_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "criteria.json"
    file.write_text(json.dumps([GRADERS["graders"]["greeting"]]))  # type: ignore[index]  # plain JSON
    assert list(import_file(str(file)).content["rules"]) == ["greeting"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 1}, "neither a published RBR configuration"),
        ({**RBR, "completion_class_order": ["ideal"]}, "must list each of completion_classes once"),
        ({**RBR, "simple_propositions": {"a": {}}}, "must have a 'prompt' of text"),
        (
            {**RBR, "derived_propositions": {"hard_refusal": {"zzz": True}}},
            "hard_refusal names 'zzz', which is no proposition",
        ),
        ({"type": "label_model", "input": []}, "'passing_labels' must be a list of texts"),
        ({"type": "string_check", "operation": "near"}, "'operation' must be one of eq, ne"),
        ({"type": "string_check", "operation": []}, "'operation' must be one of eq, ne"),
        ({"type": "multi", "graders": {"a": {"type": "python"}}}, "no grader in this file"),
    ],
)
def test_files_that_cannot_be_carried_over(
    tmp_path: Path, content: dict[str, Any], message: str
) -> None:
    file = tmp_path / "source.yaml"
    file.write_text(json.dumps(content))
    with pytest.raises(RuleSetError, match=message):
        import_file(str(file))


def test_the_command_lists_what_is_lost_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    Path("rbr.json").write_text(json.dumps(RBR))
    assert run(["import", "rbr.json"], output=Output({})) == 0
    out = capsys.readouterr().out
    assert out.startswith("RBR configuration: 4 rules over 4 propositions, in rules\n")
    assert "Not converted:\n- Comply: " in out
    assert "\n- prompt_template: " in out
    assert load("rules").name == "imported"
    assert run(["import", "rbr.json"], output=Output({})) == 2
    assert "already exist" in capsys.readouterr().err
    assert run(["import", "missing.json"], output=Output({})) == 2


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)
PLAIN = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 5), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("ab: #", min_size=1), inner, max_size=3),
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text("ab: '", min_size=1, max_size=5), PLAIN, min_size=1, max_size=3))
def test_written_yaml_reads_back_as_it_was(content: dict[str, Any]) -> None:
    root, problems = parse_yaml(yaml_text(content), "x.yaml")
    assert not problems
    assert root is not None
    assert plain(root) == content


@given(st.lists(st.text(min_size=1, max_size=8), max_size=6, unique=True))
def test_names_are_ours_and_none_comes_twice(foreign: list[str]) -> None:
    for separator in "_-":
        names = Names(separator)
        given_names = [names(name) for name in foreign]
        assert len(set(given_names)) == len(foreign)
        assert [names(name) for name in foreign] == given_names
