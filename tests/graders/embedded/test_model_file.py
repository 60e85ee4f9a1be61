import copy
import json
from pathlib import Path
from typing import Any

import pytest

from rbrctl.errors import FileError, GraderError
from rbrctl.graders.embedded.features.extract import FEATURE_SET
from rbrctl.graders.embedded.model import PropositionModel
from rbrctl.graders.embedded.model_file import load_model, model_bytes, parse_model
from rbrctl.statistics.maps import PlattMap

SMALL = {
    "rbrctl_model": 1,
    "feature_set": FEATURE_SET,
    "provenance": {"note": "by hand"},
    "features": ["sorry.any", "completion.words"],
    "propositions": {
        "apology": {
            "rows": 20,
            "positives": 10,
            "linear": {"bias": -1.0, "weights": [[0, 3.0]]},
            "boosted": {"bias": 0.5, "trees": [[0, 0.5, -1.0, 1.0]]},
            "forest": {"trees": [[1, 2.0, 0.25, [0, 0.5, 0.5, 0.75]]]},
            "calibration": [1.0, 0.0],
        },
        "rare": {"rows": 20, "positives": 1, "constant": 0.1, "note": "too few"},
    },
}


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_score_is_the_mean_log_odds_of_the_parts(tmp_path: Path):
    model = load_model(write(tmp_path / "m.json", SMALL))
    apology = model.propositions["apology"]
    assert model.vector({"sorry.any": 1.0, "unknown": 5.0}) == [1.0, 0.0]
    # linear 2, boosted 1.5, forest log(0.25 / 0.75)
    assert apology.score([1.0, 0.0]) == pytest.approx((2 + 1.5 - 1.0986123) / 3)
    assert apology.score([0.0, 3.0]) == pytest.approx((-1 - 0.5 + 0.0) / 3)
    assert model.propositions["rare"].probability([1.0, 0.0]) == 0.1
    assert (model.name, model.provenance) == ("m.json", {"note": "by hand"})


def test_no_part_can_silence_the_others():
    extreme = PropositionModel(2, 1, bias=1e9, boosted=(-1e9,), forest=(1.0,))
    assert extreme.score([]) == pytest.approx((8 - 8 + 6.9067548) / 3)


def test_a_model_is_written_and_read_back_the_same():
    models = {
        "p": PropositionModel(
            3,
            1.5,
            bias=0.25,
            weights=((1, -2.0),),
            boosted_bias=1.0,
            boosted=((0, 1.5, 0.1, (1, 2.0, 0.2, 0.3)),),
            forest=(0.5,),
            calibration=PlattMap(0.9, 0.1),
        ),
        "q": PropositionModel(3, 0, constant=0.2, note="few"),
    }
    content = model_bytes(("a", "b"), models, {"seed": 0})
    assert parse_model(content, "n", "s").propositions == models
    assert content == model_bytes(("a", "b"), models, {"seed": 0})


def changed(*path: Any, to: Any) -> dict[str, Any]:
    document = copy.deepcopy(SMALL)
    part: Any = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    return document


APOLOGY = ("propositions", "apology")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "must be an object"),
        ({}, "rbrctl_model must be 1"),
        (changed("rbrctl_model", to=2), "rbrctl_model must be 1"),
        (changed("feature_set", to=0), "train it again"),
        (changed("features", to=[1]), "features must be a list of names"),
        (changed("propositions", to=[]), "propositions must be an object"),
        (changed("provenance", to=1), "provenance must be an object"),
        (changed("propositions", "x", to=3), "propositions.x must be an object"),
        (changed("propositions", "rare", "constant", to=2), "between 0 and 1"),
        (changed("propositions", "rare", "note", to=2), "note must be a text"),
        (changed(*APOLOGY, "rows", to="many"), "apology.rows must be a number"),
        (changed(*APOLOGY, "rows", to=True), "apology.rows must be a number"),
        (changed(*APOLOGY, "linear", to=None), "apology.linear must be an object"),
        (changed(*APOLOGY, "linear", "weights", to=[[0]]), "[feature, weight] pairs"),
        (changed(*APOLOGY, "linear", "weights", to={}), "[feature, weight] pairs"),
        (changed(*APOLOGY, "linear", "weights", to=[[2, 1]]), "numbered 0 to 1"),
        (changed(*APOLOGY, "boosted", "trees", to=[[0, 1, 2]]), "trees of [feature"),
        (changed(*APOLOGY, "boosted", "trees", to=[[-1, 1, 2, 3]]), "numbered 0 to 1"),
        (changed(*APOLOGY, "boosted", "trees", to=["x"]), "must be a number"),
        (changed(*APOLOGY, "forest", "trees", to=5), "a list of trees"),
        (changed(*APOLOGY, "calibration", to=[-1, 0]), "a slope that is not negative"),
        (changed(*APOLOGY, "calibration", to=[1]), "a slope and an intercept"),
    ],
)
def test_a_broken_file_is_refused_with_the_part_that_is_wrong(
    tmp_path: Path, document: Any, message: str
):
    path = write(tmp_path / "m.json", document)
    with pytest.raises(GraderError) as caught:
        load_model(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_tree_without_end_is_refused(tmp_path: Path):
    tree: Any = 1.0
    for _ in range(50):
        tree = [0, 0.5, 0.0, tree]
    with pytest.raises(GraderError, match="trees of"):
        load_model(write(tmp_path / "m.json", changed(*APOLOGY, "forest", "trees", to=[tree])))


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\x80\x04K\x01."]
)
def test_what_is_not_json_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "m.json"
    path.write_bytes(content)
    with pytest.raises(GraderError, match="not a model file"):
        load_model(path)


def test_a_missing_file_is_a_file_error(tmp_path: Path):
    with pytest.raises(FileError):
        load_model(tmp_path / "none.json")


def test_the_shipped_model_knows_the_reference_propositions_and_tells_where_it_is_from():
    model = load_model()
    assert model.name == "builtin"
    assert len(model.propositions) == 23
    content = Path(__file__).parents[3] / "rbrctl" / "graders" / "embedded" / "weights.json"
    assert content.stat().st_size <= 1_000_000
    validation = model.provenance["cross_validation"]
    assert validation["mean_accuracy"] >= 0.93
    assert validation["mean_balanced_accuracy"] >= 0.80
    assert {item["name"] for item in model.provenance["data_sets"]} >= {"rbr_gold_train"}
    unseen = model.provenance["fully_complies_on_unseen_data_sets"]
    assert unseen["chatgpt_refusals"]["accuracy"] >= 0.85
