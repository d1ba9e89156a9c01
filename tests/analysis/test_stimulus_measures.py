"""Measures of stimuli by hand, with networks that read pixels."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from bam_pipelines.analysis.stimulus_measures import (
    Witnesses,
    feature_recall,
    measure_images,
    measure_naturalness,
    pair_diversity,
)
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification


class FirstPixels(nn.Module):
    def features(self, images):
        return images.flatten(1)[:, :2]

    def forward(self, images):
        return 10 * self.features(images)


class Sum(nn.Module):
    def forward(self, images):
        return images.flatten(1).sum(dim=1, keepdim=True)


class Still(nn.Module):
    """Predicts the noise of a black image: the estimate is always black."""

    def __init__(self, noise):
        super().__init__()
        self.signals = noise.alphas_cumprod().float()

    def forward(self, noisy, timesteps):
        return noisy / (1 - self.signals[timesteps][:, None, None, None]).sqrt()


def images_of(rows):
    return torch.tensor(rows, dtype=torch.float32).reshape(len(rows), 1, 2, 2)


@pytest.fixture
def witnesses():
    noise = NoiseSpecification("epsilon", "linear", 100, (0.0, 1.0))
    prior = TrainedNetwork(Still(noise), NetworkSpecification("patch_unet", {}, noise))
    unseen = images_of([[0, 0, 0, 0], [0.1, 0, 0, 0], [1, 0, 0, 0]])
    training = images_of([[0, 0, 0, 0.5], [1, 0, 0, 0.2]])
    return Witnesses([FirstPixels().eval()] * 5, Sum(), FirstPixels(), prior, unseen, training, k=1)


def test_naturalness_by_hand(witnesses):
    found = measure_naturalness(images_of([[0.05, 0, 0, 0.45], [0.5, 0.75, 0, 0], [0, 0.9, 0.3, 0.4]]), witnesses)
    np.testing.assert_allclose(found["independent_judge"], [0.5, 1.25, 1.6], atol=1e-6)
    # the estimate is black, so the residual is the root mean square of the pixels
    np.testing.assert_allclose(
        found["denoising_residual"], [(0.05**2 + 0.45**2) ** 0.5 / 2, 0.8125**0.5 / 2, (1.06) ** 0.5 / 2], atol=1e-5
    )
    # balls of .1, .1 and .9: the second image is .9014 from (1, 0) and .85 from (.1, 0), the third .9 from (0, 0)
    assert found["in_manifold"].tolist() == [True, False, False]
    np.testing.assert_allclose(found["feature_distance"], [0.05, 0.85, 0.9], atol=1e-6)
    np.testing.assert_allclose(found["training_distance"], [(2 * 0.05**2) ** 0.5, 0.8525**0.5, 0.91**0.5], atol=1e-6)
    # the unseen are .5, .51 and .2 away: the 1 % quantile is .2 + .02 · .3 = .206
    assert found["copy"].tolist() == [True, False, False]


def test_images_get_bystanders_and_naturalness(witnesses):
    images = images_of([[0.5, 0.5, 0, 0], [1, 0, 0, 0]])
    found = measure_images(images, np.array([[0, 1], [0, 1]]), witnesses)
    assert found["bystander_ambiguous"].tolist() == [True, False]
    pd.testing.assert_frame_equal(found.iloc[:, 3:], measure_naturalness(images, witnesses))


def test_recall_is_of_the_unseen_digits(witnesses):
    # neighbours are .2 apart: (0, 0) and (.1, 0) lie within it, (1, 0) does not
    assert feature_recall(images_of([[0, 0, 1, 1], [0.2, 0, 0, 0]]), witnesses) == pytest.approx(2 / 3)


def test_diversity_is_within_digit_pairs():
    images = images_of([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0.5], [1, 1, 1, 1], [1, 1, 1, 0]])
    found = pair_diversity(images, np.array([[1, 2], [1, 2], [1, 2], [2, 1], [3, 4]]))
    # 1, .5 and √1.25; a lone image has no distance
    assert found.to_dict() == {"1-2": pytest.approx((1.5 + 1.25**0.5) / 3)}


def test_without_two_images_of_a_digit_pair_there_is_no_diversity():
    assert pair_diversity(images_of([[0, 0, 0, 0], [0, 1, 0, 0]]), np.array([[1, 2], [2, 1]])).empty
