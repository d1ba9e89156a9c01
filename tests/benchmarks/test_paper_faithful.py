"""The published arithmetic against diffusers' scheduler and by hand."""

import math
from dataclasses import replace

import pytest
import torch
from diffusers import DDPMScheduler
from torch import nn

from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.sampler import ImageNoise, SamplerSettings
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification
from benchmarks.paper_faithful import PAPER, PublishedObjective, leading_schedule, sample_paper_faithful

SEEDS = [3, 4, 5]
COMPUTE = Compute("cpu", "float32")


class Grey(nn.Module):
    """Take every noisy image for the same grey one: predicts the noise that this implies."""

    def __init__(self, noise, grey):
        super().__init__()
        self.signals, self.grey, self.calls = noise.alphas_cumprod(), grey, 0

    def forward(self, noisy, timesteps):
        self.calls += 1
        signal = self.signals[timesteps][:, None, None, None].to(noisy.dtype)
        return (noisy - signal.sqrt() * self.grey) / (1 - signal).sqrt()


class Half(nn.Module):
    """The estimate of a clean image is half the noisy one over √ᾱ, so that gradients reach the input."""

    def __init__(self, noise):
        super().__init__()
        self.signals = noise.alphas_cumprod()

    def forward(self, noisy, timesteps):
        return 0.5 * noisy / (1 - self.signals[timesteps][:, None, None, None].to(noisy.dtype)).sqrt()


def prior_of(network, noise):
    return TrainedNetwork(network, NetworkSpecification("patch_unet", {"image_size": 4, "channels": 1}, noise))


def linear(weights, bias=0.0):
    network = nn.Sequential(nn.Flatten(), nn.Linear(weights.shape[1], len(weights)))
    with torch.no_grad():
        network[1].weight.copy_(weights)
        network[1].bias.fill_(bias)
    return network.eval().requires_grad_(False)


@pytest.fixture
def noise():
    return NoiseSpecification("epsilon", "linear", 1000, (0.0, 1.0))


@pytest.fixture
def objective():
    weights = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    judge = linear(torch.zeros(1, 16), 1.0)
    return PublishedObjective([linear(weights)], judge, torch.tensor([[0, 1], [1, 2], [2, 0]]), "uncertainty")


def test_steps_are_those_of_the_default_scheduler(noise):
    scheduler = DDPMScheduler()
    scheduler.set_timesteps(50)
    schedule = leading_schedule(noise, 50)
    assert schedule.timesteps.tolist() == scheduler.timesteps.tolist()
    assert schedule.timesteps[[0, -1]].tolist() == [980, 0]
    torch.testing.assert_close(schedule.signal.float(), scheduler.alphas_cumprod[scheduler.timesteps])


def test_without_guidance_a_step_is_the_default_schedulers(noise, objective):
    prior = prior_of(Half(noise), noise)
    images, _ = sample_paper_faithful(prior, SEEDS, SamplerSettings(5, 1, 0.0), COMPUTE, objective)
    scheduler = DDPMScheduler()
    scheduler.set_timesteps(5)
    source = ImageNoise(SEEDS, (1, 4, 4), torch.device("cpu"))
    expected = source.draw()
    schedule = leading_schedule(noise, 5)
    for step, timestep in enumerate(scheduler.timesteps):
        output = prior.network(expected, timestep.expand(3))
        before = scheduler.step(output, timestep, expected, generator=torch.Generator().manual_seed(0)).prev_sample
        if timestep > 0:  # put our noise in the place of the scheduler's
            drawn = torch.randn(expected.shape, generator=torch.Generator().manual_seed(0))
            before = before + schedule.sigma[step].float() * (source.draw() - drawn)
        expected = before
    torch.testing.assert_close(images, expected.clamp(0, 1), rtol=0, atol=1e-5)
    assert 0 < images.mean() < 1


