"""The fast sampler: the best of a few warm starts, few steps of the prior, guidance as long as the boundary asks for.

What makes it quick: it begins in the middle of the noise schedule, from a mixture that already wavers; every guided
evaluation goes as far as the residuals in log-odds say, where a step of fixed length takes hundreds; and the last
small gap is closed on the pixels, without the denoiser.

What keeps it natural: of several mixtures it goes on with the one that needs least guidance; unusual digits go into
them, for the prior and guidance make images more alike; and each step's noise is fresh, which wipes out what guidance
draws that is no stroke.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from annotated_types import Interval
from torch import nn

from bam_pipelines.compute.checked import CheckedSettings, Count, NotNegative, Positive, WholeNumber
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
from bam_pipelines.guidance.objectives import Reference, Strategy
from bam_pipelines.guidance.sampler import Denoiser, ImageNoise
from bam_pipelines.guidance.schedule import build_schedule
from bam_pipelines.guidance.warm_start import balance, draw_pairs, draw_unusual_pairs, mix_digits
from bam_pipelines.images.digits import Digits
from bam_pipelines.images.pixels import from_range, to_range
from bam_pipelines.networks.checkpoints import TrainedNetwork

# of the mixture, each one evaluation of denoiser and classifiers without gradient
BISECTIONS = 3
# what guidance asks the judge for; above what digits score, about 1, it never stops asking, and images grow more alike
JUDGE_GOAL: dict[Strategy, float] = {"uncertainty": 2.0, "reference": 2.0, "controversial": 1.0}
# what guidance asks of each classifier's own target over the other one, nats: the more, the less others waver.
# Two people's models are so alike that fewer images would part them with what suffices for two architectures
PARTING = 3.0
PARTING_PEOPLE = 4.0
# what the corrections ask for beyond acceptance: nats, and a judge's score
LOG_ODDS_SPARE = 0.3
JUDGE_SPARE = 0.25


@dataclass(frozen=True)
class FastSettings(CheckedSettings):
    """How to sample fast.

    Parameters
    ----------
    start
        Where to begin, as a share of the prior's training steps, above 0 and below 1: less keeps more of the two
        digits' mixture.
    steps
        Guided steps, at least 1.
    log_odds
        What guidance asks for, nats, at least 0: the more, the less other classifiers see a third digit.
    step_limit
        Longest guided step, above 0, in units of √pixels times the width of the prior's value range.
    corrections
        Steps on the pixels at the end, at least 0.
    starts
        Mixtures of two digits among which to choose, at least 1.
    """

    start: Annotated[float, Interval(gt=0, lt=1)]
    steps: Count
    log_odds: NotNegative
    step_limit: Positive
    corrections: WholeNumber
    starts: Count


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
    classifiers, judge = [_channels_innermost(network) for network in classifiers], _channels_innermost(judge)
    run = _Run(prior, seeds, settings, compute)
    parting = PARTING if rule.margin is None else PARTING_PEOPLE
    goals = BoundaryGoals(settings.log_odds, JUDGE_GOAL[rule.strategy], parting)
    asked = BoundaryResiduals(classifiers, judge, targets, rule.strategy, goals)
    if reference_weight is None:
        pairs = [draw_unusual_pairs(digits, targets.cpu(), seeds, number) for number in range(settings.starts)]
    else:
        pairs = [draw_pairs(digits, targets.cpu(), seeds)]
        asked = replace(asked, reference=Reference(pairs[0][0].to(compute.device), reference_weight))
    images = run.descend(run.best_start(pairs, asked), asked)
    accepted = BoundaryResiduals(classifiers, judge, targets, rule.strategy, correction_goals(rule))
    return run.correct(images, accepted, settings.corrections).cpu()


def _channels_innermost(network: nn.Module) -> nn.Module:
    """Return a copy whose convolutions and pooling run over channels first, which takes two thirds of the time."""
    copied = copy.deepcopy(network)
    copied.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own types lack it
    return copied


def correction_goals(rule: AcceptanceRule) -> BoundaryGoals:
    """Return what the corrections ask for: a little more than acceptance does, so that rounding does not undo it.

    For uncertainty the two targets together need twice the probability p that acceptance asks of each; they are asked
    for the middle between that and 1, ½ + p, so that a small gap between them is harmless. For controversial stimuli
    the own target's probability is that of both targets times its share of them; each is asked for the square root of
    a little more than p. There, as with a margin, both targets together are asked for at least a little more than twice
    the rest: the own one, half of them or more, is then the top class.
    """
    judge = rule.judge + JUDGE_SPARE
    to_be_top = math.log(2) + LOG_ODDS_SPARE
    if rule.margin is not None:
        return BoundaryGoals(to_be_top, judge, rule.margin + LOG_ODDS_SPARE)
    if rule.strategy == "controversial":
        each = _logit(_probability(_logit(rule.required_probability) + LOG_ODDS_SPARE) ** 0.5)
        return BoundaryGoals(max(each, to_be_top), judge, each)
    return BoundaryGoals(_logit(rule.required_probability + 0.5), judge)


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


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

    They begin with a mixture as :func:`sample_fast` does, of two digits in equal parts, and go the same way without
    choice, guidance or corrections; see there for the parameters.

    Returns
    -------
    torch.Tensor
        float32, (N, C, H, W) in [0, 1], on the CPU.
    """
    run = _Run(prior, seeds, settings, compute)
    first, second = (images.to(compute.device) for images in draw_unusual_pairs(digits, targets, seeds, 0))
    equal = torch.full((len(first),), 0.5)
    return run.descend(run.noised(first, second, equal, run.noise.draw()), None).cpu()


