"""Digit judges: how much an image looks like a digit, 1 for digits and 0 for non-digits, as a raw linear output.

Without people's judgments a judge learns from real digits against graded corruptions. The guiding judge and the
independent one see different families of corruption, so that what fools the one need not fool the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from bam_pipelines.compute.checked import CheckedSettings, Count, Positive, WholeNumber
from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.images.corruption import blur, elastic, noise_blend, occlude, patch_shuffle, pixel_flips
from bam_pipelines.images.corruption import random_strokes as draw_strokes
from bam_pipelines.networks.training import Fit, TrainingSettings, fit_network

Family = Literal["noise", "shape"]


@dataclass(frozen=True)
class AdversarialTraining(CheckedSettings):
    """Training against the non-digits that fooled a judge.

    Parameters
    ----------
    rounds
        How often it is trained again; 0 for never.
    images, steps
        Non-digits a round, and gradient steps that each may take up the judge's score.
    step_length
        Root mean square of a step, in units of the pixel range.
    """

    rounds: WholeNumber
    images: Count
    steps: Count
    step_length: Positive


Corruption = Callable[[torch.Tensor, torch.Tensor, torch.Generator], torch.Tensor]


def _warp(images: torch.Tensor, severity: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return elastic(images, 0.5 * severity, generator, grain=6)


def _fade(images: torch.Tensor, severity: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    del generator  # nothing random about blur
    weight = severity[:, None, None, None]
    return (1 - weight) * images + weight * blur(images, 4.0)


_GRADED: dict[str, tuple[Corruption, ...]] = {
    "noise": (noise_blend, pixel_flips, patch_shuffle),
    "shape": (_warp, _fade, occlude),
}


def corrupted_batch(
    images: torch.Tensor, family: Family, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Corrupt digits to graded degrees: an equal share stays whole, is corrupted in each way, or becomes a non-digit.

    Parameters
    ----------
    images
        float32, (N, C, H, W) in [0, 1].
    family
        ``noise``: noise, replaced pixels, shuffled patches, and noise without a digit; ``shape``: warps, blur,
        occlusion, and strokes without a digit.
    generator
        Source of randomness.

    Returns
    -------
    images
        The same shape.
    targets
        float32, (N, 1): 1 − severity.
    """
    ways = _GRADED[family]
    severity = torch.rand(len(images), generator=generator)
    severity[torch.arange(len(images)) % (len(ways) + 2) == 0] = 0.0
    result = images.clone()
    for index, corrupt in enumerate(ways, start=1):
        chosen = torch.arange(len(images)) % (len(ways) + 2) == index
        if chosen.any():
            result[chosen] = corrupt(images[chosen], severity[chosen], generator)
    blank = torch.arange(len(images)) % (len(ways) + 2) == len(ways) + 1
    severity[blank] = 1.0
    result[blank] = non_digits(int(blank.sum()), images.shape[1:], family, generator)
    return result, 1 - severity[:, None]


def non_digits(n: int, shape: torch.Size, family: Family, generator: torch.Generator) -> torch.Tensor:
    """Draw images without any digit.

    Parameters
    ----------
    n, shape
        Number of images, and (C, H, W).
    family
        ``shape`` gives strokes, another noise of random contrast and grain.
    generator
        Source of randomness.

    Returns
    -------
    torch.Tensor
        Float, (n, C, H, W) in [0, 1].
    """
    if family == "shape":
        return draw_strokes(n, shape, generator)
    contrast = torch.rand(n, 1, 1, 1, generator=generator)
    level = torch.rand(n, 1, 1, 1, generator=generator)
    noise = torch.randn(n, *shape, generator=generator)
    smooth = blur(noise, 1.0) * 3.5  # about unit variance again
    grain = torch.rand(n, 1, 1, 1, generator=generator)
    return (level + contrast * (grain * noise + (1 - grain) * smooth)).clamp(0, 1)