def test_time_travel_renoises_by_beta_not_its_root(objective):
    noise = NoiseSpecification("epsilon", "linear", 100, (0.0, 1.0))

    class Double(nn.Module):  # estimate: half of the noisy image, over √ᾱ
        signal = noise.alphas_cumprod()[0].float()

        def forward(self, noisy, timesteps):
            return 0.5 * noisy / (1 - self.signal).sqrt()

    images, _ = sample_paper_faithful(prior_of(Double(), noise), SEEDS, SamplerSettings(1, 2, 0.0), COMPUTE, objective)
    source = ImageNoise(SEEDS, (1, 4, 4), torch.device("cpu"))
    start, _, renoise = source.draw(), source.draw(), source.draw()
    # the one step is t = 0, ᾱ = 1 − 1e-4: the image is the clipped estimate, which is renoised by β = 1e-4
    first = (0.5 * start / (1 - 1e-4) ** 0.5).clamp(-1, 1)
    again = 0.5 * ((1 - 1e-4) ** 0.5 * first + 1e-4 * renoise) / (1 - 1e-4) ** 0.5
    torch.testing.assert_close(images, again.clamp(0, 1), rtol=0, atol=1e-6)
    assert (again > 0.01).any()


def test_a_step_has_length_gamma_root_pixels_sigma(noise, objective):
    # two steps: the estimate of the last one is x / (2 √ᾱ), which undone gives the first one's guidance
    prior = prior_of(Half(noise), noise)
    images, guarded = sample_paper_faithful(prior, SEEDS, SamplerSettings(2, 1, 0.02), COMPUTE, objective)
    plain, _ = sample_paper_faithful(prior, SEEDS, SamplerSettings(2, 1, 0.0), COMPUTE, objective)
    inside = ((images > 0) & (images < 1) & (plain > 0) & (plain < 1)).flatten(1)
    moved = (2 * (1 - 1e-4) ** 0.5 * (images - plain)).flatten(1)
    schedule = leading_schedule(noise, 2)
    start = ImageNoise(SEEDS, (1, 4, 4), torch.device("cpu")).draw().flatten(1)
    estimate = start / (2 * schedule.signal[0].float().sqrt())
    weights = objective.classifiers[0][1].weight
    clipped = estimate.clamp(-1, 1)
    probabilities = (clipped @ weights.T).softmax(1)
    wanted = torch.zeros(3, 3).scatter(1, objective.targets, 0.5)
    gradient = ((probabilities - wanted) @ weights) * (estimate.abs() <= 1)
    expected = -0.02 * 4 * schedule.sigma[0].float() * gradient / gradient.norm(dim=1, keepdim=True)
    assert inside.any(dim=1).all() and guarded.tolist() == [0, 0, 0]
    torch.testing.assert_close(moved[inside], expected[inside], rtol=1e-3, atol=1e-5)


def test_the_papers_settings_take_250_evaluations_and_flat_images_are_guarded(noise, objective):
    prior = prior_of(Grey(noise, 0.25), noise)
    blind = replace(objective, classifiers=[linear(torch.zeros(3, 16))])
    images, guarded = sample_paper_faithful(prior, SEEDS, PAPER, COMPUTE, blind)
    assert prior.network.calls == 250
    assert guarded.tolist() == [250] * 3
    torch.testing.assert_close(images, torch.full((3, 1, 4, 4), 0.25), rtol=0, atol=1e-3)


def test_objectives_by_hand():
    images = torch.zeros(2, 1, 1, 2)
    classifier = linear(torch.zeros(4, 2))  # ¼ everywhere
    targets = torch.tensor([[0, 1], [2, 3]])
    # (1 − .2)² = .64 is above the floor of .5, (1 − .3)² = .49 below it: times ten
    for score, penalty in ((0.2, 6.4), (0.3, 5.0), (1.5, 5.0)):
        judge = linear(torch.zeros(1, 2), score)
        one = PublishedObjective([classifier], judge, targets, "uncertainty")(images)
        torch.testing.assert_close(one, torch.full((2,), math.log(4) + penalty))
        two = PublishedObjective([classifier] * 2, judge, targets, "controversial")(images)
        torch.testing.assert_close(two, torch.full((2,), 2 * math.log(4) + penalty))
