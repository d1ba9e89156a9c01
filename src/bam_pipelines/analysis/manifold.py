"""Precision and recall of samples against real images, and nearest neighbours, in a feature space."""

import numpy as np
from scipy.spatial.distance import cdist


def coverage(reference: np.ndarray, queries: np.ndarray, k: int) -> float:
    """Return the share of queries that lie in the manifold of a reference set; see :func:`inside_manifold`.

    With real images as reference and samples as queries this is precision; the other way round it is recall.
    """
    return float(inside_manifold(reference, queries, k).mean())


def inside_manifold(reference: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """Tell which queries lie in the manifold of a reference set.

    The manifold is the union of balls around the reference points, each as wide as the distance to its k-th nearest
    neighbour among the others.

    Parameters
    ----------
    reference
        Float, (N, D), N above k.
    queries
        Float, (M, D).
    k
        Neighbours, at least 1; 3 in the source.

    Returns
    -------
    numpy.ndarray
        bool, (M,).

    Raises
    ------
    ValueError
        If there are not more reference points than neighbours.

    References
    ----------
    Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", equation 1.
    """
    if not 1 <= k < len(reference):
        raise ValueError(f"k is {k}, expected 1 to {len(reference) - 1}, one less than the reference points.")
    among = cdist(reference, reference)
    radius = np.partition(among, k, axis=1)[:, k]  # index 0 is the point itself
    return np.asarray((cdist(queries, reference) <= radius).any(axis=1))


def nearest_distance(reference: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of each query, (M, D), to its nearest reference point, (N, D): float64, (M,)."""
    blocks = np.array_split(queries, max(1, len(queries) // 500))
    return np.concatenate([cdist(block, reference).min(axis=1) for block in blocks])
