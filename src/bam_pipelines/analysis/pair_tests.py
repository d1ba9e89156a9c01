"""How often pairs of participants split, in the direction meant, and whether customised stimuli do it more often."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.outcomes import Estimate
from bam_pipelines.compute.seeds import numpy_generator

FIRST_ROUND = "base"
CUSTOMISED = "individual"
MEASURES = ("success", "bias", "failure", "targeted_ratio", "net_directed_success")

# Every answer of a pair is exactly one of these; a success is targeted or opposite.
_CELLS = ("targeted", "opposite", "bias", "failure")


def pair_summary(outcomes: pd.DataFrame, seed: int, resamples: int = 2000, confidence: float = 0.95) -> dict[str, Any]:
    """Summarise a pair table by the source of the stimuli, and compare customised with first-round stimuli.

    The net directed success is N = P(c1 = o1, c2 = o2) − P(c1 = o2, c2 = o1) over all stimuli; 0 without
    information about the individuals, however ambiguous the images. The targeted ratio is the share of successes
    with c1 = o1 and c2 = o2; without a success it is not defined, and null here beside ``n_success`` 0.

    Intervals are percentile bootstraps that resample stimuli within each pair. p values are two-sided and come
    from permuting the source of stimuli within each pair, (1 + #{|d*| ≥ |d|}) / (1 + resamples); a permutation
    under which the measure is not defined counts as at least as extreme. Both speak about these pairs: pairs that
    share people or images are not independent, so neither is a claim about people in general.

    Parameters
    ----------
    outcomes
        Pair table, at least one row.
    seed
        The run's seed.
    resamples
        Number of bootstrap samples and of permutations.
    confidence
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    dict
        ``sources``: source to ``n``, ``n_pairs``, ``n_success`` and an :class:`Estimate` for each of
        :data:`MEASURES`. ``difference``: measure to ``value`` (customised − first round) and ``p``, both null where
        a source is absent or the measure not defined. ``contrasts``: the same for each other source, customised less
        its control.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    if outcomes.empty:
        raise ValueError("the pair table is empty; expected at least one stimulus that both people of a pair answered.")
    counts = pair_counts(outcomes)
    sources = {
        source: _describe(table.to_numpy(), numpy_generator(seed, "pair_bootstrap", source), resamples, confidence)
        for source, table in counts.groupby(level="source", observed=True)
    }
    controls = [source for source in sources if source not in (FIRST_ROUND, CUSTOMISED)]
    return {
        "sources": sources,
        "difference": _difference(counts, FIRST_ROUND, seed, resamples),
        "contrasts": {source: _difference(counts, source, seed, resamples) for source in controls},
    }


def pair_counts(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Count the four kinds of answers of each pair.

    Parameters
    ----------
    outcomes
        Pair table.

    Returns
    -------
    pandas.DataFrame
        int64, indexed by ``source`` and ``pair_id``, columns ``targeted``, ``opposite``, ``bias``, ``failure``.
    """
    cell = (
        outcomes["direction"].astype("str").where(outcomes["outcome"] == "success", outcomes["outcome"].astype("str"))
    )
    counts = outcomes.assign(cell=cell).groupby(["source", "pair_id", "cell"], observed=True).size()
    return counts.unstack(fill_value=0).reindex(columns=list(_CELLS), fill_value=0).astype("int64")


def measure(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the measures from counts of the four kinds of answers.

    Parameters
    ----------
    counts
        (..., 4), targeted, opposite, bias and failure, at least one in all.

    Returns
    -------
    dict
        Measure to float64 (...); ``targeted_ratio`` is NaN where there is no success.
    """
    counts = np.asarray(counts, dtype=np.float64)
    total = counts.sum(axis=-1)
    targeted, opposed, bias, failure = np.moveaxis(counts, -1, 0)
    success = targeted + opposed
    ratio = np.divide(targeted, success, out=np.full_like(success, np.nan), where=success > 0)
    return {
        "success": success / total,
        "bias": bias / total,
        "failure": failure / total,
        "targeted_ratio": ratio,
        "net_directed_success": (targeted - opposed) / total,
    }


def pair_rates(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of each pair and source.

    Parameters
    ----------
    outcomes
        Pair table.

    Returns
    -------
    pandas.DataFrame
        ``source``, ``pair_id``, ``n`` and a column for each of :data:`MEASURES`; ``targeted_ratio`` is NaN for a
        pair without a success.
    """
    counts = pair_counts(outcomes)
    measures = pd.DataFrame(measure(counts.to_numpy()), index=counts.index)
    return measures.assign(n=counts.sum(axis=1)).reset_index()


def _describe(counts: np.ndarray, generator: np.random.Generator, resamples: int, confidence: float) -> dict[str, Any]:
    totals = counts.sum(axis=1)
    # Drawing a pair's stimuli with replacement and counting their outcomes is one multinomial draw.
    drawn = generator.multinomial(totals, counts / totals[:, None], size=(resamples, len(counts))).sum(axis=1)
    values, samples = measure(counts.sum(axis=0)), measure(drawn)
    described: dict[str, Any] = {
        "n": int(totals.sum()),
        "n_pairs": len(counts),
        "n_success": int(counts[:, :2].sum()),
    }
    return described | {name: _estimate(values[name], samples[name], confidence) for name in MEASURES}


def _estimate(value: np.ndarray, samples: np.ndarray, confidence: float) -> Estimate:
    defined = samples[~np.isnan(samples)]
    if np.isnan(value) or len(defined) == 0:
        return Estimate(value=None, low=None, high=None)
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value=float(value), low=float(low), high=float(high))


def _difference(counts: pd.DataFrame, other: str, seed: int, resamples: int) -> dict[str, dict[str, float | None]]:
    present = counts.index.get_level_values("source")
    if not {other, CUSTOMISED} <= set(present):
        return {name: {"value": None, "p": None} for name in MEASURES}
    ours = counts.xs(CUSTOMISED, level="source")
    theirs = counts.xs(other, level="source")
    pairs = ours.index.union(theirs.index)
    ours, theirs = (part.reindex(pairs, fill_value=0).to_numpy() for part in (ours, theirs))
    pooled = ours + theirs
    generator = numpy_generator(seed, "pair_permutation", other)
    # Permuting the sources of a pair's stimuli leaves a multivariate hypergeometric draw of its outcomes.
    drawn = sum(
        generator.multivariate_hypergeometric(cells, int(size), size=resamples)
        for cells, size in zip(pooled, ours.sum(axis=1), strict=True)
    )
    total = pooled.sum(axis=0)
    observed = _contrast(ours.sum(axis=0), theirs.sum(axis=0))
    permuted = _contrast(np.asarray(drawn), total - np.asarray(drawn))
    return {name: _test(float(observed[name]), permuted[name]) for name in MEASURES}


def _contrast(ours: np.ndarray, theirs: np.ndarray) -> dict[str, np.ndarray]:
    first, second = measure(ours), measure(theirs)
    return {name: first[name] - second[name] for name in MEASURES}


def _test(observed: float, permuted: np.ndarray) -> dict[str, float | None]:
    if np.isnan(observed):
        return {"value": None, "p": None}
    # The small slack keeps permutations equal to the observed table from falling below it by rounding.
    extreme = np.isnan(permuted) | (np.abs(permuted) >= abs(observed) - 1e-12)
    return {"value": observed, "p": float((1 + extreme.sum()) / (1 + len(permuted)))}
