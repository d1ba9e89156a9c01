"""The paper's sampler: DDPM with a normalised gradient step through the denoiser and time travel."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from bam_pipelines.compute.checked import CheckedSettings, Count, NotNegative
from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.boundary import require_finite
from bam_pipelines.guidance.objectives import Objective
from bam_pipelines.guidance.schedule import SamplingSchedule, build_schedule
from bam_pipelines.images.pixels import from_range
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.noise import predicted_clean


@dataclass(frozen=True)
class SamplerSettings(CheckedSettings):
    """How to sample.

    Parameters
    ----------
    steps
        DDPM steps; 50 in the paper.
    repeats
        How often each step is done, with renoising in between (time travel); 5 in the paper, 1 for none.
    guidance_scale
        γ: length of a guidance step in units of √pixels·σ_t; 0.1 in the paper.
    """

    steps: Count
    repeats: Count
    guidance_scale: NotNegative


@dataclass(frozen=True)
class Samples:
    """What a sampler gives.

    Parameters
    ----------
    images
        float32, (N, C, H, W) in [0, 1].
    flat_gradients
        int64, (N,): at how many evaluations the objective's gradient was zero, so that no guidance was applied.
    """

    images: torch.Tensor
    flat_gradients: torch.Tensor


class ImageNoise:
    """Standard normal noise with a generator an image, so that a picture does not depend on its batch.

    Parameters
    ----------
    seeds
        One an image.
    shape
        (C, H, W).
    device
        Where the noise is needed; it is drawn on the CPU, so that it is the same everywhere.
    """

    def __init__(self, seeds: Sequence[int], shape: tuple[int, ...], device: torch.device) -> None:
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.shape, self.device = shape, device

    def draw(self) -> torch.Tensor:
        """Return float32, (N, C, H, W)."""
        drawn = torch.stack([torch.randn(self.shape, generator=generator) for generator in self.generators])
        return drawn.to(self.device)


class Denoiser:
    """A prior as a function from noisy images to its estimate of the clean ones, clipped to its value range.

    Parameters
    ----------
    prior
        A trained denoiser; its header's prediction, schedule and value range are obeyed.
    schedule
        Steps to visit.
    compute
        Precision.
    """

    def __init__(self, prior: TrainedNetwork, schedule: SamplingSchedule, compute: Compute) -> None:
        self.network, self.noise, self.schedule, self.compute = prior.network, prior.noise, schedule, compute

    def __call__(self, noisy: torch.Tensor, step: int) -> torch.Tensor:
        """Return the estimate of x0, (N, C, H, W) in the prior's value range, at the ``step``-th visited step."""
        timesteps = self.schedule.timesteps[step].to(noisy.device).expand(len(noisy))
        with self.compute.autocast():
            output = self.network(noisy, timesteps).float()
        signal = self.schedule.signal[step].to(noisy.dtype)
        return predicted_clean(noisy, output, signal, self.noise.prediction_type).clamp(*self.noise.value_range)


@torch.no_grad()
def sample_images(
    prior: TrainedNetwork,
    seeds: Sequence[int],
    settings: SamplerSettings,
    compute: Compute,
    objective: Objective | None,
) -> Samples:
    """Sample images, guided by an objective or not.

    Each of ``steps`` · ``repeats`` evaluations does x ← posterior mean(x, x0) + σz − γ √pixels σ g/‖g‖ with
    g = ∇_x Σ objective(x0(x)), through classifier, clip and denoiser; before a repetition the result is renoised by
    √(1−β) x + √β z.

    Parameters
    ----------
    prior
        A trained denoiser; its header has ``image_size`` and ``channels``.
    seeds
        One an image; N of them.
    settings, compute
        How to sample; the prior is on the device of ``compute``.
    objective
        Images (N, C, H, W) in [0, 1] to named terms (N,), or None for unguided samples.

    Returns
    -------
    Samples
        Images in [0, 1] and counts.

    Raises
    ------
    FloatingPointError
        If the objective or its gradient is not finite.

    References
    ----------
    Wei et al. 2025, arXiv 2505.03641, with defects of the published code mended, of which two are here: renoising by √β
    instead of β, and clipping to the prior's value range. Yu et al. 2023 (FreeDoM) for time travel.
    """
    schedule = build_schedule(prior.noise, settings.steps)
    denoise = Denoiser(prior, schedule, compute)
    arguments = prior.specification.arguments
    shape = (arguments["channels"], arguments["image_size"], arguments["image_size"])
    noise = ImageNoise(seeds, shape, compute.device)
    images = noise.draw()
    flat = torch.zeros(len(images), dtype=torch.int64, device=compute.device)
    for step in range(len(schedule)):
        sigma, beta = schedule.sigma[step].item(), schedule.beta[step].item()
        for repeat in range(settings.repeats):
            if repeat > 0:
                images = (1 - beta) ** 0.5 * images + beta**0.5 * noise.draw()
            clean, gradient = _guided(denoise, images, step, objective)
            flat += (gradient.flatten(1).norm(dim=1) == 0).long() if objective is not None else 0
            images = schedule.posterior_mean(step, images, clean) + sigma * noise.draw()
            images = images - settings.guidance_scale * sigma * _scaled(gradient)
    return Samples(from_range(images, prior.noise.value_range).clamp(0, 1).cpu(), flat.cpu())


def _guided(
    denoise: Denoiser, noisy: torch.Tensor, step: int, objective: Objective | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the denoised estimate and the gradient of the objective with respect to the noisy images."""
    if objective is None:
        return denoise(noisy, step), torch.zeros_like(noisy)
    with torch.enable_grad():
        leaf = noisy.detach().requires_grad_(True)
        clean = denoise(leaf, step)
        with denoise.compute.autocast():
            terms = objective(from_range(clean, denoise.noise.value_range))
        for name, values in terms.items():
            require_finite(values, f"the objective's term {name!r}", f"step {step}")
        (gradient,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), leaf)
    require_finite(gradient, "the gradient of the objective", f"step {step}")
    return clean.detach(), gradient


def _scaled(gradient: torch.Tensor) -> torch.Tensor:
    """Scale each image's gradient to norm √pixels; a zero gradient stays zero."""
    norm = gradient.flatten(1).norm(dim=1)[:, None, None, None]
    length = gradient[0].numel() ** 0.5
    return torch.where(norm > 0, gradient * (length / norm.clamp_min(torch.finfo(norm.dtype).tiny)), 0.0)