def adversarial_non_digits(judge: nn.Module, starts: torch.Tensor, steps: int, step_length: float) -> torch.Tensor:
    """Raise a judge's score of non-digits by gradient ascent, which leaves them non-digits that fool it.

    Parameters
    ----------
    judge
        In eval mode, giving (N, 1).
    starts
        (N, C, H, W) in [0, 1], non-digits.
    steps
        Gradient steps; image i stops after a share of them that grows with i, so that all strengths occur.
    step_length
        Root mean square of a step, in units of the pixel range.

    Returns
    -------
    torch.Tensor
        (N, C, H, W) in [0, 1].
    """
    images = starts.clone()
    last = torch.linspace(1, steps, len(images)).round()[:, None, None, None]
    for step in range(steps):
        with torch.enable_grad():
            leaf = images.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(judge(leaf).sum(), leaf)
        size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        moved = (images + step_length * gradient / size).clamp(0, 1)
        images = torch.where(step < last, moved, images)
    return images


def train_judge(
    network: nn.Module,
    digits: Mapping[str, torch.Tensor],
    family: Family,
    adversarial: AdversarialTraining,
    settings: TrainingSettings,
    compute: Compute,
    seed: int,
    judgments: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> Fit:
    """Train a judge by least squares, then again on the non-digits that fooled it, several rounds.

    Parameters
    ----------
    network
        Untrained network giving (N, 1).
    digits
        ``train`` and ``validation`` images, (N, C, H, W) in [0, 1].
    family
        Of corruptions; see :func:`corrupted_batch`.
    adversarial
        How it is trained again on adversarial non-digits.
    settings, compute, seed
        How to train each round.
    judgments
        Images people judged and the share that said digit (N,), or None. Half of each batch comes from them.

    Returns
    -------
    Fit
        Of the last round.
    """
    pool = torch.empty(0, *digits["train"].shape[1:])
    check = corrupted_batch(digits["validation"], family, torch_generator(seed, "judge/validation"))

    @torch.no_grad()
    def error(candidate: nn.Module) -> float:
        return functional.mse_loss(candidate(check[0].to(compute.device)).float().cpu(), check[1]).item()

    for number in range(adversarial.rounds + 1):
        if number > 0:
            pool = torch.cat([pool, _fooling(network, digits["train"].shape[1:], family, adversarial, (seed, number))])
        draw = _judge_batches(digits["train"], family, pool, judgments, settings.batch_size, (seed, number))
        description = f"judge ({family}), round {number}"
        fit = fit_network(network, draw, functional.mse_loss, error, settings, compute, description)
        network = fit.network
    return fit


def _fooling(
    judge: nn.Module,
    shape: torch.Size,
    family: Family,
    adversarial: AdversarialTraining,
    key: tuple[int, int],
) -> torch.Tensor:
    starts = non_digits(adversarial.images, shape, family, torch_generator(key[0], "starts", key[1]))
    return adversarial_non_digits(judge, starts, adversarial.steps, adversarial.step_length)


def _judge_batches(
    digits: torch.Tensor,
    family: Family,
    pool: torch.Tensor,
    judgments: tuple[torch.Tensor, torch.Tensor] | None,
    batch_size: int,
    key: tuple[int, int],
) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    def draw(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch_generator(key[0], "judge/step", key[1], step)
        chosen = torch.randint(len(digits), (batch_size,), generator=generator)
        images, targets = corrupted_batch(digits[chosen], family, generator)
        if len(pool):
            fooling = pool[torch.randint(len(pool), (batch_size // 8,), generator=generator)]
            images = torch.cat([images, fooling])
            targets = torch.cat([targets, torch.zeros(len(fooling), 1)])
        if judgments is not None:
            judged = torch.randint(len(judgments[0]), (len(images),), generator=generator)
            images = torch.cat([images, judgments[0][judged]])
            targets = torch.cat([targets, judgments[1][judged][:, None].to(targets.dtype)])
        return images, targets

    return draw
