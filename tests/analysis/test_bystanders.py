"""What bystanders see, by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from bam_pipelines.analysis.bystanders import bystander_probabilities, bystander_views


class Fixed(nn.Module):
    """The same logits for every image, plus the first pixel on the first class."""

    def __init__(self, probabilities):
        super().__init__()
        self.logits = torch.tensor(probabilities).log()

    def forward(self, images):
        logits = self.logits.expand(len(images), -1).clone()
        logits[:, 0] += images.flatten(1)[:, 0]
        return logits


def test_probabilities_are_averaged_not_logits():
    bystanders = [Fixed([0.9, 0.1]).eval()] + [Fixed([0.5, 0.5]).eval()] * 4
    found = bystander_probabilities(bystanders, torch.zeros(1, 1, 2, 2))
    # (.9 + 4 · .5) / 5; averaged logits would give 1 / (1 + 9^-.2) = .608
    np.testing.assert_allclose(found, [[0.58, 0.42]], atol=1e-6)


def test_every_image_is_seen_in_order():
    images = torch.linspace(0, 1, 1201)[:, None, None, None]  # more than two batches
    found = bystander_probabilities([Fixed([0.5, 0.5]).eval()] * 5, images)
    np.testing.assert_allclose(found[:, 0], 1 / (1 + np.exp(-np.linspace(0, 1, 1201))), atol=1e-6)


def test_fewer_than_five_are_refused():
    with pytest.raises(ValueError, match="4 bystanders, expected at least 5"):
        bystander_probabilities([Fixed([0.5, 0.5])] * 4, torch.zeros(1, 1, 2, 2))


def test_views_by_hand():
    probabilities = np.array(
        [
            [0.1, 0.7, 0.2],  # .1 and .7: mass .8, minimum .1, both just enough
            [0.09, 0.9, 0.01],  # minimum too small: a plain digit
            [0.4, 0.39, 0.21],  # mass too small: noise
        ]
    )
    views = bystander_views(probabilities, np.array([[0, 1], [1, 0], [0, 1]]))
    np.testing.assert_allclose(views["bystander_minimum"], [0.1, 0.09, 0.39])
    np.testing.assert_allclose(views["bystander_mass"], [0.8, 0.99, 0.79])
    assert views["bystander_ambiguous"].tolist() == [True, False, False]
