"""Sampling from a prior whose best denoiser is known, so that every number can be worked out by hand."""

import pytest
import torch

from bam_pipelines.guidance.objectives import GuidanceObjective
from bam_pipelines.guidance.sampler import ImageNoise, SamplerSettings, sample_images
from bam_pipelines.guidance.unguided import sample_unguided
from bam_pipelines.networks.noise import NoiseSpecification

SEEDS = [3, 4, 5]


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("beta_schedule", ["linear", "squaredcos_cap_v2"])
def test_unguided_samples_follow_the_prior(prediction_type, beta_schedule, gaussian_prior, compute):
    wide = NoiseSpecification(prediction_type, beta_schedule, 1000, (-50.0, 50.0))
    prior = gaussian_prior(wide, mean=1.0, deviation=0.5, image_size=8)
    samples = sample_unguided(prior, n=64, steps=500, repeats=1, batch_size=64, compute=compute, seed=0) * 100 - 50
    # 4,096 pixels: the mean's standard error is .5/64 = .008, the variance's .25 √(2/4096) = .0055; the
    # posterior variance given x0, which DDPM takes, is a little too small: 500 steps lose .004 to .007 of the variance
    assert samples.mean().item() == pytest.approx(1.0, abs=0.03)
    assert samples.var().item() == pytest.approx(0.25, abs=0.02)


@pytest.fixture
def first_step(gaussian_prior, noise, compute):
    """Return the guidance step, found by sampling in two steps with and without it.

    The last step has σ = 0 and gives the estimate of the clean image, which is linear in its input with the slope
    √ᾱ deviation² / V: the difference of the results divided by the slope is the first step's guidance.
    """
    signal = noise.alphas_cumprod()[499].item()
    slope = signal**0.5 * 0.5**2 / (signal * 0.5**2 + 1 - signal)

    def step(objective, scale, prediction_type="epsilon"):
        prior = gaussian_prior(
            NoiseSpecification(prediction_type, "linear", 1000, noise.value_range), mean=0.0, deviation=0.5
        )
        guided, plain = (
            sample_images(prior, SEEDS, SamplerSettings(2, 1, gamma), compute, objective) for gamma in (scale, 0.0)
        )
        return (guided.images - plain.images).double() * 10 / slope, guided.flat_gradients

    return step


def sigma_by_hand():
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    signal, after = (1 - betas).prod().item(), (1 - betas[:500]).prod().item()
    return ((1 - signal / after) * (1 - after) / (1 - signal)) ** 0.5


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
def test_a_step_has_the_papers_length_and_goes_down_the_gradient(prediction_type, first_step, noise, linear):
    weights = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    judge = linear(torch.zeros(1, 16), 1.0)
    targets = torch.tensor([[0, 1], [1, 2], [2, 0]])
    objective = GuidanceObjective([linear(weights)], judge, targets, "uncertainty", 10.0, 0.5)
    step, flat = first_step(objective, 0.5, prediction_type)
    # γ √pixels σ for each image, whatever the size of its gradient
    torch.testing.assert_close(
        step.flatten(1).norm(dim=1), torch.full((3,), 0.5 * 4 * sigma_by_hand()).double(), rtol=1e-4, atol=0
    )
    # ∂/∂x of −½ (log p1 + log p2) is Wᵀ (p − q) up to the positive slopes of denoiser and range
    signal = noise.alphas_cumprod()[-1].item()
    start = ImageNoise(SEEDS, (1, 4, 4), torch.device("cpu")).draw()
    clean = (signal**0.5 * 0.25 / (signal * 0.25 + 1 - signal) * start + 5) / 10
    wanted = torch.zeros(3, 3).scatter(1, targets, 0.5)
    gradient = ((clean.flatten(1) @ weights.T).softmax(1) - wanted) @ weights
    cosine = torch.cosine_similarity(step.flatten(1).float(), -gradient)
    # float32, and at ᾱ = 4e-5 the estimate from the noise divides by √ᾱ = .006
    torch.testing.assert_close(cosine, torch.ones(3), rtol=0, atol=1e-4)
    assert flat.tolist() == [0, 0, 0]


def test_a_zero_gradient_gives_no_step_and_is_counted(first_step):
    def objective(images):
        return {"only the second image": torch.tensor([0.0, 1e-6, 0.0]) * images.sum(dim=(1, 2, 3))}

    step, flat = first_step(objective, 0.5)
    # two steps, both flat for the first and the third image
    assert flat.tolist() == [2, 0, 2]
    assert torch.equal(step[[0, 2]], torch.zeros(2, 1, 4, 4, dtype=torch.float64))
    # however small the second one's gradient, its step is 0.5 σ a pixel, downwards
    torch.testing.assert_close(step[1], torch.full((1, 4, 4), -0.5 * sigma_by_hand()).double(), rtol=1e-4, atol=0)


def test_every_repeat_counts_flat_gradients(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    flat = sample_images(
        prior, SEEDS, SamplerSettings(4, 3, 0.1), compute, lambda images: {"flat": 0 * images.sum(dim=(1, 2, 3))}
    ).flat_gradients
    assert flat.tolist() == [12, 12, 12]


def test_unguided_samples_count_nothing(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    assert sample_images(prior, SEEDS, SamplerSettings(2, 1, 0.1), compute, None).flat_gradients.tolist() == [0, 0, 0]
