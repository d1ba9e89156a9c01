"""Which sampled images become stimuli: tested on the uint8 images that people see, in float32."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from annotated_types import Interval
from torch import nn
from torch.nn import functional

from bam_pipelines.guidance.objectives import Strategy

# of each of two targets to one classifier, and of its own target to each of two
SharedProbability = Annotated[float, Interval(gt=0, lt=0.5)]
OwnProbability = Annotated[float, Interval(gt=0, lt=1)]


@dataclass(frozen=True)
class AcceptanceRule:
    """When an image is accepted.

    Parameters
    ----------
    strategy
        ``uncertainty`` and ``reference``: both target probabilities of the one classifier above ``probability``;
        ``controversial``: each classifier's top class is its target, with a probability above ``probability``;
        ``unguided``: the judge alone decides, no classifier is asked.
    probability
        0.4 and 0.9 in the paper; None with a margin and for ``unguided``.
    margin
        For controversial images of people's models, which never reach 0.9 when people answer noisily: least log-odds,
        in nats, of each model's own target over the other's target, instead of a probability. None otherwise.
    judge
        The judge's score must be above this; 0.5 in the paper.
    strict
        If false, classifiers are asked for the same, but images that came no nearer to it are accepted as well.

    Raises
    ------
    ValueError
        If not exactly one of probability and margin is given, or any for ``unguided``; if a margin comes with
        ``uncertainty``, or a probability is outside (0, ½) for ``uncertainty`` or (0, 1) for ``controversial``.
    """

    strategy: Strategy
    probability: float | None
    margin: float | None
    judge: float
    strict: bool = True

    def __post_init__(self) -> None:
        if self.strategy == "unguided":
            if (self.probability, self.margin) != (None, None):
                raise ValueError("acceptance of unguided stimuli takes neither a probability nor a margin.")
            return
        if (self.probability is None) == (self.margin is None):
            raise ValueError(
                f"acceptance has probability {self.probability} and margin {self.margin}, expected exactly one of them."
            )
        if self.margin is not None and self.strategy != "controversial":
            raise ValueError("acceptance by margin is for controversial stimuli; uncertainty takes a probability.")
        highest = 1.0 if self.strategy == "controversial" else 0.5
        if self.probability is not None and not 0 < self.probability < highest:
            raise ValueError(
                f"acceptance of {self.strategy} has probability {self.probability}, expected above 0, below {highest}."
            )

    @property
    def required_probability(self) -> float:
        """The probability that is asked for.

        Raises
        ------
        ValueError
            If a margin is asked for instead.
        """
        if self.probability is None:
            raise ValueError(f"acceptance asks for a margin of {self.margin}, not for a probability.")
        return self.probability


@dataclass(frozen=True)
class Assessment:
    """What acceptance measured.

    Parameters
    ----------
    probabilities
        float64, (N, 2 M) with M classifiers, 0 to 2: p1(o1), p1(o2) and, with two classifiers, p2(o1), p2(o2).
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
    if rule.strategy == "unguided" or not rule.strict:
        passed = torch.ones_like(scores, dtype=torch.bool)
    elif rule.strategy != "controversial":
        passed = (chosen[0] > rule.required_probability).all(dim=1)
    else:
        passed = _first_passes(logits[0], targets, rule) & _first_passes(logits[1], targets.flip(1), rule)
    accepted = passed & (scores > rule.judge)
    probabilities = torch.cat([scores.new_empty(len(scores), 0), *chosen], dim=1)
    return Assessment(probabilities.cpu().numpy(), scores.cpu().numpy(), accepted.cpu().numpy())


def _first_passes(logits: torch.Tensor, targets: torch.Tensor, rule: AcceptanceRule) -> torch.Tensor:
    """Whether a classifier sees the first target, in the sense of the rule."""
    top = logits.argmax(dim=1) == targets[:, 0]
    if rule.margin is not None:
        own, other = logits.gather(1, targets).unbind(dim=1)
        return top & (own - other >= rule.margin)
    probability = functional.softmax(logits, dim=1).gather(1, targets[:, :1])[:, 0]
    return top & (probability > rule.required_probability)
