"""The measures of pairs before the same stimuli, from counts of the four kinds of answers."""

import numpy as np

MEASURES = ("success", "bias", "failure", "targeted_ratio", "net_directed_success")
NET = "net_directed_success"
# value of each measure for one answer of each kind; the targeted ratio is a ratio of two of them
SCORES = {
    "success": np.array([1, 1, 0, 0]),
    "bias": np.array([0, 0, 1, 0]),
    "failure": np.array([0, 0, 0, 1]),
    NET: np.array([1, -1, 0, 0]),
}


def measure(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the measures from counts of the four kinds of answers.

    Parameters
    ----------
    counts
        (..., 4), targeted, opposite, bias and failure.

    Returns
    -------
    dict
        Measure to float64 (...); NaN where there is no answer, and ``targeted_ratio`` where there is no success.
    """
    counts = np.asarray(counts, dtype=np.float64)
    total = counts.sum(axis=-1)
    success = counts[..., 0] + counts[..., 1]
    found = {name: ratio(counts @ scores, total) for name, scores in SCORES.items()}
    found["targeted_ratio"] = ratio(counts[..., 0], success)
    return {name: found[name] for name in MEASURES}


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, NaN where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(numerator, np.asarray(denominator, dtype=np.float64))
    return np.asarray(np.divide(numerator, denominator, out=np.full(denominator.shape, np.nan), where=denominator != 0))
