"""The fast sampler where the denoiser is exact and the classifiers are linear."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bam_pipelines.guidance import fast
from bam_pipelines.guidance.acceptance import AcceptanceRule, assess
from bam_pipelines.guidance.boundary import target_log_odds
from bam_pipelines.guidance.fast import FastSettings, correction_goals, sample_fast, sample_mixtures
from bam_pipelines.guidance.sampler import ImageNoise
from bam_pipelines.guidance.warm_start import draw_pairs, draw_unusual_pairs
from bam_pipelines.images.digits import Digits
from bam_pipelines.networks.noise import NoiseSpecification

SETTINGS = FastSettings(start=0.6, steps=5, log_odds=1.0, step_limit=0.05, corrections=4, starts=2)
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
def judge_of_the_dark(linear):
    return linear(torch.full((1, 16), -0.2), 2.0)


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


def test_bright_images_stay_in_the_range(gaussian_prior, noise, digits, judge, half_detectors, compute):
    beyond = gaussian_prior(noise, mean=1.5, deviation=0.3)  # in [-1, 1], so that pixels want to be above 1
    images = sample_fast(beyond, SEEDS, digits, [half_detectors], judge, TARGETS, RULE, SETTINGS, compute)
    unguided = sample_mixtures(beyond, SEEDS, digits, TARGETS, SETTINGS, compute)
    assert images.min() >= 0 and images.max() <= 1
    assert unguided.max() == 1


def test_two_classifiers_are_parted(sample, half_detectors, linear):
    rule = AcceptanceRule("controversial", 0.6, None, 0.5)
    other = linear(-half_detectors[1].weight, [4.0, 4.0, 0.0])
    images = sample(classifiers=[half_detectors, other], rule=rule, settings=replace(SETTINGS, corrections=20))
    first, second = (network(images).softmax(dim=1) for network in (half_detectors, other))
    assert first[:, 0].min() > 0.6 and second[:, 1].min() > 0.6


@pytest.mark.parametrize(
    ("rule", "last"), [(RULE, "float32"), (AcceptanceRule("controversial", 0.6, None, 0.5), "bfloat16")]
)
def test_only_the_last_step_onto_a_boundary_is_in_float32(prior, digits, judge, half_detectors, compute, rule, last):
    precisions = []

    class Listening(torch.nn.Module):
        def forward(self, images):
            precisions.append("bfloat16" if torch.is_autocast_enabled("cpu") else "float32")
            return half_detectors(images)

    guides = [Listening().eval() for _ in range(1 if rule.strategy == "uncertainty" else 2)]
    in_bfloat16 = replace(compute, wanted_precision="bfloat16")
    sample_fast(prior, SEEDS, digits, guides, judge, TARGETS, rule, SETTINGS, in_bfloat16)
    assert precisions[-1] == last
    assert set(precisions[: -len(guides)]) == {"bfloat16"}


def test_people_are_asked_to_part_more_than_architectures(prior, digits, judge, half_detectors, compute, monkeypatch):
    goals = []

    class Listening(fast.BoundaryResiduals):
        def __post_init__(self):
            goals.append(self.goals.parting)

    monkeypatch.setattr(fast, "BoundaryResiduals", Listening)
    for rule in (AcceptanceRule("controversial", 0.9, None, 0.5), AcceptanceRule("controversial", None, 1.0, 0.5)):
        sample_fast(prior, SEEDS, digits, [half_detectors] * 2, judge, TARGETS, rule, SETTINGS, compute)
    assert goals[0] < goals[2]  # each run asks first for guidance, then for corrections


def test_an_image_depends_on_its_seed_alone(sample):
    together = sample()
    torch.testing.assert_close(sample(SEEDS[3:5]), together[3:5], atol=1e-5, rtol=0)
    assert torch.equal(sample(), together)


@pytest.mark.parametrize("starts, choices", [(1, 0), (3, 3)])
def test_evaluations_of_the_denoiser(sample, prior, starts, choices):
    prior.network.calls = 0
    sample(settings=replace(SETTINGS, starts=starts))
    assert prior.network.calls == choices + fast.BISECTIONS + 5


def test_the_start_nearest_to_what_is_asked_is_taken(
    prior, digits, judge_of_the_dark, half_detectors, compute, monkeypatch
):
    """The judge takes only dark images for digits, and every image has a dark start and a bright one."""
    bright, dark = torch.full((12, 1, 4, 4), 0.9), torch.full((12, 1, 4, 4), 0.2)
    taken = []

    def draw(digits, targets, seeds, number):
        images = (bright, dark)[number].clone()
        images[:6] = (dark, bright)[number][:6]
        return images, images

    monkeypatch.setattr(fast, "draw_unusual_pairs", draw)
    monkeypatch.setattr(fast._Run, "descend", lambda run, noisy, asked: taken.append(noisy) or noisy)
    settings = replace(SETTINGS, start=0.1)
    sample_fast(prior, SEEDS, digits, [half_detectors], judge_of_the_dark, TARGETS, RULE, settings, compute)
    assert (taken[0].flatten(1).mean(dim=1) < 0).all()  # the prior's range is -1 to 1


def test_a_reference_is_the_only_start(prior, digits, judge, half_detectors, compute, monkeypatch):
    def never(*arguments):
        raise AssertionError("other digits than the reference were drawn")

    monkeypatch.setattr(fast, "draw_unusual_pairs", never)
    rule = AcceptanceRule("reference", 0.1, None, 0.5)
    arguments = (prior, SEEDS, digits, [half_detectors], judge, TARGETS, rule, SETTINGS, compute)
    images = sample_fast(*arguments, reference_weight=1e4)
    near = draw_pairs(digits, TARGETS, SEEDS)[0]
    free = sample_fast(*arguments, reference_weight=0.0)
    assert (images - near).square().mean() < 0.9 * (free - near).square().mean()


def test_without_guidance_a_step_is_a_fresh_noising(prior, digits, noise, compute):
    settings = replace(SETTINGS, steps=2)
    found = sample_mixtures(prior, [4], digits, TARGETS[:1], settings, compute)

    signals = noise.alphas_cumprod()[[599, 299]].double()
    draws = ImageNoise([4], (1, 4, 4), torch.device("cpu"))
    pair = torch.stack(draw_unusual_pairs(digits, TARGETS[:1], [4], 0))
    mixture = pair.double().amax(dim=0) * 2 - 1
    noisy = signals[0].sqrt() * mixture + (1 - signals[0]).sqrt() * draws.draw()

    def clean(noisy, signal):  # the mean of x0 given x_t, prior N(0, .3²)
        return (signal.sqrt() * 0.09 * noisy / (signal * 0.09 + 1 - signal)).clamp(-1, 1)

    noisy = signals[1].sqrt() * clean(noisy, signals[0]) + (1 - signals[1]).sqrt() * draws.draw()
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
    assert controversial.judge == pytest.approx(0.85)
    # e^.3 times acceptance's odds of 9 for the own target, its share of both times both
    assert share(controversial.parting) * share(controversial.log_odds) == pytest.approx(share(math.log(9) + 0.3))
    assert correction_goals(AcceptanceRule("controversial", None, 1.0, 0.5)).parting == pytest.approx(1.3)


@pytest.mark.parametrize("rule", [AcceptanceRule("controversial", p, None, 0.5) for p in (0.3, 0.9, 0.99)])
def test_what_corrections_ask_for_is_accepted(rule, linear):
    goals = correction_goals(rule)
    assert accepted(goals, rule, linear)


@pytest.mark.parametrize("margin", [0.0, 0.5, 4.0])
def test_what_corrections_ask_for_with_a_margin_is_accepted(margin, linear):
    """Even if the rest is one class alone."""
    rule = AcceptanceRule("controversial", None, margin, 0.5)
    assert accepted(correction_goals(rule), rule, linear)
    short = replace(correction_goals(rule), parting=margin - 0.1)
    assert not accepted(short, rule, linear)


def share(log_odds):
    return 1 / (1 + math.exp(-log_odds))


def accepted(goals, rule, linear):
    """Whether two classifiers that see exactly what is asked for, and one other class, part."""
    own, other = goals.parting, 0.0
    rest = math.log(math.exp(own) + 1) - goals.log_odds
    networks = [linear(torch.zeros(3, 16), logits) for logits in ([own, other, rest], [other, own, rest])]
    judge = linear(torch.zeros(1, 16), goals.judge)
    found = assess(torch.zeros(1, 1, 4, 4), TARGETS[:1], networks, judge, rule)
    return bool(found.accepted[0])


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"start": 1.0}, "start is 1.0, expected a number above 0 and below 1"),
        ({"steps": 0}, "steps is 0, expected an integer of at least 1"),
        ({"corrections": -1}, "corrections is -1, expected an integer of at least 0"),
        ({"starts": 0}, "starts is 0, expected an integer of at least 1"),
        ({"step_limit": 0.0}, "step_limit is 0.0, expected a number above 0"),
    ],
)
def test_settings_outside_their_range(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(SETTINGS, **change)
