"""Claims about people: whole groups are the units, since pairs of one group share people."""

from itertools import product
from typing import Any

import numpy as np
from scipy.stats import t

from bam_pipelines.analysis.pair_randomisation import two_sided

MOST_EXACT = 14
_ROUNDING = 1e-9


def group_test(
    differences: np.ndarray, generator: np.random.Generator, resamples: int, confidence: float = 0.95
) -> dict[str, Any]:
    """Test whether the mean of groups' values is 0, by turning their signs around.

    Parameters
    ----------
    differences
        (G,): one value a group, NaN for a group without one.
    generator, resamples
        Of random patterns of signs with more than 14 groups; with fewer all are gone through.
    confidence
        Coverage of the interval, 0 to 1.

    Returns
    -------
    dict
        ``n_groups`` with a value, ``value`` (their mean), ``low`` and ``high`` by Student's t over groups, ``p``,
        ``smallest_p`` that so many groups can give, ``standardised`` (mean over the groups' standard deviation); None
        with fewer than two groups, and interval and ``standardised`` where groups do not differ.

    Notes
    -----
    Bootstrap percentiles over six groups cover less than 90 % instead of 95; ``make bench-statistics`` measures both.
    """
    values = differences[~np.isnan(differences)]
    n = len(values)
    if n < 2:
        nothing = dict.fromkeys(("low", "high", "p", "smallest_p", "standardised"))
        return {"n_groups": n, "value": float(values[0]) if n else None} | nothing
    p, smallest = _sign_flips(values, generator, resamples)
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    reach = float(t.ppf((1 + confidence) / 2, n - 1)) * spread / np.sqrt(n)
    vary = spread > _ROUNDING
    return {
        "n_groups": n,
        "value": mean,
        "low": mean - reach if vary else None,
        "high": mean + reach if vary else None,
        "p": p,
        "smallest_p": smallest,
        "standardised": mean / spread if vary else None,
    }


def _sign_flips(values: np.ndarray, generator: np.random.Generator, resamples: int) -> tuple[float, float]:
    signs = sign_patterns(len(values), resamples, generator)
    sums = signs @ values
    if len(values) <= MOST_EXACT:
        return float((np.abs(sums) >= abs(values.sum()) - _ROUNDING).mean()), 2 / len(signs)
    return two_sided(sums, float(values.sum())), 1 / (1 + resamples)


def sign_patterns(n_groups: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Return all patterns of signs of at most 14 groups, and random ones of more, int (patterns, G)."""
    if n_groups <= MOST_EXACT:
        return np.array(list(product((-1, 1), repeat=n_groups)))
    return generator.choice([-1, 1], (resamples, n_groups))
