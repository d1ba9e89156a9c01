"""Whether a judge's score can be trusted: on damage it never saw, on the prior's samples, and when it is climbed."""

from dataclasses import dataclass

import torch
from scipy.stats import rankdata, spearmanr
from torch import nn

from bam_pipelines.compute.checked import CheckedSettings, Count, Positive
from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.networks.judging import Family, adversarial_non_digits, corrupted_batch, non_digits


@dataclass(frozen=True)
class Climb(CheckedSettings):
    """How hard a judge is attacked.

    Parameters
    ----------
    images
        Non-digits to begin from, at least 1.
    steps
        Gradient steps up its score; image i stops after a share of them that grows with i.
    step_length
        Root mean square of a step, in units of the pixel range.
    """

    images: Count
    steps: Count
    step_length: Positive


def judge_quality(
    judge: nn.Module,
    other: nn.Module,
    unseen_family: Family,
    real: torch.Tensor,
    samples: torch.Tensor,
    climb: Climb,
    accepted_above: float,
    seed: int,
) -> dict[str, float]:
    """Validate a judge.

    Parameters
    ----------
    judge, other
        The judge and the one that has another architecture and another family of corruptions; images to (N, 1).
    unseen_family
        Corruptions that ``judge`` was not trained on.
    real, samples
        Images (N, C, H, W) in [0, 1]: digits that no judge was trained on, and unguided samples of the prior.
    climb
        How hard it is attacked.
    accepted_above
        Score above which an image passes.
    seed
        Of corruptions and attacks.

    Returns
    -------
    dict
        ``unseen_corruption_spearman``: rank correlation of score and how much is left of a digit (1 − severity), over
        corruptions it was not trained on; ``sample_over_real``: probability that a sample scores above a real digit, ½
        if they score alike; ``real_median`` and ``sample_median`` of the score; ``fooled``: share of non-digits that
        pass after climbing the judge's gradient; ``other_fooled``: share of the same images that pass the other judge,
        which guidance by this one must not raise.
    """
    corrupted, left = corrupted_batch(real, unseen_family, torch_generator(seed, "judge_quality/corruption"))
    on_corrupted, on_real, on_samples = (judge_scores(judge, images) for images in (corrupted, real, samples))
    fooling = _climbed(judge, real.shape[1:], unseen_family, climb, seed)
    return {
        "unseen_corruption_spearman": float(spearmanr(on_corrupted, left[:, 0]).statistic),
        "sample_over_real": _probability_above(on_samples, on_real),
        "real_median": on_real.median().item(),
        "sample_median": on_samples.median().item(),
        "fooled": (judge_scores(judge, fooling) > accepted_above).double().mean().item(),
        "other_fooled": (judge_scores(other, fooling) > accepted_above).double().mean().item(),
    }


@torch.no_grad()
def judge_scores(judge: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return a judge's scores (N,) of images, float (N, C, H, W) in [0, 1]."""
    return torch.cat([judge(batch)[:, 0] for batch in images.split(500)])


def _climbed(judge: nn.Module, shape: torch.Size, family: Family, climb: Climb, seed: int) -> torch.Tensor:
    starts = non_digits(climb.images, shape, family, torch_generator(seed, "judge_quality/starts"))
    return adversarial_non_digits(judge, starts, climb.steps, climb.step_length)


def _probability_above(ones: torch.Tensor, others: torch.Tensor) -> float:
    """Return the probability that one value is above another, ties counted half (Mann and Whitney's U)."""
    ranks = rankdata(torch.cat([ones, others]).numpy())
    wins = ranks[: len(ones)].sum() - len(ones) * (len(ones) + 1) / 2
    return float(wins / (len(ones) * len(others)))
