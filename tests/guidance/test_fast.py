"""The fast sampler where the denoiser is exact and the classifiers are linear."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bam_pipelines.guidance import fast
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.boundary import target_log_odds
from bam_pipelines.guidance.fast import FastSettings, correction_goals, sample_fast, sample_mixtures
from bam_pipelines.guidance.sampler import ImageNoise
from bam_pipelines.guidance.schedule import build_schedule
from bam_pipelines.images.digits import Digits
from bam_pipelines.networks.noise import NoiseSpecification

SETTINGS = FastSettings(start=0.6, steps=5, log_odds=1.0, step_limit=0.05, corrections=4)
RULE = AcceptanceRule("uncertainty", 0.1, None, 0.5)
SEEDS = list(range(12))
TARGETS = torch.tensor([[0, 1]] * 12)


@pytest.fixture
def noise():
    return NoiseSpecification("v_prediction", "squaredcos_cap_v2", 1000, (-1.0, 1.0))


@pytest.fixture
def prior(gaussian_prior, noise):
    return gaussian_prior(noise, mean=0.0, deviation=0.3)


@pytest.fixture
def digits():
    """Digit 0 is bright on the left, digit 1 on the right, both with a brightness of their own."""
    pixels = np.zeros((40, 1, 4, 4), dtype=np.uint8)
    pixels[:20, :, :, :2] = np.arange(120, 220, 5, dtype=np.uint8)[:, None, None, None]
    pixels[20:, :, :, 2:] = np.arange(120, 220, 5, dtype=np.uint8)[:, None, None, None]
    return Digits(pixels, np.repeat(np.array([0, 1], dtype=np.uint8), 20))


@pytest.fixture
def judge(linear):
    return linear(torch.zeros(1, 16), 2.0)


@pytest.fixture
def sample(prior, digits, judge, half_detectors, compute):
    def run(seeds=SEEDS, settings=SETTINGS, classifiers=None, rule=RULE):
        guides = classifiers or [half_detectors]
        return sample_fast(prior, seeds, digits, guides, judge, TARGETS[: len(seeds)], rule, settings, compute)

    return run


def test_images_lie_on_the_boundary(sample, half_detectors):
    images = sample()
    assert images.dtype == torch.float32 and images.min() >= 0 and images.max() <= 1
    assert target_log_odds(half_detectors(images), TARGETS).abs().max() < 1e-3
    assert torch.pdist(images.flatten(1)).min() > 0.1  # no two alike


def test_two_classifiers_are_parted(sample, half_detectors, linear):
    rule = AcceptanceRule("controversial", 0.6, None, 0.5)
    other = linear(-half_detectors[1].weight, [4.0, 4.0, 0.0])
    images = sample(classifiers=[half_detectors, other], rule=rule, settings=replace(SETTINGS, corrections=20))
    first, second = (network(images).softmax(dim=1) for network in (half_detectors, other))
    assert first[:, 0].min() > 0.6 and second[:, 1].min() > 0.6


def test_an_image_depends_on_its_seed_alone(sample):
    together = sample()
    torch.testing.assert_close(sample(SEEDS[3:5]), together[3:5], atol=1e-5, rtol=0)
    assert torch.equal(sample(), together)


def test_evaluations_of_the_denoiser(sample, prior, noise):
    prior.network.calls = 0
    sample()
    shares = build_schedule(noise, 5, 0.6).timesteps / 1000
    cleaned = sum(fast.CLEANED[0] <= share <= fast.CLEANED[1] for share in shares.tolist())
    assert cleaned == 2  # at .359 and .239 of the schedule; .479 and .119 are outside
    assert prior.network.calls == fast.BISECTIONS + 5 + cleaned


def test_without_guidance_a_step_is_that_of_ddim(prior, digits, noise, compute, monkeypatch):
    monkeypatch.setattr(fast, "CLEANED", (2.0, 3.0))
    settings = replace(SETTINGS, steps=2)
    found = sample_mixtures(prior, [4], digits, TARGETS[:1], settings, compute)

    signals = noise.alphas_cumprod()[[599, 299]].double()
    draws = ImageNoise([4], (1, 4, 4), torch.device("cpu"))
    generator = np.random.default_rng(4)
    pair = [generator.choice(20), 20 + generator.choice(20)]
    mixture = torch.from_numpy(digits.pixels[pair]).double().amax(dim=0, keepdim=True) / 255 * 2 - 1
    noisy = signals[0].sqrt() * mixture + (1 - signals[0]).sqrt() * draws.draw()

    def clean(noisy, signal):  # the mean of x0 given x_t, prior N(0, .3²)
        return (signal.sqrt() * 0.09 * noisy / (signal * 0.09 + 1 - signal)).clamp(-1, 1)

    estimate = clean(noisy, signals[0])
    error = (noisy - signals[0].sqrt() * estimate) / (1 - signals[0]).sqrt()
    sigma = ((1 - signals[0] / signals[1]) * (1 - signals[1]) / (1 - signals[0])).sqrt()
    fresh = min(1.5 * sigma, (1 - signals[1]).sqrt())
    noisy = signals[1].sqrt() * estimate + (1 - signals[1] - fresh**2).sqrt() * error + fresh * draws.draw()
    expected = (clean(noisy, signals[1]) + 1) / 2
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=0)


def test_mixtures_ask_no_classifier_and_still_differ(prior, digits, compute):
    images = sample_mixtures(prior, SEEDS, digits, TARGETS, SETTINGS, compute)
    assert torch.pdist(images.flatten(1)).min() > 0.1


def test_corrections_ask_for_a_little_more_than_acceptance():
    def logit(p):
        return math.log(p / (1 - p))

    uncertainty = correction_goals(AcceptanceRule("uncertainty", 0.4, None, 0.5))
    assert (uncertainty.log_odds, uncertainty.judge) == pytest.approx((logit(0.9), 0.75))
    controversial = correction_goals(AcceptanceRule("controversial", 0.9, None, 0.6))
    assert (controversial.log_odds, controversial.judge) == pytest.approx((logit(0.9) + 0.3, 0.85))
    assert correction_goals(AcceptanceRule("controversial", None, 1.0, 0.5)).log_odds == pytest.approx(1.3)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"start": 1.0}, "start is 1.0, expected above 0 and below 1"),
        ({"steps": 0}, "steps is 0 and corrections 4"),
        ({"corrections": -1}, "steps is 5 and corrections -1"),
        ({"step_limit": 0.0}, "step_limit is 0.0, expected above 0"),
    ],
)
def test_settings_outside_their_range(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(SETTINGS, **change)
