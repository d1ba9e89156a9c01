"""Fit simulated participants to what a study published about its people."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge
from scipy.optimize import minimize
from torch import nn

from bam_pipelines.behavior.observers import answer_probabilities, decision_evidence, draw_participants
from bam_pipelines.behavior.participant_settings import ParticipantSettings
from bam_pipelines.behavior.simulator import draw_answers
from bam_pipelines.compute.checked import CheckedSettings, Problem, wrong
from bam_pipelines.compute.seeds import numpy_generator

# what is fitted, each as its logarithm: decision noise, and how much people differ in what they attend to and prefer
_FITTED = ("temperature_median", "person_sd", "bias_sd")
# from the shares of answers that are the first and the second target, (N,) each, to success, bias or failure, (N,)
Outcomes = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class CalibrationSettings(CheckedSettings):
    """All parameters of the stage.

    Parameters
    ----------
    answers_per_image
        Mean number of different people who answer an image, at least 1.
    n_people
        Number of people to fit with, at least 2, for pairs' answers are fitted, too.
    """

    answers_per_image: Annotated[float, Ge(1)]
    n_people: Annotated[int, Ge(2)]

    def conflicts(self) -> Iterable[Problem]:
        """Give fewer people than answer an image."""
        if self.n_people < self.answers_per_image:
            yield wrong("n_people", self.n_people, f"at least answers_per_image, {self.answers_per_image}")


@dataclass(frozen=True)
class Panel:
    """What people are shown: features of images and the two classes that each was made for.

    Parameters
    ----------
    features
        (N, D), of the shared front end.
    targets
        int, (N, 2).
    head
        The front end's linear layer.
    """

    features: np.ndarray
    targets: np.ndarray
    head: nn.Linear


def answer_statistics(
    panel: Panel, people: pd.DataFrame, answers_per_image: float, outcomes: Outcomes, seed: int
) -> dict[str, float]:
    """Let people answer, and summarise as the study does.

    Parameters
    ----------
    panel
        What they are shown.
    people
        Of :func:`~bam_pipelines.behavior.observers.draw_participants`; at least as many as answer one image.
    answers_per_image
        Mean number of different people who answer an image; each image gets one of the two whole numbers beside it.
    outcomes
        Names an image's guidance outcome.
    seed
        The run's seed.

    Returns
    -------
    dict
        ``zero_entropy``: share of images whose answers are all equal; ``success``, ``bias``, ``failure``: shares of
        guidance outcomes; ``pair_success``, ``pair_bias``, ``pair_failure``: of the answers of two different people to
        one image, how often both are targets and differ, are the same target, or anything else, where images of each
        guidance outcome weigh as much: pairs were shown "balanced" images, and no two answers to all images could
        differ as often as was published.
    """
    chances = np.stack(
        [answer_probabilities(decision_evidence(panel.features, panel.head, one), one) for _, one in people.iterrows()]
    )
    draw = numpy_generator(seed, "behavior/calibration")
    counts = _counts(chances, answers_per_image, draw)
    rows = np.arange(len(counts))
    total = counts.sum(axis=1)
    one, two = (counts[rows, panel.targets[:, side]] / total for side in (0, 1))
    named = outcomes(one, two)
    of_image = {name: named == name for name in ("success", "bias", "failure")}
    weights = sum(of / max(of.sum(), 1) for of in of_image.values())
    return {
        "zero_entropy": float((counts.max(axis=1) == total).mean()),
        **{name: float(of.mean()) for name, of in of_image.items()},
        **_pair_statistics(chances, panel.targets, np.asarray(weights)),
    }


def _counts(chances: np.ndarray, answers_per_image: float, draw: np.random.Generator) -> np.ndarray:
    """Return answers by image and class, (N, K), of different people for each image."""
    n_people, n_images, n_classes = chances.shape
    more = draw.random(n_images) < answers_per_image % 1
    counts = np.zeros((n_images, n_classes), dtype=np.int64)
    order = draw.permuted(np.tile(np.arange(n_people), (n_images, 1)), axis=1)
    for place in range(int(np.ceil(answers_per_image))):
        asked = np.flatnonzero((place < int(answers_per_image)) | more)
        given = draw_answers(chances[order[asked, place], asked], draw)
        counts[asked, given] += 1
    return counts


def _pair_statistics(chances: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Return what two different people say to one image, averaged over all pairs of people and, weighted, images."""
    n_people = len(chances)
    rows = np.arange(chances.shape[1])
    first, second = (chances[:, rows, targets[:, side]] for side in (0, 1))

    def over_pairs(one: np.ndarray, other: np.ndarray) -> float:
        # Σ_{i≠j} a_i b_j = (Σ a)(Σ b) − Σ a_i b_i, for each image
        sums = one.sum(axis=0) * other.sum(axis=0) - (one * other).sum(axis=0)
        return float(np.average(sums, weights=weights) / (n_people * (n_people - 1)))

    success = 2 * over_pairs(first, second)
    bias = over_pairs(first, first) + over_pairs(second, second)
    return {"pair_success": success, "pair_bias": bias, "pair_failure": 1 - success - bias}


def calibrate(
    panel: Panel,
    start: ParticipantSettings,
    published: Mapping[str, float],
    answers_per_image: float,
    outcomes: Outcomes,
    n_people: int,
    seed: int,
) -> tuple[ParticipantSettings, dict[str, float]]:
    """Choose decision noise and differences between people so that simulated answers are like the published ones.

    Least squares over the published shares, by Nelder and Mead; the same random numbers at each step. Clusters differ
    as much as people within them. Shares are all that is fitted: other parameters may give the same ones.

    Parameters
    ----------
    panel
        What the study's people were shown, or the like.
    start
        Where to begin; what is not fitted stays.
    published
        Statistics of :func:`answer_statistics` by name, those that are fitted.
    answers_per_image, outcomes
        As there.
    n_people
        Number of people to fit with.
    seed
        The run's seed.

    Returns
    -------
    ParticipantSettings
        The fitted ones.
    dict
        All statistics at the fit.
    """
    head = panel.head

    def at(logarithms: np.ndarray) -> ParticipantSettings:
        values = dict(zip(_FITTED, np.exp(np.clip(logarithms, -6, 3)).tolist(), strict=True))
        return replace(start, **values, cluster_sd=values["person_sd"])

    def statistics(logarithms: np.ndarray) -> dict[str, float]:
        people = draw_participants(n_people, head.in_features, head.out_features, at(logarithms), seed)
        return answer_statistics(panel, people, answers_per_image, outcomes, seed)

    def loss(logarithms: np.ndarray) -> float:
        found = statistics(logarithms)
        return float(sum((found[name] - value) ** 2 for name, value in published.items()))

    begin = np.log([getattr(start, name) for name in _FITTED])
    simplex = np.vstack([begin, begin + 0.4 * np.eye(len(begin))])
    best = minimize(
        loss, begin, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 0.01, "fatol": 1e-6}
    )
    return at(best.x), statistics(best.x)
