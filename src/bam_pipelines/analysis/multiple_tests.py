"""p values of several tests at once: Holm's for controls, Benjamini and Hochberg's for exploration."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np
from scipy.stats import false_discovery_control

Key = TypeVar("Key", bound=Hashable)


def holm(p_values: Mapping[Key, float | None]) -> dict[Key, float | None]:
    """Correct p values so that any false positive among all of them is as rare as a p value says.

    Parameters
    ----------
    p_values
        By test; a test that could not be done is None, stays so, and does not count.

    Returns
    -------
    dict
        By test, at most 1.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979), 65.
    """
    known = {key: p for key, p in p_values.items() if p is not None}
    order = sorted(known, key=lambda key: known[key])
    steps = [min(1.0, known[key] * (len(order) - place)) for place, key in enumerate(order)]
    corrected = dict(zip(order, np.maximum.accumulate(steps).tolist() if steps else [], strict=True))
    return {key: corrected.get(key) for key in p_values}


def benjamini_hochberg(p_values: Mapping[Key, float | None]) -> dict[Key, float | None]:
    """Correct p values so that those below a level hold that share of false positives at most, on average.

    Parameters
    ----------
    p_values
        As for :func:`holm`.

    Returns
    -------
    dict
        As there.

    References
    ----------
    Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57
    (1995), 289.
    """
    known = {key: p for key, p in p_values.items() if p is not None}
    corrected = dict(zip(known, false_discovery_control(list(known.values())).tolist() if known else [], strict=True))
    return {key: corrected.get(key) for key in p_values}
