"""How natural the stimuli of each source are to a judge that had no part in making them."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.outcomes import Estimate
from bam_pipelines.analysis.pair_measures import ratio
from bam_pipelines.analysis.pair_tests import CUSTOMISED
from bam_pipelines.compute.seeds import numpy_generator

_MEASURES = ("accepted", "score")


def source_naturalness(
    shown: pd.DataFrame,
    scores: np.ndarray,
    threshold: float,
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Compare customised stimuli with each other source, by pair and digit pair.

    Parameters
    ----------
    shown
        One row a stimulus of a pair: ``source``, ``pair_id``, ``target_1``, ``target_2``.
    scores
        (N,), the judge's, about 1 for digits and 0 for non-digits.
    threshold
        Score above which the judge accepts a stimulus.
    seed
        The run's seed.
    resamples
        Number of bootstrap samples, of pairs and digit pairs: a cell has too few stimuli to resample these.
    confidence
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    dict
        ``sources``: source to ``n``, ``accepted`` (share) and ``score`` (mean); ``contrasts``: each other source to
        ``strata_used`` and an :class:`~bam_pipelines.analysis.outcomes.Estimate` for both, customised less its own
        within pair and digit pair; None where no pair and digit pair has both, and no interval where nothing varies.
    """
    digits = np.sort(shown[["target_1", "target_2"]].to_numpy(dtype="int64"), axis=1)
    strata = pd.MultiIndex.from_arrays([shown["pair_id"].astype("str"), *digits.T]).factorize()[0]
    values = {"accepted": (scores > threshold).astype(np.float64), "score": scores.astype(np.float64)}
    sources = shown["source"].astype("str").to_numpy()
    n_strata = int(strata.max()) + 1
    names = sorted(set(sources))
    sums = {
        source: {
            name: np.bincount(strata[sources == source], weights[sources == source], n_strata)
            for name, weights in {"n": np.ones(len(scores)), **values}.items()
        }
        for source in names
    }
    described = {
        source: {
            "n": int(table["n"].sum()),
            **{name: float(table[name].sum() / table["n"].sum()) for name in _MEASURES},
        }
        for source, table in sums.items()
    }
    contrasts = {
        source: _contrast(
            sums[CUSTOMISED], sums[source], numpy_generator(seed, "naturalness", source), resamples, confidence
        )
        for source in names
        if source != CUSTOMISED and CUSTOMISED in sums
    }
    return {"sources": described, "contrasts": contrasts}


def _contrast(
    ours: dict[str, np.ndarray],
    theirs: dict[str, np.ndarray],
    generator: np.random.Generator,
    resamples: int,
    confidence: float,
) -> dict[str, Any]:
    both = np.flatnonzero((ours["n"] > 0) & (theirs["n"] > 0))
    if not len(both):
        return {"strata_used": 0} | dict.fromkeys(_MEASURES, Estimate(value=None, low=None, high=None))
    weight = ours["n"][both] * theirs["n"][both] / (ours["n"] + theirs["n"])[both]
    drawn = generator.multinomial(len(both), np.full(len(both), 1 / len(both)), size=resamples)
    found: dict[str, Any] = {"strata_used": len(both)}
    for name in _MEASURES:
        difference = weight * (ours[name][both] / ours["n"][both] - theirs[name][both] / theirs["n"][both])
        value, samples = float(difference.sum() / weight.sum()), ratio(drawn @ difference, drawn @ weight)
        low, high = np.quantile(samples, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
        found[name] = (
            Estimate(value=value, low=low, high=high) if low < high else Estimate(value=value, low=None, high=None)
        )
    return found
