import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.schemas import validate_stimuli
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.pipelines.experiment import create_pipeline, create_second_study
from tests.pipelines.test_behavior import CLASSES, N_CLASSES, TinyObserver, digit_table, run

CONF = Path(__file__).parents[2] / "conf" / "base"


@pytest.fixture
def inputs():
    stimuli = natural_stimuli(digit_table(np.random.default_rng(0).integers(80, 140, (30, N_CLASSES))))
    experiment = yaml.safe_load((CONF / "experiment" / "parameters.yml").read_text())["experiment"]
    behavior = yaml.safe_load((CONF / "behavior" / "parameters.yml").read_text())["behavior"]
    return {
        "stimuli": stimuli.drop(columns="label").assign(strategy="uncertainty", target_1=0, target_2=1),
        "mnist_test": digit_table(255 * np.eye(N_CLASSES, dtype=int)[np.arange(150) % N_CLASSES]),
        "observer_network": TrainedNetwork(TinyObserver(), NetworkSpecification("tiny", {})),
        "params:experiment": {**experiment, "answers_per_stimulus": 2, "scale": 1},
        "params:behavior.session": {**behavior["session"], "stimuli_per_participant": 24, "catch_pool": 20},
        "params:behavior.classes": CLASSES,
        "params:seed": 0,
    }


def test_stage_gives_a_study_of_all_stimuli_and_an_archive(inputs):
    found = run(create_pipeline(), inputs)
    assert found["study_numbers"]["lists"] == 3  # 30 stimuli with 2 answers, 24 a list
    lists, shown = found["study_lists"], validate_stimuli(found["study_stimuli"])
    assert set(lists["stimulus_id"]) == set(shown["stimulus_id"]) > set(inputs["stimuli"]["stimulus_id"])
    pictures = {name for name in found["study"] if name.startswith("stimuli/")}
    assert pictures == {f"stimuli/{name}.png" for name in shown["stimulus_id"]}
    # nobody practises with what watches for attention later
    practised = set(lists.query("phase == 'practice'")["stimulus_id"])
    assert len(practised) == 8 and not practised & set(lists.query("phase == 'catch'")["stimulus_id"])
    (archive,) = found["jatos_study"].values()
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        assert json.loads(members.read("digits/design.json")) == json.loads(found["study"]["design.json"])


def test_a_clear_digit_that_is_a_stimulus_is_no_catch_trial(inputs):
    inputs["stimuli"] = inputs["stimuli"].iloc[:24]
    natural = natural_stimuli(inputs["mnist_test"].iloc[:6]).drop(columns="label")
    stimuli = natural.assign(strategy="unguided", target_1=0, target_2=1)
    both = [table.astype(object) for table in (inputs["stimuli"], stimuli)]
    inputs["stimuli"] = validate_stimuli(pd.concat(both, ignore_index=True))
    lists = run(create_pipeline(), inputs)["study_lists"]
    assert not set(lists[lists["phase"] != "main"]["stimulus_id"]) & set(stimuli["stimulus_id"])


def test_a_second_study_is_for_pairs_and_says_what_to_register(inputs):
    inputs["stimuli"] = inputs["stimuli"].assign(pair_id=["ab"] * 15 + ["bc"] * 15, source="individual")
    pairs = pd.DataFrame([("ab", "a", "b"), ("bc", "b", "c")], columns=["pair_id", "participant_1", "participant_2"])
    design = {"images_per_pair": 12, "shares": {"individual": 1.0}, "repeat_share": 0.25, "repeat_gap": 4}
    behavior = yaml.safe_load((CONF / "behavior" / "parameters.yml").read_text())["behavior"]
    taken = {
        "manipulation_stimuli": inputs["stimuli"],
        "manipulation_pairs": pairs,
        **{name: inputs[name] for name in ("mnist_test", "observer_network", "params:seed", "params:behavior.session")},
        "params:experiment": {**inputs["params:experiment"], "pairs": {**design, "most_trials": 60}},
        "params:behavior": {**behavior, "classes": CLASSES},
    }
    stage = create_second_study()
    assert stage.inputs() == set(taken)
    found = run(stage, taken)
    assert found["round_2.study_places"]["participant_id"].tolist() == ["a", "b", "c"]
    lists = found["round_2.study_lists"]
    assert lists[lists["phase"] == "manipulation"].groupby("list").size().tolist() == [15, 30, 15]
    study = json.loads(found["round_2.study"]["design.json"])
    assert (study["round"], study["personal_lists"]) == (2, True)
    assert f"design `{study['design_id']}`" in found["round_2.preregistration"]
    # what watched for attention in the first round does not do so again
    first = run(create_pipeline(), inputs)["study_lists"]
    clear = [set(one[one["phase"].isin(["practice", "catch"])]["stimulus_id"]) for one in (first, lists)]
    assert not clear[0] & clear[1]


def test_every_output_has_a_catalog_entry_of_its_own():
    entries = yaml.safe_load((CONF / "experiment" / "catalog.yml").read_text())
    names = {name.replace("{number}", "2") for name in entries if not name.startswith("_")}
    assert create_pipeline().all_outputs() | create_second_study().all_outputs() == names