class _Run:
    """One batch on its way from digits to images."""

    def __init__(self, prior: TrainedNetwork, seeds: Sequence[int], settings: FastSettings, compute: Compute) -> None:
        arguments = prior.specification.arguments
        shape = (arguments["channels"], arguments["image_size"], arguments["image_size"])
        low, high = self.value_range = prior.noise.value_range
        self.schedule = build_schedule(prior.noise, settings.steps, settings.start)
        self.denoise = Denoiser(prior, self.schedule, compute)
        self.noise = ImageNoise(seeds, shape, compute.device)
        self.limit = settings.step_limit * (high - low) * math.prod(shape) ** 0.5
        self.compute = compute

    def best_start(self, pairs: Sequence[tuple[torch.Tensor, torch.Tensor]], asked: BoundaryResiduals) -> torch.Tensor:
        """Return, for each image, a noisy mixture through whose denoised estimate the classifiers waver.

        It is of the pair whose mixture in equal parts is nearest to what is asked.
        """
        firsts, seconds = (torch.stack(images).to(self.compute.device) for images in zip(*pairs, strict=True))
        n = firsts.shape[1]
        noises = torch.stack([self.noise.draw() for _ in pairs])
        best = torch.zeros(n, dtype=torch.long, device=self.compute.device)
        if len(pairs) > 1:
            equal = torch.full((n,), 0.5)
            starts = [self.noised(firsts[k], seconds[k], equal, noises[k]) for k in range(len(pairs))]
            merits = [self.in_precision(asked)(self._estimate(noisy)).square().sum(dim=1) for noisy in starts]
            best = torch.stack(merits).argmin(dim=0)
        chosen = (best, torch.arange(n, device=best.device))
        first, second, noise = firsts[chosen], seconds[chosen], noises[chosen]

        def wavering(share: torch.Tensor) -> torch.Tensor:
            images = self._estimate(self.noised(first, second, share, noise))
            with self.compute.autocast():
                logits = [classifier(images).float() for classifier in asked.classifiers]
            return torch.stack([target_log_odds(values, asked.targets) for values in logits]).sum(dim=0)

        return self.noised(first, second, balance(wavering, n, BISECTIONS), noise)

    def _estimate(self, noisy: torch.Tensor) -> torch.Tensor:
        return from_range(self.denoise(noisy, 0), self.value_range)

    def noised(
        self, first: torch.Tensor, second: torch.Tensor, share: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Return the mixtures of digits under the noise of the first step."""
        signal = self.schedule.signal[0].item()
        mixture = to_range(mix_digits(first, second, share.to(first.device)), self.value_range)
        noised: torch.Tensor = signal**0.5 * mixture + (1 - signal) ** 0.5 * noise
        return noised

    def descend(self, noisy: torch.Tensor, asked: BoundaryResiduals | None) -> torch.Tensor:
        """Return images in [0, 1] at the end of the steps; without guidance if nothing is asked."""
        for step in range(len(self.schedule)):
            if asked is None:
                noisy = self._step(self.denoise(noisy, step), step)
            else:
                noisy = self._guided_step(noisy, asked, step)
        return from_range(noisy, self.value_range).clamp(0, 1)

    def _guided_step(self, noisy: torch.Tensor, asked: BoundaryResiduals, step: int) -> torch.Tensor:
        estimates: list[torch.Tensor] = []

        def through_denoiser(leaf: torch.Tensor) -> torch.Tensor:
            estimates.append(self.denoise(leaf, step))
            return self.in_precision(asked)(from_range(estimates[0], self.value_range))

        residuals, gradient = residual_gradient(noisy, through_denoiser, f"step {step}")
        return self._step(estimates[0].detach(), step) + boundary_step(residuals, gradient, self.limit)

    def correct(self, images: torch.Tensor, accepted: BoundaryResiduals, corrections: int) -> torch.Tensor:
        """Return corrected images; a small gap is closed in float32, as bfloat16 does not resolve it."""
        finely = 0 if accepted.strategy == "controversial" else min(corrections, 1)
        images = correct_images(images, self.in_precision(accepted), corrections)
        return correct_images(images, accepted, finely)

    def in_precision(self, residuals: BoundaryResiduals) -> Residuals:
        """Return the residuals as they are in the run's precision."""

        def evaluate(images: torch.Tensor) -> torch.Tensor:
            with self.compute.autocast():
                return residuals(images)

        return evaluate

    def _step(self, clean: torch.Tensor, step: int) -> torch.Tensor:
        """Put the next step's noise on the denoised estimate; none after the last."""
        signal = self.schedule.next_signal[step].item()
        if signal == 1:
            return clean
        noisy: torch.Tensor = signal**0.5 * clean + (1 - signal) ** 0.5 * self.noise.draw()
        return noisy
