"""How many trials it takes to predict a person: learning curves and their comparison."""

import numpy as np
from sklearn.isotonic import IsotonicRegression


def falling_curve(trials: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Return the nearest curve that never rises, (n,), to losses (n,) by number of trials (n,), in least squares."""
    fitted: np.ndarray = IsotonicRegression(increasing=False).fit_transform(trials, losses)
    return fitted


def trials_to_reach(trials: np.ndarray, losses: np.ndarray, goal: float) -> float | None:
    """Return after how many trials a falling curve reaches a loss, interpolated; None if it never does.

    Parameters
    ----------
    trials
        (n,), rising.
    losses
        (n,), nats, falling, see :func:`falling_curve`.
    goal
        Nats.
    """
    reached = np.flatnonzero(losses <= goal)
    if not len(reached):
        return None
    last = int(reached[0])
    if last == 0:
        return float(trials[0])
    before, after = losses[last - 1], losses[last]
    return float(trials[last - 1] + (trials[last] - trials[last - 1]) * (before - goal) / (before - after))
