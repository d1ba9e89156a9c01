"""Which images a person is asked next: the most telling ones, a few at random, and a few again."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from bam_pipelines.adaptive.acquisition import bald, epig, predictive_entropy
from bam_pipelines.adaptive.answer_model import AnswerModel, answer_probabilities
from bam_pipelines.adaptive.information import after_answer, information_roots, linear_epig, mean_information
from bam_pipelines.adaptive.posterior import Posterior
from bam_pipelines.adaptive.settings import LoopSettings
from bam_pipelines.compute.faults import InputError

REASONS = ("acquisition", "anchor", "repeat")
_IMAGES = 500  # whose answers are sampled at once


@dataclass(frozen=True)
class Known:
    """What is known of one person, in float32.

    Parameters
    ----------
    mean, covariance
        (size,) and (size, size), of what is personal.
    samples
        (S, size), drawn from that.
    """

    mean: torch.Tensor
    covariance: torch.Tensor
    samples: torch.Tensor


def known_of(posterior: Posterior, person: int, n_samples: int, generator: torch.Generator) -> Known:
    """Return what is known of one person.

    Parameters
    ----------
    posterior
        Of all people.
    person
        Whose row of it.
    n_samples
        Values to draw.
    generator
        Of the draws.
    """
    samples = posterior.samples(person, n_samples, generator)
    return Known(posterior.mean[person].float(), posterior.covariance[person].float(), samples.float())


def choose_round(
    known: Known,
    pool: AnswerModel,
    targets: AnswerModel | None,
    answered: np.ndarray,
    settings: LoopSettings,
    draw: np.random.Generator,
) -> pd.DataFrame:
    """Choose one person's next images.

    Parameters
    ----------
    known
        What is known of the person.
    pool, targets
        Images that may be shown, and images whose answers are to be predicted, in float32; targets are needed by EPIG
        alone.
    answered
        int64, unique: images of the pool that the person has answered. They are shown again as repeats only.
    settings
        How many of which kind.
    draw
        Of the person and the round.

    Returns
    -------
    pandas.DataFrame
        image (index into the pool), reason (acquisition, anchor or repeat) and score (nats; null where nothing was
        scored), one row a trial, acquisitions in the order in which they were chosen. In a first round, without
        anything to repeat, there are more anchors.

    Raises
    ------
    ValueError
        If too few images are left.
    """
    fresh = np.setdiff1d(np.arange(len(pool.logits)), answered)
    n_again = min(settings.repeats, len(answered))
    n_chosen = settings.trials_per_round - settings.anchors - settings.repeats
    n_anchors = settings.trials_per_round - n_chosen - n_again
    if len(fresh) < n_chosen + n_anchors:
        raise InputError(
            f"{len(fresh)} images of the pool are not answered yet, and a round shows {n_chosen + n_anchors} new ones: "
            "run fewer rounds, sample more stimuli, or show fewer in the first round."
        )
    chosen, scores = _acquire(known, pool, targets, fresh, n_chosen, settings, draw)
    anchors = draw.permutation(np.setdiff1d(fresh, chosen))[:n_anchors]
    again = draw.permutation(answered)[:n_again]
    return pd.DataFrame(
        {
            "image": np.concatenate([chosen, anchors, again]).astype(np.int64),
            "reason": np.repeat(REASONS, [len(chosen), len(anchors), len(again)]),
            "score": np.concatenate([scores, np.full(len(anchors) + len(again), np.nan)]),
        }
    )


def power_batch(scores: torch.Tensor, number: int, coldness: float, draw: np.random.Generator) -> np.ndarray:
    """Draw images without replacement with probabilities proportional to scores (N,) to the power of ``coldness``.

    Parameters
    ----------
    scores
        float32, (N,), nats; rounding errors below 0 count as 0.
    number
        Images to draw.
    coldness
        At 0 all images are equally likely; the larger, the surer the largest scores are drawn.
    draw
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        int64, (``number``,), in the order in which they were drawn.

    References
    ----------
    Kirsch et al. 2021, "Stochastic batch acquisition: a simple baseline for deep active learning": the largest of
    coldness times logarithm plus Gumbel noise.
    """
    keys = coldness * _logarithm(scores) + _gumbel(len(scores), draw)
    return keys.argsort(descending=True)[:number].numpy()


def _acquire(
    known: Known,
    pool: AnswerModel,
    targets: AnswerModel | None,
    fresh: np.ndarray,
    number: int,
    settings: LoopSettings,
    draw: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return images of the pool and their scores."""
    if settings.acquisition == "random":
        return draw.permutation(fresh)[:number], np.full(number, np.nan)
    if settings.acquisition == "epig":
        if targets is None:
            raise InputError("acquisition epig needs target images, whose answers are to be predicted.")
        return _acquire_by_epig(known, pool, targets, fresh, number, settings, draw)
    measure = bald if settings.acquisition == "bald" else predictive_entropy
    parts = torch.from_numpy(fresh).split(_IMAGES)
    scores = torch.cat([measure(answer_probabilities(pool.take(part), known.samples)) for part in parts])
    taken = power_batch(scores, number, settings.coldness, draw)
    return fresh[taken], scores.numpy()[taken]


def _acquire_by_epig(
    known: Known,
    pool: AnswerModel,
    targets: AnswerModel,
    fresh: np.ndarray,
    number: int,
    settings: LoopSettings,
    draw: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    aim = mean_information(information_roots(targets, known.mean))
    roots = information_roots(pool.take(torch.from_numpy(fresh)), known.mean)
    best = linear_epig(roots, aim, known.covariance).argsort(descending=True)[: settings.shortlist]
    some = torch.from_numpy(draw.permutation(len(targets.logits))[: settings.targets])
    images = fresh[best.numpy()]
    asked = answer_probabilities(pool.take(torch.from_numpy(images)), known.samples)
    scores = epig(asked, answer_probabilities(targets.take(some), known.samples))
    taken = _diverse_batch(scores, roots[best], aim, known.covariance, number, settings.coldness, draw)
    return images[taken], scores.numpy()[taken]


def _diverse_batch(
    scores: torch.Tensor,
    roots: torch.Tensor,
    aim: torch.Tensor,
    covariance: torch.Tensor,
    number: int,
    coldness: float,
    draw: np.random.Generator,
) -> np.ndarray:
    """Draw as :func:`power_batch` does, but score each image by what it still tells after those drawn before it.

    What is left is the score times the share that is left of the linearised one.
    """
    keys = coldness * _logarithm(scores) + _gumbel(len(scores), draw)
    alone = linear_epig(roots, aim, covariance)
    taken: list[int] = []
    for _ in range(number):
        left = keys + coldness * _logarithm(linear_epig(roots, aim, covariance) / alone)
        left[taken] = -torch.inf
        taken.append(int(left.argmax()))
        covariance = after_answer(covariance, roots[taken[-1]])
    return np.array(taken, dtype=np.int64)


def _logarithm(values: torch.Tensor) -> torch.Tensor:
    """Return logarithms, of rounding errors below 0 too."""
    return values.clamp_min(torch.finfo(values.dtype).tiny).log()


def _gumbel(number: int, draw: np.random.Generator) -> torch.Tensor:
    return torch.from_numpy(draw.gumbel(size=number)).float()
