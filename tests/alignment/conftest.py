"""Hand-made answers to 8 x 8 images in which a bright row k looks like class k."""

import numpy as np
import pandas as pd
import pytest
from torch import nn

from bam_pipelines.compute.device import Compute
from bam_pipelines.images.table import image_columns

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
