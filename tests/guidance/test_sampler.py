"""The sampler's properties, with tiny untrained networks and with a prior known in closed form."""

from dataclasses import replace

import pytest
import torch

from bam_pipelines.guidance.objectives import GuidanceObjective
from bam_pipelines.guidance.sampler import ImageNoise, SamplerSettings, sample_images
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifiers import build_classifier
from bam_pipelines.networks.noise import NoiseSpecification
from bam_pipelines.networks.registry import build_network

SEEDS = [11, 12, 13, 14, 15]


@pytest.fixture(scope="module")
def unet():
    arguments = {"image_size": 8, "channels": 1, "block_channels": [16, 32], "attention_head_width": 8}
    noise = NoiseSpecification("v_prediction", "linear", 100, (-1.0, 1.0))
    specification = NetworkSpecification("patch_unet", arguments, noise)
    return TrainedNetwork(build_network(specification, seed=1), specification)


@pytest.fixture(scope="module")
def networks():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        classifier = build_classifier("mlp", 8, 1, 3)
        return classifier.eval(), build_classifier("lrm", 8, 1, 1).eval()


def uncertain(networks, n, targets=(0, 1)):
    classifier, judge = networks
    return GuidanceObjective([classifier], judge, torch.tensor([targets] * n), "uncertainty", 10.0, 0.5)


def test_an_image_does_not_depend_on_its_batch(unet, networks, compute):
    settings = SamplerSettings(steps=4, repeats=2, guidance_scale=0.3)
    together = sample_images(unet, SEEDS, settings, compute, uncertain(networks, 5)).images
    alone = [sample_images(unet, [seed], settings, compute, uncertain(networks, 1)).images for seed in SEEDS]
    # float32: sums of other batch sizes run in another order, 1e-7 each, carried on over eight evaluations
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=2e-5)
    assert (together[0] - together[1]).abs().max() > 0.1


def test_the_same_batch_gives_the_same_bits(unet, networks, compute):
    settings = SamplerSettings(steps=3, repeats=2, guidance_scale=0.3)
    first, again = (sample_images(unet, SEEDS, settings, compute, uncertain(networks, 5)).images for _ in range(2))
    assert torch.equal(first, again)


def test_half_precision_gives_nearly_the_same_images(unet, networks, compute):
    settings = SamplerSettings(steps=3, repeats=1, guidance_scale=0.1)
    half = replace(compute, wanted_precision="bfloat16")
    exact, rough = (sample_images(unet, SEEDS, settings, one, uncertain(networks, 5)).images for one in (compute, half))
    # bfloat16 keeps eight bits: .4 % a multiplication
    assert rough.dtype == torch.float32
    assert 0 < (exact - rough).abs().mean() < 0.02


def test_the_global_random_state_is_left_alone(unet, compute):
    before = torch.get_rng_state()
    sample_images(unet, SEEDS[:1], SamplerSettings(2, 1, 0.0), compute, None)
    assert torch.equal(before, torch.get_rng_state())


def test_images_are_single_precision_in_the_unit_range(unet, compute):
    images = sample_images(unet, SEEDS, SamplerSettings(3, 1, 0.0), compute, None).images
    assert images.dtype == torch.float32 and images.shape == (5, 1, 8, 8)
    assert 0 <= images.min() < images.max() <= 1


