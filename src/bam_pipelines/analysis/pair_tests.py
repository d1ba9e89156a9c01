"""How often pairs of participants split, in the direction meant, and whether customised stimuli do it more often."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.crossed_counts import KINDS, CrossedCounts, crossed_counts
from bam_pipelines.analysis.mixed_effects import source_odds
from bam_pipelines.analysis.multiple_tests import benjamini_hochberg, holm
from bam_pipelines.analysis.outcomes import Estimate, share_interval
from bam_pipelines.analysis.pair_groups import group_test
from bam_pipelines.analysis.pair_intervals import crossed_interval, matched_terms, net_interval
from bam_pipelines.analysis.pair_measures import MEASURES, NET, SCORES, measure, ratio
from bam_pipelines.analysis.pair_randomisation import direction_test, source_test
from bam_pipelines.analysis.resampling import Resampling

FIRST_ROUND = "base"
CUSTOMISED = "individual"
PRIMARY = "swapped"
# made for one direction; on all others a success can't go the way that it was meant to
DIRECTED = (CUSTOMISED, PRIMARY, "bias_only")


def pair_summary(outcomes: pd.DataFrame, seed: int, resamples: int = 2000, confidence: float = 0.95) -> dict[str, Any]:
    """Summarise a pair table by the source of the stimuli, and compare customised stimuli with each other source.

    The primary measure is the net directed success N = P(c1 = o1, c2 = o2) − P(c1 = o2, c2 = o1) over all stimuli; it
    is 0 without information about the individuals, however ambiguous the images. The primary endpoint is N of
    customised stimuli less that of those made for a swapped pair, its randomisation p value uncorrected. Holm's
    procedure corrects those of the other sources (by N where they have a direction, else by success), Benjamini and
    Hochberg's those of every other measure. The targeted ratio is the share of successes with c1 = o1 and c2 = o2;
    without a success it is not defined, and null here beside ``n_success`` 0.

    Parameters
    ----------
    outcomes
        Pair table, at least one row.
    seed
        The run's seed.
    resamples
        Number of permutations, and of patterns of signs of many groups.
    confidence
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    dict
        ``sources``: source to ``n``, ``n_pairs``, ``n_success`` and an
        :class:`~bam_pipelines.analysis.outcomes.Estimate` for each measure, whose interval speaks of more such stimuli
        before such pairs as these, not of other people.
        ``difference``: measure to ``value`` (customised less first round, over all stimuli) and, from
        :func:`~bam_pipelines.analysis.pair_randomisation.source_test`, ``matched`` and ``p``; all null where a source
        is absent or the measure not defined. First-round stimuli are matched by pair alone, others by digit pair too.
        ``contrasts``: the same for each other source.
        ``directions``: N of each directed source by itself, a
        :func:`~bam_pipelines.analysis.pair_randomisation.direction_test`, with ``interval`` over groups and digit pairs
        and ``people``, a :func:`~bam_pipelines.analysis.pair_groups.group_test`.
        ``comparisons``: each other source to ``measure``; ``value`` (within strata), ``low`` and ``high`` over groups
        and digit pairs; ``p``, ``family`` (``primary`` or ``holm``) and ``p_holm``; ``strata`` and ``strata_used``;
        ``people``, the group test of the same differences; ``odds_ratio`` of a targeted success.
        ``exploratory``: source to measure to ``p`` and ``p_fdr``.
        ``mixed_effects``: see :func:`~bam_pipelines.analysis.mixed_effects.source_odds`.
        ``groups``: number of groups of pairs that share people.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    how = Resampling(seed, resamples, confidence)
    crossed = crossed_counts(outcomes)
    others = [source for source in crossed.sources if source != CUSTOMISED]
    odds = source_odds(crossed.counts.sum(axis=(3, 4)), crossed.groups, crossed.sources, CUSTOMISED, confidence)
    tests = {source: _difference(crossed, source, how) for source in {FIRST_ROUND, *others}}
    return {
        "sources": {source: describe_source(crossed.of(source), confidence) for source in crossed.sources},
        "difference": tests[FIRST_ROUND]["measures"],
        "contrasts": {source: tests[source]["measures"] for source in others if source != FIRST_ROUND},
        "directions": {source: _direction(crossed, source, how) for source in crossed.sources if source in DIRECTED},
        "comparisons": _comparisons(crossed, others, tests, odds, how),
        "exploratory": _exploratory({source: tests[source]["measures"] for source in others}),
        "mixed_effects": odds,
        "groups": crossed.n_groups,
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
    crossed = crossed_counts(outcomes)
    counts = crossed.counts.sum(axis=(2, 3, 4))
    index = pd.MultiIndex.from_product([crossed.sources, crossed.pairs], names=["source", "pair_id"])
    table = pd.DataFrame(counts.reshape(-1, len(KINDS)), index=index, columns=list(KINDS))
    return table[table.sum(axis=1) > 0]


def pair_rates(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of each pair and source.

    Parameters
    ----------
    outcomes
        Pair table.

    Returns
    -------
    pandas.DataFrame
        ``source``, ``pair_id``, ``n`` and a column for each of
        :data:`~bam_pipelines.analysis.pair_measures.MEASURES`; ``targeted_ratio`` is NaN for a pair without a success.
    """
    counts = pair_counts(outcomes)
    measures = pd.DataFrame(measure(counts.to_numpy()), index=counts.index)
    return measures.assign(n=counts.sum(axis=1)).reset_index()


def compared_by(source: str) -> str:
    """Name the measure by which customised stimuli are compared with a source."""
    return NET if source in DIRECTED else "success"


def describe_source(counts: np.ndarray, confidence: float) -> dict[str, Any]:
    """Describe one source.

    Parameters
    ----------
    counts
        int, (P, Q, M, 2, 4), see :class:`~bam_pipelines.analysis.crossed_counts.CrossedCounts`.
    confidence
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    dict
        As ``sources`` of :func:`pair_summary`.
    """
    cells = counts.sum(axis=(0, 1, 2, 3))
    n, success = int(cells.sum()), int(cells[:2].sum())
    ends = {name: share_interval(cells @ scores, n, confidence) for name, scores in SCORES.items() if name != NET}
    ends |= {NET: net_interval(cells, confidence), "targeted_ratio": share_interval(cells[0], success, confidence)}
    values = measure(cells)
    estimates = {
        name: Estimate(value=None, low=None, high=None)
        if np.isnan(values[name])
        else Estimate(value=float(values[name]), low=float(ends[name][0]), high=float(ends[name][1]))
        for name in MEASURES
    }
    return {"n": n, "n_pairs": int(counts.any(axis=(1, 2, 3, 4)).sum()), "n_success": success, **estimates}


def _difference(crossed: CrossedCounts, other: str, how: Resampling) -> dict[str, Any]:
    if not {other, CUSTOMISED} <= set(crossed.sources):
        nothing = {name: {"value": None, "matched": None, "p": None} for name in MEASURES}
        return {"strata": 0, "strata_used": 0, "measures": nothing}
    ours, theirs = _matched(crossed, other)
    found = source_test(
        ours.reshape(-1, 4), theirs.reshape(-1, 4), how.generator("pair_permutation", other), how.resamples
    )
    first, second = (measure(crossed.of(source).sum(axis=(0, 1, 2, 3))) for source in (CUSTOMISED, other))
    plain = {name: float(first[name] - second[name]) for name in MEASURES}
    measures = {
        name: {"value": None if np.isnan(plain[name]) else plain[name], **found["measures"][name]} for name in MEASURES
    }
    return found | {"measures": measures}


def _matched(crossed: CrossedCounts, other: str) -> tuple[np.ndarray, np.ndarray]:
    return crossed.matched(CUSTOMISED, other, by_digits=other != FIRST_ROUND)


def _direction(crossed: CrossedCounts, source: str, how: Resampling) -> dict[str, Any]:
    counts = crossed.of(source)
    found = direction_test(counts.reshape(-1, 2, 4), how.generator("pair_directions", source), how.resamples)
    cells = counts.sum(axis=(2, 3))
    net, n = crossed.by_group(cells @ SCORES[NET]), crossed.by_group(cells.sum(axis=-1))
    return found | {
        "interval": crossed_interval(net, n, how.confidence),
        "people": group_test(
            ratio(net.sum(axis=1), n.sum(axis=1)), how.generator("people", source), how.resamples, how.confidence
        ),
    }


def _comparisons(
    crossed: CrossedCounts,
    others: list[str],
    tests: dict[str, Any],
    odds: dict[str, Any],
    how: Resampling,
) -> dict[str, dict[str, Any]]:
    if CUSTOMISED not in crossed.sources:
        return {}
    p_values = {source: tests[source]["measures"][compared_by(source)]["p"] for source in others}
    corrected = holm({source: p for source, p in p_values.items() if source != PRIMARY})
    return {
        source: {
            "measure": compared_by(source),
            **_effect(crossed, source, how),
            "p": p_values[source],
            "family": "primary" if source == PRIMARY else "holm",
            "p_holm": corrected.get(source),
            "strata": tests[source]["strata"],
            "strata_used": tests[source]["strata_used"],
            "odds_ratio": odds["sources"].get(source, {}).get("odds_ratio"),
        }
        for source in others
    }


def _effect(crossed: CrossedCounts, other: str, how: Resampling) -> dict[str, Any]:
    numerator, weight = (
        crossed.by_group(terms.sum(axis=2))
        for terms in matched_terms(*_matched(crossed, other), SCORES[compared_by(other)])
    )
    generator = how.generator("people", CUSTOMISED, other)
    return {
        **crossed_interval(numerator, weight, how.confidence),
        "people": group_test(
            ratio(numerator.sum(axis=1), weight.sum(axis=1)), generator, how.resamples, how.confidence
        ),
    }


def _exploratory(tests: dict[str, dict[str, dict[str, float | None]]]) -> dict[str, dict[str, dict[str, float | None]]]:
    p_values = {
        (source, name): test["p"]
        for source, measures in tests.items()
        for name, test in measures.items()
        if name != compared_by(source)
    }
    corrected = benjamini_hochberg(p_values)
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for (source, name), p in p_values.items():
        found.setdefault(source, {})[name] = {"p": p, "p_fdr": corrected[source, name]}
    return found
