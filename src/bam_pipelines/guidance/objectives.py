"""What guidance minimises: named terms, one number an image each, on the denoised estimate in [0, 1].

The norm of the gradient is taken per image, so only the ratio of the terms' weights matters, never their common scale.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

Strategy = Literal["uncertainty", "controversial", "reference", "unguided"]
Objective = Callable[[torch.Tensor], dict[str, torch.Tensor]]


def check_guides(strategy: Strategy, classifiers: Sequence[nn.Module], judge: nn.Module) -> None:
    """Check what guides an image.

    Raises
    ------
    ValueError
        If the strategy is unknown, the number of classifiers does not fit it, or a network is in training mode.
    """
    expected = {"uncertainty": 1, "reference": 1, "controversial": 2}.get(strategy)
    if expected is None:
        raise ValueError(f"strategy is {strategy!r}, expected 'uncertainty', 'controversial' or 'reference'.")
    if len(classifiers) != expected:
        raise ValueError(f"{strategy} takes {expected} classifier(s), got {len(classifiers)}.")
    for network in (*classifiers, judge):
        if network.training:
            raise ValueError(f"{type(network).__name__} is in training mode; call eval() before sampling.")


@dataclass(frozen=True)
class Reference:
    """Images that stimuli are to stay near.

    Parameters
    ----------
    images
        Float, (N, C, H, W) in [0, 1].
    weight
        Of the mean squared difference of pixels; 50 in the paper.
    """

    images: torch.Tensor
    weight: float

    def term(self, images: torch.Tensor) -> torch.Tensor:
        """Return weight · mean squared difference, (N,)."""
        return self.weight * (images - self.images).square().flatten(1).mean(dim=1)


def uncertainty_term(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of one classifier with ½ on each of two classes.

    Parameters
    ----------
    logits
        Float, (N, K).
    targets
        int64, (N, 2).

    Returns
    -------
    torch.Tensor
        (N,), in nats, at least log 2, reached where both probabilities are ½.
    """
    return -functional.log_softmax(logits, dim=1).gather(1, targets).mean(dim=1)


def target_term(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of one classifier with one class: logits (N, K), target (N,), result (N,) in nats."""
    return functional.cross_entropy(logits, target, reduction="none")


def judge_term(scores: torch.Tensor, accepted_above: float) -> torch.Tensor:
    """Penalty max((1 − f)², (1 − a)²) of raw judge scores f, (N, 1), flat where |1 − f| ≤ 1 − a.

    The published floor of 0.5 is flat from f = 0.29, below the score of 0.5 that acceptance asks for; here the floor
    follows from the acceptance threshold a, so that guidance never rests on an image that will be refused.
    """
    return (1 - scores[:, 0]).square().clamp_min((1 - accepted_above) ** 2)


@dataclass(frozen=True)
class GuidanceObjective:
    """The paper's objectives, combined in one place.

    Parameters
    ----------
    classifiers
        One network for ``uncertainty``, two for ``controversial``, each images (N, C, H, W) to logits (N, K).
    judge
        Images to raw scores (N, 1).
    targets
        int64, (N, 2): o1 and o2 of each image.
    strategy
        ``uncertainty`` and ``reference``: H(p1, {½, ½}); ``controversial``: H(p1, o1) + H(p2, o2).
    judge_weight
        Weight of the judge's penalty; 10 in the published code.
    judge_threshold
        Score above which the judge accepts.
    reference
        For ``reference``: what the images are to stay near; None otherwise.

    Raises
    ------
    ValueError
        If the number of classifiers does not fit the strategy, or one is in training mode.
    """

    classifiers: Sequence[nn.Module]
    judge: nn.Module
    targets: torch.Tensor
    strategy: Strategy
    judge_weight: float
    judge_threshold: float
    reference: Reference | None = None

    def __post_init__(self) -> None:
        check_guides(self.strategy, self.classifiers, self.judge)

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the weighted terms of images (N, C, H, W) in [0, 1], each (N,)."""
        logits = [classifier(images).float() for classifier in self.classifiers]
        if self.strategy != "controversial":
            terms = {"uncertainty": uncertainty_term(logits[0], self.targets)}
        else:
            terms = {
                "controversial_1": target_term(logits[0], self.targets[:, 0]),
                "controversial_2": target_term(logits[1], self.targets[:, 1]),
            }
        if self.reference is not None:
            terms["reference"] = self.reference.term(images)
        scores = self.judge(images).float()
        return terms | {"judge": self.judge_weight * judge_term(scores, self.judge_threshold)}