def test_one_repeat_is_plain_ddpm(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.5, deviation=1.0)
    found = sample_images(prior, SEEDS, SamplerSettings(5, 1, 0.7), compute, None).images
    # Ho et al. 2020, algorithm 2, on the visited steps 999, 799 … 199, with the noise of each image in turn
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    cumulated = [(1 - betas[: t + 1]).prod().item() for t in (999, 799, 599, 399, 199)]
    for index, seed in enumerate(SEEDS):
        generator = torch.Generator().manual_seed(seed)
        image = torch.randn(1, 4, 4, generator=generator)
        for signal, after in zip(cumulated, [*cumulated[1:], 1.0], strict=True):
            alpha = signal / after
            clean = 0.5 + signal**0.5 * (image - signal**0.5 * 0.5)  # deviation 1: V = 1
            implied = (image - signal**0.5 * clean) / (1 - signal) ** 0.5
            mean = (image - (1 - alpha) / (1 - signal) ** 0.5 * implied) / alpha**0.5
            deviation = ((1 - alpha) * (1 - after) / (1 - signal)) ** 0.5
            image = mean + deviation * torch.randn(1, 4, 4, generator=generator)
        torch.testing.assert_close(found[index], (image + 5) / 10, rtol=0, atol=1e-5)


def test_time_travel_renoises_by_the_root_of_beta(gaussian_prior, compute):
    noise = NoiseSpecification("epsilon", "linear", 100, (-5.0, 5.0))
    prior = gaussian_prior(noise, mean=0.5, deviation=1.0)
    found = sample_images(prior, SEEDS[:1], SamplerSettings(1, 2, 0.0), compute, None).images
    # one step from ᾱ = .364 to 1: β = 1 − ᾱ and σ = 0, so the image is the clean estimate, which is renoised once to
    # √ᾱ x + √(1 − ᾱ) z
    signal = noise.alphas_cumprod()[-1].item()
    assert signal == pytest.approx(0.364, abs=1e-3)
    source = ImageNoise(SEEDS[:1], (1, 4, 4), torch.device("cpu"))
    start, _, renoise = source.draw(), source.draw(), source.draw()
    first = 0.5 + signal**0.5 * (start - signal**0.5 * 0.5)
    again = signal**0.5 * first + (1 - signal) ** 0.5 * renoise
    expected = 0.5 + signal**0.5 * (again - signal**0.5 * 0.5)
    torch.testing.assert_close(found, (expected + 5) / 10, rtol=0, atol=1e-6)


def test_time_travel_has_the_variance_that_follows_by_hand(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=1.0, deviation=0.5, image_size=8)
    samples = sample_images(prior, range(64), SamplerSettings(20, 5, 0.0), compute, None).images * 10 - 5
    # everything is linear, so mean and variance of a pixel go through the sampler as two numbers
    cumulated = (1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)).cumprod(0)[torch.arange(999, 0, -50)]
    mean, variance = 0.0, 1.0
    for signal, after in zip(cumulated.tolist(), [*cumulated[1:].tolist(), 1.0], strict=True):
        beta = 1 - signal / after
        slope = signal**0.5 * 0.25 / (signal * 0.25 + 1 - signal)  # of E[x0 | x]
        of_clean, of_noisy = after**0.5 * beta / (1 - signal), (1 - beta) ** 0.5 * (1 - after) / (1 - signal)
        for repeat in range(5):
            if repeat:
                mean, variance = (1 - beta) ** 0.5 * mean, (1 - beta) * variance + beta
            mean = of_clean * (1 + slope * (mean - signal**0.5)) + of_noisy * mean
            variance = (of_clean * slope + of_noisy) ** 2 * variance + beta * (1 - after) / (1 - signal)
    # 4,096 pixels: standard errors of √(v/4096), .005, and of v √(2/4096), 2.2 %; three of each
    assert samples.mean().item() == pytest.approx(mean, abs=0.02)
    assert samples.var().item() == pytest.approx(variance, rel=0.07)


def test_the_papers_settings_take_250_evaluations(gaussian_prior, noise, compute, half_detectors, linear):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    judge = linear(torch.zeros(1, 16), 1.0)
    objective = GuidanceObjective([half_detectors], judge, torch.tensor([[0, 1]] * 2), "uncertainty", 10.0, 0.5)
    sample_images(prior, [1, 2], SamplerSettings(50, 5, 0.1), compute, objective)
    assert prior.network.calls == 250


