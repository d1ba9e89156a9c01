"""The published sampler, step by step as its code has it, defects included: to be compared with, never to be used.

What differs from :mod:`bam_pipelines.guidance`: steps spaced ``leading`` (980, 960 … 0 for 50 of 1000); renoising by β
where √β keeps the variance; estimates clipped to [−1, 1] whatever the prior's range; a judge's penalty that is flat
from a score of .29 on; probabilities raised by 1e-9 before the logarithm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.objectives import Strategy, target_term
from bam_pipelines.guidance.sampler import ImageNoise, SamplerSettings
from bam_pipelines.guidance.schedule import SamplingSchedule
from bam_pipelines.images.pixels import from_range
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification, predicted_clean

PAPER = SamplerSettings(steps=50, repeats=5, guidance_scale=0.1)
JUDGE_WEIGHT = 10.0
JUDGE_FLOOR = 0.5


@dataclass(frozen=True)
class PublishedObjective:
    """The published guidance objective: images (N, C, H, W) in [0, 1] to (N,), in nats.

    Parameters
    ----------
    classifiers
        One network for ``uncertainty``, two for ``controversial``; images to logits (N, K).
    judge
        Images to raw scores (N, 1).
    targets
        int64, (N, 2).
    strategy
        Which of the two objectives.
    """

    classifiers: Sequence[nn.Module]
    judge: nn.Module
    targets: torch.Tensor
    strategy: Strategy

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return the objective of each image, (N,)."""
        logits = [classifier(images) for classifier in self.classifiers]
        if self.strategy == "uncertainty":
            value = -(logits[0].softmax(dim=1).gather(1, self.targets) + 1e-9).log().mean(dim=1)
        else:
            value = target_term(logits[0], self.targets[:, 0]) + target_term(logits[1], self.targets[:, 1])
        penalty = (1 - self.judge(images)[:, 0]).square().clamp_min(JUDGE_FLOOR)
        return value + JUDGE_WEIGHT * penalty


def leading_schedule(noise: NoiseSpecification, steps: int) -> SamplingSchedule:
    """Space steps as diffusers' DDPMScheduler does by default: multiples of ``noise.steps // steps``, down to 0."""
    timesteps = (torch.arange(steps) * (noise.steps // steps)).flip(0)
    signal = noise.alphas_cumprod()[timesteps]
    return SamplingSchedule(timesteps, signal, torch.cat([signal[1:], torch.ones(1, dtype=signal.dtype)]))


@torch.no_grad()
def sample_paper_faithful(
    prior: TrainedNetwork,
    seeds: Sequence[int],
    settings: SamplerSettings,
    compute: Compute,
    objective: PublishedObjective,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sample as published, but for one guard: where ‖g‖ = 0 the published code divides by it; here no step is made.

    Returns
    -------
    images
        float32, (N, C, H, W) in [0, 1].
    guarded
        int64, (N,): how often the guard was needed.
    """
    arguments, schedule = prior.specification.arguments, leading_schedule(prior.noise, settings.steps)
    noise = ImageNoise(seeds, (arguments["channels"], arguments["image_size"], arguments["image_size"]), compute.device)
    images = noise.draw()
    guarded = torch.zeros(len(images), dtype=torch.int64)
    for step in range(len(schedule)):
        sigma, beta = schedule.sigma[step].item(), schedule.beta[step].item()
        for repeat in range(settings.repeats):
            if repeat > 0:
                images = (1 - beta) ** 0.5 * images + beta * noise.draw()
            clean, gradient = _guide(prior, schedule, images, step, objective, compute)
            norm = gradient.flatten(1).norm(dim=1)[:, None, None, None]
            guarded += (norm.flatten() == 0).long()
            direction = torch.where(norm > 0, gradient / norm, 0.0)
            images = schedule.posterior_mean(step, images, clean) + sigma * noise.draw()
            images = images - settings.guidance_scale * gradient[0].numel() ** 0.5 * sigma * direction
    return from_range(images, prior.noise.value_range).clamp(0, 1), guarded


def _guide(
    prior: TrainedNetwork,
    schedule: SamplingSchedule,
    noisy: torch.Tensor,
    step: int,
    objective: PublishedObjective,
    compute: Compute,
) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.enable_grad():
        leaf = noisy.detach().requires_grad_(True)
        with compute.autocast():
            output = prior.network(leaf, schedule.timesteps[step].expand(len(leaf))).float()
            signal = schedule.signal[step].to(leaf.dtype)
            clean = predicted_clean(leaf, output, signal, prior.noise.prediction_type).clamp(-1, 1)
            total = objective(from_range(clean, prior.noise.value_range)).float().sum()
        (gradient,) = torch.autograd.grad(total, leaf)
    return clean.detach(), gradient
