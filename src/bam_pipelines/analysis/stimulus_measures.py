"""How ambiguous, natural, new and varied stimuli are, by networks that had no part in making them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from bam_pipelines.analysis.bystanders import bystander_probabilities, bystander_views
from bam_pipelines.analysis.manifold import coverage, inside_manifold, nearest_distance
from bam_pipelines.analysis.naturalness import network_features
from bam_pipelines.analysis.residual import denoising_residual
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.recognition import FeatureNetwork

COPY_QUANTILE = 0.01


@dataclass(frozen=True)
class Witnesses:
    """Networks and digits that only measure; none of them guides, filters, ranks or tunes.

    Parameters
    ----------
    bystanders
        At least five classifiers, images to logits (N, K).
    independent_judge
        Images to scores (N, 1); another architecture and another family of corruptions than the guiding judge's.
    feature_network
        Whose penultimate layer is the feature space.
    prior
        The denoiser, for its residual.
    unseen
        Real digits that no network was trained on, float, (M, C, H, W) in [0, 1].
    training
        Digits that networks were trained on, in which copies are looked for; the same shape.
    k
        Neighbours for precision and recall.
    draws
        Noise draws a level for the denoising residual.
    seed
        Of these draws.
    """

    bystanders: Sequence[nn.Module]
    independent_judge: nn.Module
    feature_network: FeatureNetwork
    prior: TrainedNetwork
    unseen: torch.Tensor
    training: torch.Tensor
    k: int = 3
    draws: int = 2
    seed: int = 0


def measure_images(images: torch.Tensor, targets: np.ndarray, witnesses: Witnesses) -> pd.DataFrame:
    """Measure each image.

    Parameters
    ----------
    images
        Float, (N, C, H, W) in [0, 1], from uint8; at least one.
    targets
        int, (N, 2): the two digits each was made for.
    witnesses
        Who measures.

    Returns
    -------
    pandas.DataFrame
        One row an image: the columns of :func:`~bam_pipelines.analysis.bystanders.bystander_views` and of
        :func:`measure_naturalness`.
    """
    views = bystander_views(bystander_probabilities(witnesses.bystanders, images), targets)
    return pd.concat([views, measure_naturalness(images, witnesses)], axis=1)


@torch.no_grad()
def measure_naturalness(images: torch.Tensor, witnesses: Witnesses) -> pd.DataFrame:
    """Measure what needs no targets, so that real digits can stand beside stimuli.

    Returns
    -------
    pandas.DataFrame
        ``independent_judge``: its score, about 1 for digits and 0 for non-digits; ``denoising_residual``, see
        :func:`~bam_pipelines.analysis.residual.denoising_residual`; ``in_manifold``: whether it lies in the manifold
        of the unseen digits' features, so that the mean is precision; ``feature_distance`` to the nearest unseen digit;
        ``training_distance``: Euclidean distance of pixels to the nearest training digit; ``copy``: whether that is
        less than the 1 % quantile of the unseen digits' own distances to training digits.
    """
    real = network_features(witnesses.feature_network, witnesses.unseen)
    features = network_features(witnesses.feature_network, images)
    training = witnesses.training.flatten(1).numpy()
    to_training = nearest_distance(training, images.flatten(1).numpy())
    limit = np.quantile(nearest_distance(training, witnesses.unseen.flatten(1).numpy()), COPY_QUANTILE)
    scores = torch.cat([witnesses.independent_judge(batch)[:, 0] for batch in images.split(500)])
    return pd.DataFrame(
        {
            "independent_judge": scores.numpy(),
            "denoising_residual": denoising_residual(witnesses.prior, images, witnesses.draws, witnesses.seed).numpy(),
            "in_manifold": inside_manifold(real, features, witnesses.k),
            "feature_distance": nearest_distance(real, features),
            "training_distance": to_training,
            "copy": to_training < limit,
        }
    )


def feature_recall(images: torch.Tensor, witnesses: Witnesses) -> float:
    """Return the share of unseen digits that lie in the manifold of the images' features."""
    real = network_features(witnesses.feature_network, witnesses.unseen)
    return coverage(network_features(witnesses.feature_network, images), real, witnesses.k)


def pair_diversity(images: torch.Tensor, targets: np.ndarray) -> pd.Series:
    """Measure how different the images of one digit pair are from one another.

    Parameters
    ----------
    images
        Float, (N, C, H, W) in [0, 1].
    targets
        int, (N, 2).

    Returns
    -------
    pandas.Series
        Mean Euclidean distance of pixels between two images, one row a digit pair (the index, ``o1-o2``) that has at
        least two images.
    """
    groups = pd.Series(range(len(targets))).groupby([f"{a}-{b}" for a, b in targets.tolist()])
    distances = {
        pair: torch.pdist(images[rows.tolist()].flatten(1)).mean().item() for pair, rows in groups if len(rows) > 1
    }
    return pd.Series(distances, dtype="float64")
