"""The fast sampler: a warm start from two digits, few steps of the prior, guidance of the length the boundary asks for.

What makes it quick: it begins in the middle of the noise schedule, from a mixture that already wavers; every guided
evaluation goes as far as the residuals in log-odds say, where a step of fixed length takes hundreds; and the last
small gap is closed on the pixels, without the denoiser.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.boundary import (
    BoundaryGoals,
    BoundaryResiduals,
    Residuals,
    boundary_step,
    correct_images,
    residual_gradient,
    target_log_odds,
)
from bam_pipelines.guidance.objectives import Reference
from bam_pipelines.guidance.sampler import Denoiser, ImageNoise
from bam_pipelines.guidance.schedule import build_schedule
from bam_pipelines.guidance.warm_start import balance, draw_pairs, mix_digits
from bam_pipelines.images.digits import Digits
from bam_pipelines.images.pixels import from_range, to_range
from bam_pipelines.networks.checkpoints import TrainedNetwork

# of the mixture, each one evaluation of denoiser and classifiers without gradient
BISECTIONS = 3
# noise of a step, in units of DDPM's posterior standard deviation: more makes strokes fuller and images more varied
CHURN = 1.5
# share of the schedule in which each step is first done once without guidance, then renoised: cleans strokes
CLEANED = (0.15, 0.45)
# what guidance asks the judge for: more than digits score, so that it never stops asking
JUDGE_GOAL = 1.5
# what the corrections ask for beyond acceptance: nats, and a judge's score
LOG_ODDS_SPARE = 0.3
JUDGE_SPARE = 0.25


@dataclass(frozen=True)
class FastSettings:
    """How to sample fast.

    Parameters
    ----------
    start
        Where to begin, as a share of the prior's training steps, above 0 and below 1: less keeps more of the two
        digits' mixture.
    steps
        Guided steps, at least 1.
    log_odds
        What guidance asks for, nats: the more, the less other classifiers see a third digit.
    step_limit
        Longest guided step, above 0, in units of √pixels times the width of the prior's value range.
    corrections
        Steps on the pixels at the end, at least 0.
    """

    start: float
    steps: int
    log_odds: float
    step_limit: float
    corrections: int

    def __post_init__(self) -> None:
        if not 0 < self.start < 1:
            raise ValueError(f"start is {self.start}, expected above 0 and below 1.")
        if self.steps < 1 or self.corrections < 0:
            raise ValueError(f"steps is {self.steps} and corrections {self.corrections}, expected at least 1 and 0.")
        if not self.step_limit > 0:
            raise ValueError(f"step_limit is {self.step_limit}, expected above 0.")


@torch.no_grad()
def sample_fast(
    prior: TrainedNetwork,
    seeds: Sequence[int],
    digits: Digits,
    classifiers: Sequence[nn.Module],
    judge: nn.Module,
    targets: torch.Tensor,
    rule: AcceptanceRule,
    settings: FastSettings,
    compute: Compute,
    reference_weight: float | None = None,
) -> torch.Tensor:
    """Sample images on a boundary.

    Parameters
    ----------
    prior
        A trained denoiser; its header has ``image_size`` and ``channels``.
    seeds
        One an image; N of them.
    digits
        To begin from: two of them an image, which the noise at the start blurs beyond copying.
    classifiers, judge
        The networks that guide, on the device of ``compute``.
    targets
        int64, (N, 2): o1 and o2 of each image.
    rule
        What acceptance will ask for.
    settings, compute
        How to sample.
    reference_weight
        If given, images are to stay near the digit o1 that they begin from, by this weight of the mean squared
        difference of pixels; 50 in the paper.

    Returns
    -------
    torch.Tensor
        float32, (N, C, H, W) in [0, 1], on the CPU.

    Raises
    ------
    FloatingPointError
        If residuals or a gradient are not finite.
    ValueError
        If there is no digit of a target's class.
    """
    targets = targets.to(compute.device)
    run = _Run(prior, seeds, settings, compute)
    first, second = (images.to(compute.device) for images in draw_pairs(digits, targets.cpu(), seeds))
    reference = None if reference_weight is None else Reference(first, reference_weight)
    goals = BoundaryGoals(settings.log_odds, JUDGE_GOAL)
    asked = BoundaryResiduals(classifiers, judge, targets, rule.strategy, goals, reference)
    noisy = run.warm_start(first, second, asked)
    images = run.descend(noisy, asked)
    accepted = BoundaryResiduals(classifiers, judge, targets, rule.strategy, correction_goals(rule))
    return correct_images(images, run.in_precision(accepted), settings.corrections).cpu()


def correction_goals(rule: AcceptanceRule) -> BoundaryGoals:
    """Return what the corrections ask for: a little more than acceptance does, so that rounding does not undo it.

    For uncertainty the two targets together need twice the probability p that acceptance asks of each; they are asked
    for the middle between that and 1, ½ + p, so that a small gap between them is harmless.
    """
    judge = rule.judge + JUDGE_SPARE
    if rule.margin is not None:
        return BoundaryGoals(rule.margin + LOG_ODDS_SPARE, judge)
    if rule.strategy == "controversial":
        return BoundaryGoals(_logit(rule.required_probability) + LOG_ODDS_SPARE, judge)
    return BoundaryGoals(_logit(rule.required_probability + 0.5), judge)


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


@torch.no_grad()
def sample_mixtures(
    prior: TrainedNetwork,
    seeds: Sequence[int],
    digits: Digits,
    targets: torch.Tensor,
    settings: FastSettings,
    compute: Compute,
) -> torch.Tensor:
    """Sample images between two digits that no classifier guides: the control for what guidance adds.

    They begin as :func:`sample_fast` does, from two digits mixed in equal parts, and go the same way without guidance,
    bisection or corrections; see there for the parameters.

    Returns
    -------
    torch.Tensor
        float32, (N, C, H, W) in [0, 1], on the CPU.
    """
    run = _Run(prior, seeds, settings, compute)
    first, second = (images.to(compute.device) for images in draw_pairs(digits, targets, seeds))
    equal = torch.full((len(first),), 0.5)
    return run.descend(run.noised(first, second, equal, run.noise.draw()), None).cpu()


class _Run:
    """One batch on its way from digits to images."""

    def __init__(self, prior: TrainedNetwork, seeds: Sequence[int], settings: FastSettings, compute: Compute) -> None:
        arguments = prior.specification.arguments
        shape = (arguments["channels"], arguments["image_size"], arguments["image_size"])
        low, high = self.value_range = prior.noise.value_range
        self.schedule = build_schedule(prior.noise, settings.steps, settings.start)
        self.share_of_steps = self.schedule.timesteps / prior.noise.steps
        self.denoise = Denoiser(prior, self.schedule, compute)
        self.noise = ImageNoise(seeds, shape, compute.device)
        self.limit = settings.step_limit * (high - low) * math.prod(shape) ** 0.5
        self.compute = compute

    def warm_start(self, first: torch.Tensor, second: torch.Tensor, asked: BoundaryResiduals) -> torch.Tensor:
        """Return the noisy mixture through whose denoised estimate the classifiers waver between the targets."""
        noise = self.noise.draw()

        def wavering(share: torch.Tensor) -> torch.Tensor:
            images = from_range(self.denoise(self.noised(first, second, share, noise), 0), self.value_range)
            with self.compute.autocast():
                logits = [classifier(images).float() for classifier in asked.classifiers]
            return torch.stack([target_log_odds(values, asked.targets) for values in logits]).sum(dim=0)

        return self.noised(first, second, balance(wavering, len(first), BISECTIONS), noise)

    def noised(
        self, first: torch.Tensor, second: torch.Tensor, share: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Return the mixtures of digits under the noise of the first step."""
        signal = self.schedule.signal[0].item()
        mixture = to_range(mix_digits(first, second, share.to(first.device)), self.value_range)
        return signal**0.5 * mixture + (1 - signal) ** 0.5 * noise

    def descend(self, noisy: torch.Tensor, asked: BoundaryResiduals | None) -> torch.Tensor:
        """Return images in [0, 1] at the end of the steps; without guidance if nothing is asked."""
        for step in range(len(self.schedule)):
            if CLEANED[0] <= self.share_of_steps[step].item() <= CLEANED[1]:
                noisy = self._renoise(self._step(noisy, self.denoise(noisy, step), step), step)
            if asked is None:
                noisy = self._step(noisy, self.denoise(noisy, step), step)
            else:
                noisy = self._guided_step(noisy, asked, step)
        return from_range(noisy, self.value_range).clamp(0, 1)

    def _guided_step(self, noisy: torch.Tensor, asked: BoundaryResiduals, step: int) -> torch.Tensor:
        estimates: list[torch.Tensor] = []

        def through_denoiser(leaf: torch.Tensor) -> torch.Tensor:
            estimates.append(self.denoise(leaf, step))
            return self.in_precision(asked)(from_range(estimates[0], self.value_range))

        residuals, gradient = residual_gradient(noisy, through_denoiser, f"step {step}")
        return self._step(noisy, estimates[0].detach(), step) + boundary_step(residuals, gradient, self.limit)

    def in_precision(self, residuals: BoundaryResiduals) -> Residuals:
        """Return the residuals as they are in the run's precision."""

        def evaluate(images: torch.Tensor) -> torch.Tensor:
            with self.compute.autocast():
                return residuals(images)

        return evaluate

    def _step(self, noisy: torch.Tensor, clean: torch.Tensor, step: int) -> torch.Tensor:
        """Go to the next noise level; the denoised estimate itself after the last."""
        signal, after = self.schedule.signal[step].item(), self.schedule.next_signal[step].item()
        if after == 1:
            return clean
        fresh = min(CHURN * self.schedule.sigma[step].item(), (1 - after) ** 0.5)
        noise = (noisy - signal**0.5 * clean) / (1 - signal) ** 0.5
        return after**0.5 * clean + max(1 - after - fresh**2, 0.0) ** 0.5 * noise + fresh * self.noise.draw()

    def _renoise(self, images: torch.Tensor, step: int) -> torch.Tensor:
        beta = self.schedule.beta[step].item()
        return (1 - beta) ** 0.5 * images + beta**0.5 * self.noise.draw()
