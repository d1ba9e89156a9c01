"""How natural samples of digits are, by a network that had no part in making them."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from bam_pipelines.analysis.manifold import coverage
from bam_pipelines.networks.recognition import FeatureNetwork


@torch.no_grad()
def network_features(network: FeatureNetwork, images: torch.Tensor) -> np.ndarray:
    """Return the penultimate layer, float32 (N, D), of images (N, C, H, W) in [0, 1]."""
    return torch.cat([network.features(batch) for batch in images.split(500)]).numpy()


def sample_quality(
    samples: torch.Tensor, real: torch.Tensor, other_real: torch.Tensor, network: FeatureNetwork, k: int
) -> dict[str, Any]:
    """Judge unguided samples by an independent network.

    Parameters
    ----------
    samples, real, other_real
        Images (N, C, H, W) in [0, 1]: samples of the prior, real digits that nothing was trained on, and as many
        other real digits, whose figures show what real digits reach.
    network
        The feature network.
    k
        Neighbours for precision and recall.

    Returns
    -------
    dict
        ``median_top_probability``, ``share_below_0_7`` (of the top probability), ``class_share_min`` and
        ``class_share_max``, ``precision``, ``recall``, ``real_precision``, ``real_recall``.
    """
    features = {
        name: network_features(network, images)
        for name, images in (("samples", samples), ("real", real), ("other", other_real))
    }
    with torch.no_grad():
        probabilities = functional.softmax(network.head(torch.from_numpy(features["samples"])), dim=1)
    top, predicted = probabilities.max(dim=1)
    shares = torch.bincount(predicted, minlength=probabilities.shape[1]) / len(samples)
    return {
        "median_top_probability": top.median().item(),
        "share_below_0_7": (top < 0.7).double().mean().item(),
        "class_share_min": shares.min().item(),
        "class_share_max": shares.max().item(),
        "precision": coverage(features["real"], features["samples"], k),
        "recall": coverage(features["samples"], features["real"], k),
        "real_precision": coverage(features["real"], features["other"], k),
        "real_recall": coverage(features["other"], features["real"], k),
    }
