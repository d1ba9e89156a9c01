"""The steps of a sampler on a prior's noise schedule, in float64."""

from dataclasses import dataclass

import torch

from bam_pipelines.compute.faults import InputError
from bam_pipelines.networks.noise import NoiseSpecification


@dataclass(frozen=True)
class SamplingSchedule:
    """Steps from noise to image.

    Parameters
    ----------
    timesteps
        int64, (S,), descending: the training steps that are visited.
    signal
        float64, (S,): ᾱ at each visited step.
    next_signal
        float64, (S,): ᾱ at the step after it; 1 after the last.
    """

    timesteps: torch.Tensor
    signal: torch.Tensor
    next_signal: torch.Tensor

    def __len__(self) -> int:
        return len(self.timesteps)

    @property
    def beta(self) -> torch.Tensor:
        """Share of variance that is noise added between a step and the one after it: 1 − ᾱ_t/ᾱ_s, (S,)."""
        return 1 - self.signal / self.next_signal

    @property
    def sigma(self) -> torch.Tensor:
        """Standard deviation of DDPM's posterior q(x_s | x_t, x_0), (S,); 0 at the last step."""
        return (self.beta * (1 - self.next_signal) / (1 - self.signal)).sqrt()

    def posterior_mean(self, step: int, noisy: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
        """Return the mean of q(x_s | x_t, x_0) at the ``step``-th visited step.

        References
        ----------
        Ho, Jain, Abbeel 2020, "Denoising diffusion probabilistic models", equation 7.
        """
        signal, after, beta = self.signal[step], self.next_signal[step], self.beta[step]
        of_clean = after.sqrt() * beta / (1 - signal)
        of_noisy = (signal / after).sqrt() * (1 - after) / (1 - signal)
        return of_clean.item() * clean + of_noisy.item() * noisy


def build_schedule(noise: NoiseSpecification, steps: int, start: float = 1.0) -> SamplingSchedule:
    """Space ``steps`` evenly over the training steps, from the noisiest one or a part of the way down.

    Parameters
    ----------
    noise
        The prior's diffusion facts.
    steps
        Number of steps, from 1 to ``noise.steps`` · ``start``.
    start
        Where to begin, as a share of the training steps: above 0, and 1 for pure noise.

    Returns
    -------
    SamplingSchedule
        The steps, the noisiest first.

    Raises
    ------
    ValueError
        If ``steps`` or ``start`` is outside its range.

    References
    ----------
    Lin et al. 2024, "Common diffusion noise schedules and sample steps are flawed": trailing spacing, so that
    sampling starts where the schedule ends.
    """
    if not 0 < start <= 1:
        raise InputError(f"start is {start}, expected above 0 and at most 1, a share of the prior's training steps.")
    first = round(start * noise.steps)
    if not 1 <= steps <= first:
        raise InputError(f"steps is {steps}, expected 1 to {first}, the steps the prior was trained with up to there.")
    timesteps = torch.arange(first, 0, -first / steps, dtype=torch.float64).round().long()[:steps] - 1
    signal = noise.alphas_cumprod()[timesteps]
    return SamplingSchedule(timesteps, signal, torch.cat([signal[1:], torch.ones(1, dtype=signal.dtype)]))
