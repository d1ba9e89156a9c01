"""What two workers make of one worker's seconds, from passes that alternate."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student


def alternated(one: Callable[[], float], two: Callable[[], float], repeats: int) -> tuple[list[float], list[float]]:
    """Time both in turn, the first of each pair changing, so that a machine that slows down does not favour either.

    Parameters
    ----------
    one, two
        Do the work and return its seconds.
    repeats
        Pairs of passes.
    """
    seconds: tuple[list[float], list[float]] = [], []
    for repeat in range(repeats):
        for place in (0, 1) if repeat % 2 == 0 else (1, 0):
            seconds[place].append((one, two)[place]())
    return seconds


def speedup(one: Sequence[float], two: Sequence[float]) -> dict[str, Any]:
    """Return how many times as fast two are.

    Parameters
    ----------
    one, two
        Seconds of the same work, pair by pair.

    Returns
    -------
    dict
        ``value``, the geometric mean of the pairs' ratios; ``low`` and ``high``, its 95 % interval by Student's t of
        their logarithms, None with a single pair; ``efficiency``, the value over two; ``seconds_1`` and ``seconds_2``.
    """
    logs = np.log(np.divide(one, two))
    value, n = float(np.exp(logs.mean())), len(logs)
    ends: tuple[float | None, float | None] = (None, None)
    if n > 1:
        half = float(student.ppf(0.975, n - 1) * logs.std(ddof=1) / np.sqrt(n))
        ends = (value * float(np.exp(-half)), value * float(np.exp(half)))
    return {
        "value": value,
        "low": ends[0],
        "high": ends[1],
        "efficiency": value / 2,
        "seconds_1": [round(second, 2) for second in one],
        "seconds_2": [round(second, 2) for second in two],
    }
