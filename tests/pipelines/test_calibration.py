"""The calibration stage with a front end that reads rows."""

import numpy as np
import pytest
import torch
from kedro.config import OmegaConfigLoader
from torch import nn

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.pipelines.calibration import create_pipeline
from bam_pipelines.pipelines.calibration.nodes import calibrate_participants
from bam_pipelines.settings import CONFIG_LOADER_ARGS
from tests.projects import PROJECT


class RowObserver(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 3)
        with torch.no_grad():
            self.head.weight.copy_(10 * torch.eye(3))
            self.head.bias.zero_()

    def features(self, images):
        return images[:, 0, :3].mean(-1)


@pytest.fixture
def parameters():
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    return OmegaConfigLoader(str(PROJECT / "conf"), env="base", **arguments)["parameters"]


def test_the_fit_is_a_value_for_conf_and_stands_beside_the_published_shares(tiny_digits, parameters):
    stimuli = natural_stimuli(tiny_digits(60)).drop(columns="label")
    targets = np.random.default_rng(0).permuted(np.tile([0, 1, 2], (60, 1)), axis=1)
    stimuli = stimuli.assign(strategy="uncertainty", target_1=targets[:, 0], target_2=targets[:, 1])
    observer = TrainedNetwork(RowObserver(), NetworkSpecification("rows", {}))
    options = parameters["calibration"] | {"n_people": 8}
    fitted, summary = calibrate_participants(stimuli, observer, parameters["behavior"], options, 0)
    conf = parameters["behavior"] | {"participants": fitted}
    assert behavior_settings(conf).participants.temperature_median == fitted["temperature_median"]
    assert fitted["lapse_mean"] == parameters["behavior"]["participants"]["lapse_mean"]
    assert summary["zero_entropy"]["published"] == 0.42
    assert summary["pair_success"]["published"] == 0.23
    for outcomes in (("success", "bias", "failure"), ("pair_success", "pair_bias", "pair_failure")):
        assert sum(summary[name]["simulated"] for name in outcomes) == pytest.approx(1)


def test_the_stage_takes_stimuli_and_gives_a_suggestion():
    assert create_pipeline().inputs() == {
        "stimuli", "observer_network", "params:behavior", "params:calibration", "params:seed"
    }  # fmt: skip
    assert create_pipeline().all_outputs() == {"calibrated_participants", "calibration_summary"}
