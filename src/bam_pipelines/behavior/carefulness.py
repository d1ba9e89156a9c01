"""Measures of how carefully someone answered, for the quality rules."""

import numpy as np
import pandas as pd
from scipy.stats import entropy

_TIMED_OTHERS = 3  # an image's median needs so many other response times; else it is taken to be like all images
_NORMAL = 1.4826  # median absolute deviations of a normal distribution a standard deviation


def rt_deviations(trials: pd.DataFrame) -> pd.Series:
    """Return how far each response time is from what its participant and its image would let expect.

    Of each logarithm the median of the *other* answers to the image is taken away, so that hard images are not held
    against anyone and no time hides behind itself; what is left is compared with the participant's own median.

    Parameters
    ----------
    trials
        Trial table.

    Returns
    -------
    pandas.Series
        float64, indexed as the trials: distance in median absolute deviations, scaled to standard deviations of a
        normal distribution; NaN without a response time or where a participant's times do not vary.

    References
    ----------
    C. Leys et al., "Detecting outliers: do not use standard deviation around the mean, use absolute deviation around
    the median", Journal of Experimental Social Psychology 49 (2013), 764.
    """
    logs = np.log(trials["rt_ms"].astype("float64"))
    left = logs - _medians_of_others(logs, trials["stimulus_id"]).fillna(logs.median())
    people = trials["participant_id"]
    distance = left - left.groupby(people).transform("median")
    spread = _NORMAL * distance.abs().groupby(people).transform("median")
    return distance / spread.where(spread > 0)


def _medians_of_others(values: pd.Series, groups: pd.Series) -> pd.Series:
    """Return, for each value, the median of the other ones of its group; NaN where there are too few."""
    given = np.flatnonzero(values.notna())
    present, codes = values.to_numpy()[given], pd.factorize(groups.iloc[given])[0]
    order = np.lexsort((present, codes))
    ordered, sizes = present[order], np.bincount(codes)[codes[order]]
    start = np.concatenate([[0], np.cumsum(np.bincount(codes))])[codes[order]]
    place = np.arange(len(order)) - start

    def other(rank: np.ndarray) -> np.ndarray:
        # without the value itself, those above it move down by one
        rank = np.minimum(rank, sizes - 2)
        return np.asarray(ordered[np.maximum(start + rank + (rank >= place), 0)])

    middle = (other((sizes - 2) // 2) + other((sizes - 1) // 2)) / 2
    medians = np.full(len(values), np.nan)
    medians[given[order]] = np.where(sizes > _TIMED_OTHERS, middle, np.nan)
    return pd.Series(medians, index=values.index)


def longest_run(responses: pd.Series) -> int:
    """Return the length of the longest run of equal answers, in their order; unanswered trials are left out."""
    given = responses.dropna().to_numpy()
    if not len(given):
        return 0
    changes = np.flatnonzero(np.diff(given) != 0)
    return int(np.diff(np.concatenate([[-1], changes, [len(given) - 1]])).max())


def response_entropy(responses: pd.Series) -> float:
    """Return the entropy of someone's answers over the classes, bits; NaN without answers."""
    counts = responses.dropna().value_counts().to_numpy()
    return float(entropy(counts, base=2)) if len(counts) else float("nan")


def clear_repeats(trials: pd.DataFrame) -> tuple[int, float]:
    """Return how many answered repeats of clear digits there are, and the share with the answer of the first showing.

    Parameters
    ----------
    trials
        One participant's trials of one round; clear digits are the catch trials.

    Returns
    -------
    int
        Number of repeats.
    float
        0 to 1; NaN without repeats.
    """
    return repeat_counts(trials[trials["is_catch"]])


def repeat_counts(trials: pd.DataFrame) -> tuple[int, float]:
    """Return the number of answered repeats among one participant's trials and the share answered as at first.

    A stimulus in another task is another one. Of several sittings that each begin with a first showing the earliest
    counts.
    """
    keys = ["task", "stimulus_id"]
    answered = trials[trials["response"].notna()]
    first = answered[answered["repetition"] == 0].sort_values(["session", "trial_index"]).drop_duplicates(keys)
    pairs = answered[answered["repetition"] > 0].merge(first[[*keys, "response"]], on=keys, suffixes=("", "_first"))
    same = (pairs["response"] == pairs["response_first"]).mean()
    return len(pairs), float(same) if len(pairs) else float("nan")
