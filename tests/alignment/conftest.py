"""Hand-made answers to 8 x 8 images in which a bright row k looks like class k."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from bam_pipelines.alignment.individuals import SharedTrunk, WholeNetworks
from bam_pipelines.compute.device import Compute
from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.registry import build_network

N_CLASSES = 3


def row_pixels(classes):
    """One image for each class, its row bright, told apart by the last pixel."""
    pixels = np.zeros((len(classes), 1, 8, 8), dtype=np.uint8)
    pixels[np.arange(len(classes)), 0, np.asarray(classes)] = 200
    pixels[:, 0, 7, 7] = np.arange(len(classes))
    return pixels


def make_answers(classes, splits, answers):
    """Build trials and stimuli: image i shows classes[i], lies in splits[i]; answers maps a person to responses."""
    stimuli = pd.DataFrame(image_columns(row_pixels(classes)))
    rows = [
        {"participant_id": person, "stimulus_id": name, "split": split, "response": response}
        for person, responses in answers.items()
        for name, split, response in zip(stimuli["stimulus_id"], splits, responses, strict=True)
    ]
    trials = pd.DataFrame(rows).assign(task="digit", phase="main", include=True, round=1, session=1)
    trials = trials.assign(row_id=[f"t{index}" for index in range(len(trials))], trial_index=range(len(trials)))
    return trials.astype({"response": "Int8"}), stimuli


class RowReader(nn.Module):
    """Gives the brightness of the first rows, times a gain, as logits."""

    def __init__(self, gain):
        super().__init__()
        self.gain = gain

    def forward(self, images):
        return self.gain * images[:, 0, :N_CLASSES].mean(-1)


@pytest.fixture
def compute():
    return Compute("cpu", "float32")


@pytest.fixture
def answers_of():
    return make_answers


@pytest.fixture
def row_reader():
    return lambda gain: RowReader(gain).eval()


@pytest.fixture
def whole_networks():
    """Two participants' networks with random weights of their own."""
    specification = NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": 3})
    states = {name: build_network(specification, seed).state_dict() for seed, name in enumerate(("P01", "P02"))}
    return WholeNetworks(specification, states)


@pytest.fixture
def shared_trunk():
    """Heads of an MLP as combinations of its own, another one, and a bias for each class."""
    specification = NetworkSpecification("mlp", {"image_size": 8, "channels": 1, "n_classes": 3})
    group = build_network(specification, seed=0)
    other = build_network(specification, seed=1)
    weight = torch.stack([group[-1].weight, other[-1].weight, *torch.zeros(3, *group[-1].weight.shape)])
    bias = torch.cat([torch.stack([group[-1].bias, other[-1].bias]), torch.eye(3)])
    coefficients = {"P01": torch.tensor([1.0, 0, 0, 0, 0]), "P02": torch.tensor([0.5, 2.0, 0, 0, 3.0])}
    return SharedTrunk(
        specification, group.state_dict(), weight.detach(), bias.detach(), coefficients, {"P01": 0.0, "P02": 0.1}
    )
