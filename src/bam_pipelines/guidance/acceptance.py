"""Which sampled images become stimuli: tested on the uint8 images that people see, in float32."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bam_pipelines.guidance.objectives import Strategy


@dataclass(frozen=True)
class AcceptanceRule:
    """When an image is accepted.

    Parameters
    ----------
    strategy
        ``uncertainty``: both target probabilities of the one classifier above ``probability``; ``controversial``:
        each classifier's top class is its target, with a probability above ``probability``.
    probability
        0.4 and 0.9 in the paper; None with a margin.
    margin
        For controversial images of people's models, which never reach 0.9 when people answer noisily: least log-odds,
        in nats, of each model's own target over the other's target, instead of a probability. None otherwise.
    judge
        The judge's score must be above this; 0.5 in the paper.

    Raises
    ------
    ValueError
        If not exactly one of probability and margin is given, or a margin comes with ``uncertainty``.
    """

    strategy: Strategy
    probability: float | None
    margin: float | None
    judge: float

    def __post_init__(self) -> None:
        if (self.probability is None) == (self.margin is None):
            raise ValueError(
                f"acceptance has probability {self.probability} and margin {self.margin}, expected exactly one of them."
            )
        if self.margin is not None and self.strategy != "controversial":
            raise ValueError("acceptance by margin is for controversial stimuli; uncertainty takes a probability.")


@dataclass(frozen=True)
class Assessment:
    """What acceptance measured.

    Parameters
    ----------
    probabilities
        float64, (N, 2 M) with M classifiers: p1(o1), p1(o2) and, with two classifiers, p2(o1), p2(o2).
    judge_scores
        float64, (N,).
    accepted
        bool, (N,).
    """

    probabilities: np.ndarray
    judge_scores: np.ndarray
    accepted: np.ndarray


@torch.no_grad()
def assess(
    images: torch.Tensor,
    targets: torch.Tensor,
    classifiers: Sequence[nn.Module],
    judge: nn.Module,
    rule: AcceptanceRule,
) -> Assessment:
    """Test images against a rule.

    Parameters
    ----------
    images
        float32, (N, C, H, W) in [0, 1], from uint8.
    targets
        int64, (N, 2).
    classifiers, judge
        The networks that guided.
    rule
        What is asked for.

    Returns
    -------
    Assessment
        Probabilities, scores and the decision.
    """
    logits = [classifier(images).double() for classifier in classifiers]
    scores = judge(images)[:, 0].double()
    chosen = [functional.softmax(values, dim=1).gather(1, targets) for values in logits]
    if rule.strategy == "uncertainty":
        passed = (chosen[0] > _required(rule.probability)).all(dim=1)
    else:
        passed = _first_passes(logits[0], targets, rule) & _first_passes(logits[1], targets.flip(1), rule)
    accepted = passed & (scores > rule.judge)
    return Assessment(torch.cat(chosen, dim=1).numpy(), scores.numpy(), accepted.numpy())


def _first_passes(logits: torch.Tensor, targets: torch.Tensor, rule: AcceptanceRule) -> torch.Tensor:
    """Whether a classifier sees the first target, in the sense of the rule."""
    top = logits.argmax(dim=1) == targets[:, 0]
    if rule.margin is not None:
        own, other = logits.gather(1, targets).unbind(dim=1)
        return top & (own - other >= rule.margin)
    probability = functional.softmax(logits, dim=1).gather(1, targets[:, :1])[:, 0]
    return top & (probability > _required(rule.probability))


def _required(probability: float | None) -> float:
    if probability is None:
        raise ValueError("acceptance asks for neither a probability nor a margin.")
    return probability