def test_stronger_guidance_raises_the_targets(gaussian_prior, noise, compute, half_detectors, linear):
    judge = linear(torch.zeros(1, 16), 1.0)
    targets = torch.tensor([[0, 1]] * 32)
    objective = GuidanceObjective([half_detectors], judge, targets, "uncertainty", 10.0, 0.5)
    probabilities = []
    for scale in (0.0, 0.2, 0.5, 2.0):
        prior = gaussian_prior(noise, mean=-2.0, deviation=1.0)
        images = sample_images(prior, range(32), SamplerSettings(20, 1, scale), compute, objective).images
        probabilities.append(half_detectors(images).softmax(1)[:, :2].min(dim=1).values.mean().item())
    # the less likely target, which is ½ at most
    assert probabilities == sorted(probabilities)
    assert probabilities[0] < 0.15 and probabilities[-1] > 0.4


def test_two_classifiers_are_pulled_apart(gaussian_prior, noise, compute, half_detectors, linear):
    prior, judge = gaussian_prior(noise, mean=0.0, deviation=1.0), linear(torch.zeros(1, 16), 1.0)
    # the second classifier reads the top half where the first reads the left half
    top = linear(half_detectors[1].weight.reshape(3, 4, 4).transpose(1, 2).reshape(3, 16), half_detectors[1].bias)
    targets = torch.tensor([[0, 1]] * 32)
    objective = GuidanceObjective([half_detectors, top], judge, targets, "controversial", 10.0, 0.5)
    images = sample_images(prior, range(32), SamplerSettings(20, 2, 0.5), compute, objective).images
    shares = [network(images).argmax(1).bincount(minlength=3) / 32 for network in (half_detectors, top)]
    assert shares[0][0] > 0.8 and shares[1][1] > 0.8


def test_the_estimate_is_clipped_to_the_priors_range(gaussian_prior, compute):
    narrow = NoiseSpecification("epsilon", "linear", 1000, (-1.0, 1.0))
    prior = gaussian_prior(narrow, mean=5.0, deviation=0.1)
    samples = sample_images(
        prior, SEEDS, SamplerSettings(5, 1, 0.1), compute, lambda images: {"sum": images.sum((1, 2, 3))}
    )
    # the estimate is 5 everywhere, clipped to 1, the upper end of the range, which is 1 in [0, 1]
    assert torch.equal(samples.images, torch.ones(5, 1, 4, 4))
    # no gradient goes through the clip
    assert samples.flat_gradients.tolist() == [5] * 5


def test_a_term_that_is_not_finite_stops_at_once(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    calls = []

    def objective(images):
        calls.append(len(images))
        broken = torch.tensor([0.0, float("nan") if len(calls) == 3 else 0.0])
        return {"good": images.sum(dim=(1, 2, 3)), "doubtful": images.sum(dim=(1, 2, 3)) + broken}

    with pytest.raises(FloatingPointError, match="term 'doubtful' is not finite at step 2 of image 1 of the batch"):
        sample_images(prior, [1, 2], SamplerSettings(5, 1, 0.1), compute, objective)
    assert len(calls) == 3


def test_a_gradient_that_is_not_finite_stops_at_once(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    with pytest.raises(FloatingPointError, match="gradient of the objective is not finite at step 0 of image 0"):
        # √0 is finite, its derivative is not
        sample_images(
            prior, [1, 2], SamplerSettings(5, 1, 0.1), compute, lambda x: {"root": (0 * x).sum((1, 2, 3)).sqrt()}
        )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": 0}, "steps is 0, expected an integer of at least 1"),
        ({"repeats": 0}, "repeats is 0, expected an integer of at least 1"),
        ({"guidance_scale": -0.1}, "guidance_scale is -0.1, expected a number of at least 0"),
    ],
)
def test_impossible_settings_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        SamplerSettings(**{"steps": 1, "repeats": 1, "guidance_scale": 0.1, **changed})
