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
from bam_pipelines.pipelines.experiment import create_pipeline
from tests.pipelines.test_behavior import N_CLASSES, TinyObserver, digit_table, run

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
        "params:behavior.session": {**behavior["session"], "stimuli_per_participant": 24},
        "params:behavior.n_classes": N_CLASSES,
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
