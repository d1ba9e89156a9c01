"""How natural the stimuli of each source are to a judge that had no part in making them."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.crossed_counts import connected_groups, sum_by_group
from bam_pipelines.analysis.outcomes import Estimate
from bam_pipelines.analysis.pair_intervals import crossed_interval
from bam_pipelines.analysis.pair_tests import CUSTOMISED

_MEASURES = ("accepted", "score")


def source_naturalness(shown: pd.DataFrame, scores: np.ndarray, threshold: float) -> dict[str, Any]:
    """Compare customised stimuli with each other source, by pair and digit pair.

    Parameters
    ----------
    shown
        One row a stimulus of a pair: ``source``, ``pair_id``, ``participant_1``, ``participant_2``, ``target_1``,
        ``target_2``.
    scores
        (N,), the judge's, about 1 for digits and 0 for non-digits.
    threshold
        Score above which the judge accepts a stimulus.

    Returns
    -------
    dict
        ``sources``: source to ``n``, ``accepted`` (share) and ``score`` (mean); ``contrasts``: each other source to
        ``strata_used`` and an :class:`~bam_pipelines.analysis.outcomes.Estimate` for both, customised less its own
        within pair and digit pair, with a 95 % interval over groups of people and digit pairs, see
        :func:`~bam_pipelines.analysis.pair_intervals.crossed_interval`; None where no pair and digit pair has both.
    """
    targets = np.sort(shown[["target_1", "target_2"]].to_numpy(dtype="int64"), axis=1)
    pairs, pair_names = pd.factorize(shown["pair_id"], sort=True)
    digits, digit_pairs = pd.factorize(pd.MultiIndex.from_arrays(targets.T), sort=True)
    first = shown.drop_duplicates("pair_id").set_index("pair_id").loc[pair_names]
    groups = connected_groups(first["participant_1"], first["participant_2"])
    values = {
        "n": np.ones(len(scores)),
        "accepted": (scores > threshold).astype(np.float64),
        "score": scores.astype(np.float64),
    }
    sources = shown["source"].astype("str").to_numpy()
    sums = {
        source: {
            name: _table(pairs, digits, value * (sources == source), (len(pair_names), len(digit_pairs)))
            for name, value in values.items()
        }
        for source in sorted(set(sources))
    }
    described = {
        source: {
            "n": int(table["n"].sum()),
            **{name: float(table[name].sum() / table["n"].sum()) for name in _MEASURES},
        }
        for source, table in sums.items()
    }
    contrasts = {
        source: _contrast(sums[CUSTOMISED], table, groups)
        for source, table in sums.items()
        if source != CUSTOMISED and CUSTOMISED in sums
    }
    return {"sources": described, "contrasts": contrasts}


def _table(rows: np.ndarray, columns: np.ndarray, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    table = np.zeros(shape)
    np.add.at(table, (rows, columns), values)
    return table


def _contrast(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], groups: np.ndarray) -> dict[str, Any]:
    both = (ours["n"] > 0) & (theirs["n"] > 0)
    if not both.any():
        return {"strata_used": 0} | dict.fromkeys(_MEASURES, Estimate(value=None, low=None, high=None))
    weight = np.where(both, ours["n"] * theirs["n"] / np.maximum(ours["n"] + theirs["n"], 1), 0.0)
    found: dict[str, Any] = {"strata_used": int(both.sum())}
    for name in _MEASURES:
        means = [table[name] / np.maximum(table["n"], 1) for table in (ours, theirs)]
        difference = weight * (means[0] - means[1])
        found[name] = crossed_interval(sum_by_group(difference, groups), sum_by_group(weight, groups))
    return found
