"""What a denoiser's weights were trained for: value range, prediction, noise schedule. Kept in the weights' header."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Interval

from bam_pipelines.compute.checked import CheckedSettings, FromList, Problem, wrong

PredictionType = Literal["epsilon", "v_prediction"]
BetaSchedule = Literal["linear", "squaredcos_cap_v2"]
_MOST_STEPS = 100_000  # published schedules have 1,000


@dataclass(frozen=True)
class NoiseSpecification(CheckedSettings):
    """Diffusion facts that every user of a denoiser obeys.

    Parameters
    ----------
    prediction_type
        ``epsilon``: the noise; ``v_prediction``: √ᾱ·noise − √(1−ᾱ)·image.
    beta_schedule
        ``linear`` from 1e-4 to 0.02 as in DDPM, or ``squaredcos_cap_v2``, the cosine schedule.
    steps
        Number of training steps of the schedule.
    value_range
        Range of the images that the denoiser sees.

    References
    ----------
    Ho, Jain, Abbeel 2020 (linear); Nichol, Dhariwal 2021 (cosine); Salimans, Ho 2022 (velocity).
    """

    prediction_type: PredictionType
    beta_schedule: BetaSchedule
    steps: Annotated[int, Interval(ge=1, le=_MOST_STEPS)]
    value_range: Annotated[tuple[float, float], FromList]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "value_range", tuple(float(value) for value in self.value_range))

    def conflicts(self) -> Iterable[Problem]:
        """Give a range without extent."""
        if not self.value_range[0] < self.value_range[1]:
            yield wrong("value_range", list(self.value_range), "low and high with low < high")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self) | {"value_range": list(self.value_range)}

    def alphas_cumprod(self) -> torch.Tensor:
        """Return ᾱ_t, the share of signal variance left at each training step: float64, (steps,), decreasing."""
        if self.beta_schedule == "linear":
            betas = np.linspace(1e-4, 0.02, self.steps)
        else:
            edges = np.cos((np.arange(self.steps + 1) / self.steps + 0.008) / 1.008 * np.pi / 2) ** 2
            betas = np.minimum(1 - edges[1:] / edges[:-1], 0.999)
        return torch.from_numpy(np.cumprod(1 - betas))


def add_noise(clean: torch.Tensor, noise: torch.Tensor, signal: torch.Tensor) -> torch.Tensor:
    """Return √ᾱ·clean + √(1−ᾱ)·noise, with ``signal`` = ᾱ of shape (N, 1, 1, 1) or a scalar."""
    return signal.sqrt() * clean + (1 - signal).sqrt() * noise


def training_target(
    clean: torch.Tensor, noise: torch.Tensor, signal: torch.Tensor, prediction_type: PredictionType
) -> torch.Tensor:
    """Return what the denoiser is to predict from :func:`add_noise` of the same clean image, noise and signal."""
    if prediction_type == "epsilon":
        return noise
    return signal.sqrt() * noise - (1 - signal).sqrt() * clean


def predicted_clean(
    noisy: torch.Tensor, output: torch.Tensor, signal: torch.Tensor, prediction_type: PredictionType
) -> torch.Tensor:
    """Turn a denoiser's output into its estimate of the clean image, in the prior's value range, not clipped.

    Parameters
    ----------
    noisy, output
        Float, (N, C, H, W): the denoiser's input and output.
    signal
        ᾱ of the step, broadcastable.
    prediction_type
        What the output is.

    Returns
    -------
    torch.Tensor
        Float, (N, C, H, W).
    """
    if prediction_type == "epsilon":
        return (noisy - (1 - signal).sqrt() * output) / signal.sqrt()
    return signal.sqrt() * noisy - (1 - signal).sqrt() * output
