"""Randomisation tests within strata: of the source of stimuli, and of the direction that they were made for.

A stratum is a pair of people and what else the stimuli are matched by. What is permuted stays within its stratum, so
that no difference between people, or between digits, can make a difference between sources.

The claim is about these people and stimuli. Where models suit some of them better by mere chance, that is a true
difference here and will be found (in 27 % of simulated rounds of six triads); people in general are for
:mod:`bam_pipelines.analysis.pair_groups`.
"""

from typing import Any

import numpy as np

from bam_pipelines.analysis.pair_measures import MEASURES, SCORES, measure, ratio

# keeps permutations equal to the observed table from falling below it by rounding
_ROUNDING = 1e-9


def source_test(ours: np.ndarray, theirs: np.ndarray, generator: np.random.Generator, resamples: int) -> dict[str, Any]:
    """Permute which of two sources a stimulus came from, within strata.

    Permuting the sources of a stratum's stimuli leaves a multivariate hypergeometric draw of its answers. A stratum
    that holds one source carries no information and is not used. Two-sided p values are
    (1 + #{|d* − E d*| ≥ |d − E d*|}) / (1 + resamples), where E d*, the mean over permutations, is 0 in a balanced
    design, and else what unequal numbers do alone. For the targeted ratio, which is no mean over stimuli, it is not
    taken off; a permutation under which the ratio is not defined counts as at least as extreme.

    Parameters
    ----------
    ours, theirs
        int, (N, 4): answers by stratum.
    generator
        Of the permutations.
    resamples
        Number of permutations.

    Returns
    -------
    dict
        ``strata`` and ``strata_used``; ``measures``: measure to ``matched``, the difference within strata that the test
        is about, weighed by n1 n2 / (n1 + n2) (None for the targeted ratio), and ``p``; None where not defined.
    """
    sizes = ours.sum(axis=1), theirs.sum(axis=1)
    used = (sizes[0] > 0) & (sizes[1] > 0)
    found: dict[str, Any] = {"strata": int(((sizes[0] + sizes[1]) > 0).sum()), "strata_used": int(used.sum())}
    if not used.any():
        return found | {"measures": {name: {"matched": None, "p": None} for name in MEASURES}}
    ours, pooled = ours[used], ours[used] + theirs[used]
    drawn = permuted_totals(pooled, sizes[0][used], generator, resamples)
    expected = ratio(pooled * sizes[0][used][:, None], pooled.sum(axis=1, keepdims=True)).sum(axis=0)
    weight = ratio(sizes[0][used] * sizes[1][used], pooled.sum(axis=1)).sum()
    measures: dict[str, Any] = {}
    for name, scores in SCORES.items():
        above = float((ours.sum(axis=0) - expected) @ scores)
        measures[name] = {"matched": above / weight, "p": two_sided((drawn - expected) @ scores, above)}
    measures["targeted_ratio"] = {"matched": None, "p": _ratio_p(ours.sum(axis=0), drawn, pooled.sum(axis=0))}
    return found | {"measures": {name: measures[name] for name in MEASURES}}


def _ratio_p(ours: np.ndarray, drawn: np.ndarray, total: np.ndarray) -> float | None:
    name = "targeted_ratio"
    observed = float(measure(ours)[name] - measure(total - ours)[name])
    if np.isnan(observed):
        return None
    permuted = measure(drawn)[name] - measure(total - drawn)[name]
    return two_sided(np.where(np.isnan(permuted), np.inf, permuted), observed)


def direction_test(counts: np.ndarray, generator: np.random.Generator, resamples: int) -> dict[str, Any]:
    """Permute which direction a stimulus of one source was made for, within strata, testing that it is 0 to people.

    A stimulus whose direction is turned around is opposite where it was targeted. A stratum with one direction only
    carries no information and is not used.

    Parameters
    ----------
    counts
        int, (N, 2, 4): answers by stratum and direction.
    generator, resamples
        As for :func:`source_test`.

    Returns
    -------
    dict
        ``n`` stimuli of the strata used, ``strata`` and ``strata_used``; ``value``: the net directed success in the
        strata used, ``chance``: what unequal numbers of both directions make of it alone, 0 if they are equal;
        ``p``. None where not defined.
    """
    sizes = counts.sum(axis=2)
    used = (sizes > 0).all(axis=1)
    found: dict[str, Any] = {"strata": int((sizes.sum(axis=1) > 0).sum()), "strata_used": int(used.sum())}
    if not used.any():
        return {"n": 0, **found, "value": None, "chance": None, "p": None}
    counts, sizes = counts[used], sizes[used]
    # answers by which member named which digit: as the first direction wants it, as the second does, else
    answers = np.stack([_answered(counts[:, 0]), _answered(counts[:, 1])[:, [1, 0, 2]]], axis=1)
    pooled = answers.sum(axis=1)
    drawn = permuted_totals(pooled, sizes[:, 0], generator, resamples)
    # x of A answers and y of B answers fall to the first direction: x + (B − y) targeted, (A − x) + y opposite
    turned = np.array([2, -2, 0])
    constant = float(pooled.sum(axis=0) @ np.array([1, -1, 0]))
    expected = float((ratio(pooled * sizes[:, :1], pooled.sum(axis=1, keepdims=True)).sum(axis=0)) @ turned) - constant
    observed = float(answers[:, 0].sum(axis=0) @ turned) - constant
    n = int(sizes.sum())
    p = two_sided(drawn @ turned - constant - expected, observed - expected)
    return {"n": n, **found, "value": observed / n, "chance": expected / n, "p": p}


def _answered(cells: np.ndarray) -> np.ndarray:
    return np.column_stack([cells[:, 0], cells[:, 1], cells[:, 2] + cells[:, 3]])


def permuted_totals(
    pooled: np.ndarray, sizes: np.ndarray, generator: np.random.Generator, resamples: int
) -> np.ndarray:
    """Deal each stratum's answers out at random, and sum what falls to the first hand over strata.

    Parameters
    ----------
    pooled
        int, (N, C): answers of each stratum by kind.
    sizes
        int, (N,): how many fall to the first hand.
    generator
        Of the draws.
    resamples
        Number of draws.

    Returns
    -------
    numpy.ndarray
        int64, (resamples, C).
    """
    totals = np.empty((resamples, pooled.shape[1]), dtype=np.int64)
    wanted = np.broadcast_to(sizes, (resamples, len(sizes)))
    rest = pooled.sum(axis=1)
    for kind in range(pooled.shape[1] - 1):
        rest = rest - pooled[:, kind]
        drawn = generator.hypergeometric(pooled[:, kind], rest, wanted)
        totals[:, kind] = drawn.sum(axis=1)
        wanted = wanted - drawn
    totals[:, -1] = wanted.sum(axis=1)
    return totals


def two_sided(permuted: np.ndarray, observed: float) -> float:
    """Return (1 + #{|d*| ≥ |d|}) / (1 + number of permutations)."""
    extreme = int((np.abs(permuted) >= abs(observed) - _ROUNDING).sum())
    return (1 + extreme) / (1 + len(permuted))
