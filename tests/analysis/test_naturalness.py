"""Quality of samples, by a feature network whose features are the first pixels."""

import numpy as np
import pytest
import torch
from torch import nn

from bam_pipelines.analysis.naturalness import network_features, sample_quality


class FirstPixels(nn.Module):
    """Two pixels as features; logits are ten times the two."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(10 * torch.eye(2))

    def features(self, images):
        return images[:, 0, 0, :2]


def images_of(pairs):
    images = torch.zeros(len(pairs), 1, 2, 2)
    images[:, 0, 0] = torch.tensor(pairs)
    return images


@pytest.fixture
def network():
    return FirstPixels().eval()


def test_features_are_those_of_every_image_in_order(network):
    images = torch.rand(1201, 1, 2, 2, generator=torch.Generator().manual_seed(0))  # more than two batches
    features = network_features(network, images)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, images[:, 0, 0, :2])


def test_quality_by_hand(network):
    real = images_of([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0]])
    samples = images_of([[0.05, 0.0], [0.15, 0.0], [0.5, 0.5], [0.0, 0.9]])
    other = images_of([[0.0, 0.05], [0.9, 0.0], [0.9, 0.05]])
    found = sample_quality(samples, real, other, network, k=1)
    assert set(found) == {
        "median_top_probability",
        "share_below_0_7",
        "class_share_min",
        "class_share_max",
        "precision",
        "recall",
        "real_precision",
        "real_recall",
    }
    # logits differ by .5, 1.5, 0 and −9: top probabilities 1/(1 + e^−d) = .622, .818, .5, .9999; torch's median is the
    # lower of the two middle ones
    assert found["median_top_probability"] == pytest.approx(0.6224593, abs=1e-5)
    assert found["share_below_0_7"] == 0.5
    # the tie is the first class's: three of four, and one
    assert (found["class_share_min"], found["class_share_max"]) == (0.25, 0.75)
    # nearest real neighbours are .1, .1, .9 away: the third ball reaches from .1 on the line, to (.5, .5) at .71 but
    # not to (0, .9) at 1.35
    assert found["precision"] == 0.75
    # nearest sample neighbours: .1, .1, .61 and .64; (0, 0) and (.1, 0) lie within .1 of a sample, (1, 0) is .71 from
    # (.5, .5)
    assert found["recall"] == pytest.approx(2 / 3)
    # (0, .05) lies within .1 of (0, 0), the others within .9 of (1, 0)
    assert found["real_precision"] == 1.0
    # others' neighbours: .851, .05 and .05 away: the first reaches (0, 0) and (.1, 0), none reaches (1, 0)
    assert found["real_recall"] == pytest.approx(2 / 3)


def test_real_images_score_as_real(network):
    real = torch.rand(50, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    found = sample_quality(real, real, real, network, k=3)
    assert [found[key] for key in ("precision", "recall", "real_precision", "real_recall")] == [1.0] * 4
