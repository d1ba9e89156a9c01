from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from torch import nn

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.pipelines.behavior import create_pipeline, create_second_round

CONF = Path(__file__).parents[2] / "conf" / "base" / "behavior"
N_CLASSES = 3


class TinyObserver(nn.Module):
    """A bright row k looks like class k."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(N_CLASSES, N_CLASSES, bias=True)
        with torch.no_grad():
            self.head.weight.copy_(10 * torch.eye(N_CLASSES))
            self.head.bias.zero_()

    def features(self, images):
        return images[:, 0, :N_CLASSES].mean(-1)


def digit_table(levels):
    """One 8 x 8 image for each row of levels, told apart by its last pixel."""
    pixels = np.zeros((len(levels), 1, 8, 8), dtype=np.uint8)
    pixels[:, 0, :N_CLASSES] = np.asarray(levels)[:, :, None]
    pixels[:, 0, 7, 7] = np.arange(len(levels))
    return pd.DataFrame({"label": np.argmax(levels, axis=1).astype("int8"), **image_columns(pixels)})


@pytest.fixture
def inputs():
    draw = np.random.default_rng(0)
    stimuli = natural_stimuli(digit_table(draw.integers(80, 140, (30, N_CLASSES)))).drop(columns="label")
    parameters = yaml.safe_load((CONF / "parameters.yml").read_text())["behavior"]
    parameters["participants"]["n_participants"] = 3
    parameters["session"]["stimuli_per_participant"] = None
    return {
        "stimuli": stimuli.assign(strategy="uncertainty", source="base", method="paper", target_1=0, target_2=1),
        "mnist_test": digit_table(255 * np.eye(N_CLASSES, dtype=int)[np.arange(150) % N_CLASSES]),
        "observer_network": TrainedNetwork(TinyObserver(), NetworkSpecification("tiny", {})),
        "params:behavior": parameters,
        "params:seed": 0,
    }


class KeptDataset(MemoryDataset):
    """Outlives the run, as a file does."""

    def _release(self):
        pass


def run(pipeline, inputs):
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in inputs.items()})
    for name in pipeline.all_outputs():
        catalog[name] = KeptDataset(copy_mode="assign")
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.all_outputs()}


def test_both_rounds_run_and_keep_their_tables_apart(inputs):
    first = run(create_pipeline(), inputs)
    assert set(first["trials"]["dataset_id"]) == {"simulated"}
    assert set(first["trials"].query("phase == 'main'")["split"]) == {"train", "validation", "test"}
    assert first["participants"]["participant_id"].to_list() == ["s001", "s002", "s003"]
    assert set(first["trial_stimuli"]["stimulus_id"]) == set(first["trials"]["stimulus_id"])
    assert first["quality_report"]["n_stimuli"] == 30
    assert "simulated participants" in first["behavior_figure"].get_suptitle()

    pairs = pd.DataFrame({"pair_id": ["s001s002"], "participant_1": ["s001"], "participant_2": ["s002"]})
    customised = inputs["stimuli"].head(6).assign(pair_id="s001s002", source="individual")
    second = run(
        create_second_round(),
        {name: inputs[name] for name in ("mnist_test", "observer_network", "params:behavior", "params:seed")}
        | {"manipulation_stimuli": customised, "manipulation_pairs": pairs}
        | {"participant_parameters": first["participant_parameters"]},
    )
    trials = second["round_2.trials"]
    assert set(trials["participant_id"]) == {"s001", "s002"}
    assert (trials["phase"] == "manipulation").sum() == 2 * 6
    assert not set(trials["row_id"]) & set(first["trials"]["row_id"])
    assert not set(trials.query("is_catch")["stimulus_id"]) & set(first["trial_stimuli"]["stimulus_id"])


def test_every_output_of_both_rounds_has_a_catalog_entry():
    entries = yaml.safe_load((CONF / "catalog.yml").read_text())
    patterns = {name.replace("{number}", "2") for name in entries if not name.startswith("_")}
    assert create_pipeline().all_outputs() | create_second_round().all_outputs() == patterns
    files = [entry["filepath"] for name, entry in entries.items() if not name.startswith("_")]
    assert len(set(files)) == len(files)
    for name, entry in entries.items():
        assert name.startswith("_") or (entry["versioned"] and entry["filepath"].startswith("${globals:data_root}/"))


def test_another_source_is_refused(inputs):
    inputs["params:behavior"]["source"] = "jspsych"
    with pytest.raises(ValueError, match="behavior.source is 'jspsych', expected 'simulated'"):
        run(create_pipeline(), inputs)
