"""The ways to sample stimuli, each a frozen object with a name that stands in the stimulus table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import nn

from bam_pipelines.compute.checked import CheckedSettings, NotNegative
from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.fast import FastSettings, sample_fast, sample_mixtures
from bam_pipelines.guidance.objectives import GuidanceObjective, Reference
from bam_pipelines.guidance.sampler import SamplerSettings, sample_images
from bam_pipelines.guidance.warm_start import draw_pairs
from bam_pipelines.images.digits import Digits
from bam_pipelines.networks.checkpoints import TrainedNetwork


@dataclass(frozen=True)
class Guides:
    """The networks of one batch.

    Parameters
    ----------
    prior
        A trained denoiser.
    classifiers
        One for uncertainty, two for controversial stimuli; images (N, C, H, W) in [0, 1] to logits (N, K).
    judge
        Images to scores (N, 1).
    """

    prior: TrainedNetwork
    classifiers: Sequence[nn.Module]
    judge: nn.Module


class Method(Protocol):
    """A way to sample."""

    @property
    def name(self) -> str:
        """What stands in the stimulus table."""

    @property
    def digits(self) -> Digits:
        """Digits to begin from, and to stay near with the strategy ``reference``."""

    def sample(
        self, guides: Guides, seeds: Sequence[int], targets: torch.Tensor, rule: AcceptanceRule, compute: Compute
    ) -> torch.Tensor:
        """Sample one batch.

        Parameters
        ----------
        guides
            The networks, on the device of ``compute``.
        seeds
            One an image; N of them.
        targets
            int64, (N, 2): o1 and o2 of each image.
        rule
            What acceptance will ask for.
        compute
            Where and how precisely.

        Returns
        -------
        torch.Tensor
            float32, (N, C, H, W) in [0, 1], on the CPU.
        """


@dataclass(frozen=True)
class PaperMethod:
    """The paper's sampler; see :func:`~bam_pipelines.guidance.sampler.sample_images`.

    Parameters
    ----------
    settings
        Steps, repeats and guidance scale.
    judge_weight
        Weight of the judge's penalty; 10 in the published code.
    digits
        To stay near, with the strategy ``reference``.
    reference_weight
        Weight of the mean squared difference from them; 50 in the paper.
    name
        What stands in the stimulus table.
    """

    settings: SamplerSettings
    judge_weight: float
    digits: Digits
    reference_weight: float
    name: str = "paper"

    def sample(
        self, guides: Guides, seeds: Sequence[int], targets: torch.Tensor, rule: AcceptanceRule, compute: Compute
    ) -> torch.Tensor:
        """See :class:`Method`."""
        reference = None
        if rule.strategy == "reference":
            near, _ = draw_pairs(self.digits, targets, seeds)
            reference = Reference(near.to(compute.device), self.reference_weight)
        objective = GuidanceObjective(
            guides.classifiers,
            guides.judge,
            targets.to(compute.device),
            rule.strategy,
            self.judge_weight,
            rule.judge,
            reference,
        )
        return sample_images(guides.prior, seeds, self.settings, compute, objective).images


@dataclass(frozen=True)
class FastMethod:
    """Our sampler; see :func:`~bam_pipelines.guidance.fast.sample_fast`.

    Parameters
    ----------
    settings
        How to sample.
    digits
        To begin from.
    reference_weight
        Weight of the mean squared difference from the digit o1, with the strategy ``reference``; 50 in the paper.
    name
        What stands in the stimulus table.
    """

    settings: FastSettings
    digits: Digits
    reference_weight: float
    name: str = "fast"

    def sample(
        self, guides: Guides, seeds: Sequence[int], targets: torch.Tensor, rule: AcceptanceRule, compute: Compute
    ) -> torch.Tensor:
        """See :class:`Method`."""
        return sample_fast(
            guides.prior,
            seeds,
            self.digits,
            guides.classifiers,
            guides.judge,
            targets,
            rule,
            self.settings,
            compute,
            self.reference_weight if rule.strategy == "reference" else None,
        )


@dataclass(frozen=True)
class UnguidedMethod:
    """Mixtures of digits without guidance; see :func:`~bam_pipelines.guidance.fast.sample_mixtures`.

    Parameters
    ----------
    settings, digits, name
        As for :class:`FastMethod`.
    """

    settings: FastSettings
    digits: Digits
    name: str = "none"

    def sample(
        self, guides: Guides, seeds: Sequence[int], targets: torch.Tensor, rule: AcceptanceRule, compute: Compute
    ) -> torch.Tensor:
        """See :class:`Method`; classifiers and judge are not asked."""
        return sample_mixtures(guides.prior, seeds, self.digits, targets, self.settings, compute)


@dataclass(frozen=True)
class PaperSettings(SamplerSettings):
    """Settings of the paper's sampler, and the weight of the judge's penalty in its guidance."""

    judge_weight: NotNegative


@dataclass(frozen=True)
class MethodSettings(CheckedSettings):
    """Which sampler is used, and the settings of each.

    Parameters
    ----------
    method
        ``fast`` or ``paper``.
    fast, paper
        Of the one and the other; unguided mixtures are made as ``fast`` begins.
    """

    method: Literal["fast", "paper"]
    fast: FastSettings
    paper: PaperSettings


def build_method(settings: MethodSettings, digits: Digits, reference_weight: float = 0.0) -> Method:
    """Build the method that is chosen.

    Parameters
    ----------
    settings
        Which one, and how it samples.
    digits
        To begin from, and to stay near with the strategy ``reference``.
    reference_weight
        Only for that strategy.
    """
    if settings.method == "fast":
        return FastMethod(settings.fast, digits, reference_weight)
    paper = settings.paper
    sampler = SamplerSettings(paper.steps, paper.repeats, paper.guidance_scale)
    return PaperMethod(sampler, paper.judge_weight, digits, reference_weight)
