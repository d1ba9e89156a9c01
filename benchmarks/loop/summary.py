"""What the curves say: trials to random choice's final log-loss, with intervals over people."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bam_pipelines.adaptive.curves import falling_curve, trials_to_reach
from bam_pipelines.compute.seeds import numpy_generator

RESAMPLES = 1000


def summarise(curves: Mapping[str, np.ndarray], trials: np.ndarray) -> dict[str, Any]:
    """Compare ways of choosing.

    Parameters
    ----------
    curves
        (people, seeds, points) by acquisition: log-loss, nats.
    trials
        (points,): how many.

    Returns
    -------
    dict
        By acquisition: ``log_loss`` with ``low`` and ``high`` (95 % over people, less how hard each person's images
        are whatever is chosen) at each number of trials, ``trials_to_random`` with ``low``, ``high`` and ``never``, the
        share of resamples in which it was not reached, which count as all trials and more; and ``by_seed``.
    """
    n_people, n_seeds, _ = curves["random"].shape
    draw = numpy_generator(0, "bench/loop/people")
    drawn = [draw.integers(0, n_people, n_people) for _ in range(RESAMPLES)]
    level = np.mean(list(curves.values()), axis=(0, 2, 3))
    found = {}
    for name, own in curves.items():
        apart = own - (level - level.mean())[:, None, None]
        means = np.array([apart[rows].mean(axis=(0, 1)) for rows in drawn])
        reached = [_reached(own[rows], curves["random"][rows], trials) for rows in drawn]
        numbers = np.array([np.inf if one is None else one for one in reached])
        low, high = (_finite(value) for value in np.quantile(numbers, [0.025, 0.975], method="nearest"))
        found[name] = {
            "log_loss": own.mean(axis=(0, 1)).tolist(),
            "low": np.quantile(means, 0.025, axis=0).tolist(),
            "high": np.quantile(means, 0.975, axis=0).tolist(),
            "trials_to_random": {
                "value": _reached(own, curves["random"], trials),
                "low": low,
                "high": high,
                "never": float(np.isinf(numbers).mean()),
            },
            "by_seed": [_reached(own[:, [seed]], curves["random"][:, [seed]], trials) for seed in range(n_seeds)],
        }
    return found


def _reached(own: np.ndarray, random: np.ndarray, trials: np.ndarray) -> float | None:
    goal = falling_curve(trials, random.mean(axis=(0, 1)))[-1]
    return trials_to_reach(trials, falling_curve(trials, own.mean(axis=(0, 1))), float(goal))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
