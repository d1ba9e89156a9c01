"""Validation of judges whose virtues are known."""

import pytest
import torch
from torch import nn

from bam_pipelines.analysis.judge_quality import Climb, judge_quality
from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.networks.judging import corrupted_batch

CLIMB = Climb(images=40, steps=20, step_length=0.05)


class MeanBrightness(nn.Module):
    def forward(self, images):
        return images.flatten(1).mean(dim=1, keepdim=True)


class Unmoved(nn.Module):
    def forward(self, images):
        return 0.3 + 1e-3 * images.flatten(1).mean(dim=1, keepdim=True)


@pytest.fixture
def real():
    digits = torch.zeros(200, 1, 28, 28)
    digits[:, :, 6:22, 12:16] = torch.linspace(0.5, 1, 200)[:, None, None, None]
    return digits


def quality(judge, real, samples, other=None, family="noise", above=0.5):
    return judge_quality(judge, other or Unmoved(), family, real, samples, CLIMB, above, seed=0)


class Oracle(nn.Module):
    """Knows how much of each corrupted image is left; everything else scores 1."""

    def __init__(self, images, left):
        super().__init__()
        self.known = {image.numpy().tobytes(): value.item() for image, value in zip(images, left, strict=True)}

    def forward(self, images):
        found = [[self.known.get(image.numpy().tobytes(), 1.0)] for image in images.detach()]
        return torch.tensor(found) + 0 * images.flatten(1).mean(dim=1, keepdim=True)


def test_a_judge_that_knows_the_damage_ranks_perfectly(real):
    images, left = corrupted_batch(real, "noise", torch_generator(0, "judge_quality/corruption"))
    assert quality(Oracle(images, left), real, real)["unseen_corruption_spearman"] == pytest.approx(1.0)


def test_brightness_is_no_judge_of_noise(real):
    assert quality(MeanBrightness(), real, real)["unseen_corruption_spearman"] < -0.5  # noise is brighter than digits


def test_samples_against_real_digits(real):
    assert quality(MeanBrightness(), real, real)["sample_over_real"] == pytest.approx(0.5)
    brighter = quality(MeanBrightness(), real, real + 0.5)
    assert brighter["sample_over_real"] == 1.0
    assert brighter["sample_median"] == pytest.approx(brighter["real_median"] + 0.5, abs=1e-6)
    # one of two samples is above all real digits, the other below all
    mixed = torch.stack([torch.ones(1, 28, 28), torch.zeros(1, 28, 28)])
    assert quality(MeanBrightness(), real, mixed)["sample_over_real"] == pytest.approx(0.5)


def test_a_judge_that_follows_its_gradient_is_fooled_and_another_is_not(real):
    found = quality(MeanBrightness(), real, real, family="shape", above=0.6)
    # one step raises the mean by .05 where pixels are free: the later half of the images gets to .6
    assert 0.2 < found["fooled"] < 0.9
    assert found["other_fooled"] == 0.0
    assert quality(MeanBrightness(), real, real, MeanBrightness(), "shape", 0.6)["other_fooled"] == found["fooled"]
    assert quality(Unmoved(), real, real)["fooled"] == 0.0
