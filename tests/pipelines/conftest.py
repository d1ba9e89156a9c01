"""8 x 8 images in which a bright row k is digit k, and networks that read them; nothing here is trained."""

import numpy as np
import pandas as pd
import pytest
from torch import nn

from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification

TINY_CLASSES = 3


class RowReader(nn.Module):
    """Gives the brightness of each class's row, times a gain, as logits; `rows` says which row is whose."""

    def __init__(self, gain, rows):
        super().__init__()
        self.gain, self.rows = gain, list(rows)

    def forward(self, images):
        return self.gain * images[:, 0, self.rows].mean(-1)


class ShrinkingDenoiser(nn.Module):
    """Predicts no velocity, so that its estimate of the clean image is the noisy one, faded."""

    def forward(self, noisy, timesteps):
        return 0 * noisy


class KindJudge(nn.Module):
    """Calls every image a digit."""

    def forward(self, images):
        return 1 + 0 * images.flatten(1).mean(1, keepdim=True)


def digit_pixels(labels, seed):
    """Rows at about three quarters of full brightness on a dark ground, all with noise of their own."""
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 40, (len(labels), 1, 8, 8), dtype=np.uint8)
    pixels[np.arange(len(labels)), 0, np.asarray(labels)] += np.uint8(150)
    return pixels


@pytest.fixture
def tiny_digits():
    """A function from a number and a seed to so many labelled digits of three classes."""

    def make(number, seed=0):
        labels = np.arange(number) % TINY_CLASSES
        return pd.DataFrame({"label": labels.astype("int8"), **image_columns(digit_pixels(labels, seed))})

    return make


@pytest.fixture
def compute(tmp_path):
    facts = {"threads": 1, "device": "cpu", "precision": "float32", "compile": False}
    return facts | {"working_folder": str(tmp_path / ".shards")}


@pytest.fixture
def tiny_samplers():
    return {
        "fast": {"start": 0.65, "steps": 4, "log_odds": 3.0, "step_limit": 0.05, "corrections": 4, "starts": 2},
        "paper": {"steps": 12, "repeats": 1, "guidance_scale": 0.5, "judge_weight": 10},
    }


@pytest.fixture
def row_reader():
    """A function from a gain and an order of rows to a classifier as the catalog gives it."""

    def make(gain=12.0, rows=range(TINY_CLASSES)):
        facts = {"image_size": 8, "channels": 1, "n_classes": TINY_CLASSES}
        return TrainedNetwork(RowReader(gain, rows), NetworkSpecification("reader", facts))

    return make


@pytest.fixture
def tiny_prior():
    noise = NoiseSpecification("v_prediction", "squaredcos_cap_v2", 100, (-1, 1))
    return TrainedNetwork(
        ShrinkingDenoiser(), NetworkSpecification("shrinking", {"image_size": 8, "channels": 1}, noise)
    )


@pytest.fixture
def tiny_judge():
    return TrainedNetwork(KindJudge(), NetworkSpecification("kind", {"channels": 1}))
