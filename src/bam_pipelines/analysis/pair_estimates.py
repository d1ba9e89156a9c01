"""Rates of pairs' answers at every level, and estimates that few answers are pulled together for."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.crossed_counts import CrossedCounts, crossed_counts
from bam_pipelines.analysis.pair_intervals import crossed_interval, net_interval
from bam_pipelines.analysis.pair_measures import MEASURES, NET, SCORES, measure
from bam_pipelines.analysis.shrinkage import shrunken_shares

RATE_COLUMNS = ["level", "key", "source", "margin", "n", *MEASURES, "low", "high", "success_low", "success_high"]
# what is estimated: answers that count, of which answers
_SHARES = {"success": ([0, 1], [0, 1, 2, 3]), "targeted_ratio": ([0], [0, 1])}


def rates_table(outcomes: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return the measures by source, pair, digit pair and dose.

    Parameters
    ----------
    outcomes
        Pair table, at least one row.
    confidence
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    pandas.DataFrame
        ``level`` (source, pair, digit_pair or dose), ``key`` (the source, the pair's id, ``o1-o2`` with the lower digit
        first, the margin), ``source``, ``margin`` (nats, null unless a dose), ``n``, the measures, null where not
        defined, and ``low`` and ``high`` of the net directed success. For sources and doses that is over groups of
        people and digit pairs, null with a single group, and ``success_low`` and ``success_high`` are given too; for
        pairs and digit pairs it is over the stimuli of that cell.
    """
    crossed = crossed_counts(outcomes)
    rows = [
        row
        for source, counts in zip(crossed.sources, crossed.counts.sum(axis=4), strict=True)
        for row in (
            _row("source", source, source, np.nan, counts.sum(axis=2), crossed, confidence),
            *_doses(source, counts, crossed, confidence),
        )
    ]
    cells = crossed.counts.sum(axis=4)
    tables = [
        _levels("pair", list(crossed.pairs), crossed.sources, cells.sum(axis=(2, 3)), confidence),
        _levels(
            "digit_pair",
            [f"{a}-{b}" for a, b in crossed.digit_pairs],
            crossed.sources,
            cells.sum(axis=(1, 3)),
            confidence,
        ),
    ]
    table = pd.concat([pd.DataFrame(rows).astype({"margin": "float64"}), *tables], ignore_index=True)
    kinds = {name: "Float64" for name in RATE_COLUMNS[5:]} | {"margin": "Float64", "n": "int64"}
    return table[table["n"] > 0].reset_index(drop=True)[RATE_COLUMNS].astype(kinds)


def _row(
    level: str,
    key: str,
    source: str,
    margin: float,
    counts: np.ndarray,
    crossed: CrossedCounts,
    confidence: float,
) -> dict[str, Any]:
    grouped = crossed.by_group(counts)
    net, success = (
        crossed_interval(grouped @ SCORES[name], grouped.sum(axis=-1), confidence) for name in (NET, "success")
    )
    described = {"level": level, "key": key, "source": source, "margin": margin, "n": int(counts.sum())}
    ends = {"low": net["low"], "high": net["high"], "success_low": success["low"], "success_high": success["high"]}
    return described | {name: float(value) for name, value in measure(counts.sum(axis=(0, 1))).items()} | ends


def _doses(source: str, counts: np.ndarray, crossed: CrossedCounts, confidence: float) -> list[dict[str, Any]]:
    return [
        _row("dose", f"{margin:g}", source, margin, counts[:, :, place], crossed, confidence)
        for place, margin in enumerate(crossed.margins)
        if place and counts[:, :, place].any()
    ]


def _levels(
    level: str, keys: list[str], sources: tuple[str, ...], counts: np.ndarray, confidence: float
) -> pd.DataFrame:
    low, high = net_interval(counts, confidence)
    values = {name: found.ravel() for name, found in measure(counts).items()}
    names = {"source": np.repeat(list(sources), len(keys)), "key": np.tile(keys, len(sources))}
    table = pd.DataFrame({"level": level, **names, "n": counts.sum(axis=-1).ravel(), **values})
    return table.assign(low=low.ravel(), high=high.ravel(), margin=np.nan, success_low=np.nan, success_high=np.nan)


def pair_estimates(outcomes: pd.DataFrame, confidence: float = 0.95) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Estimate each pair's success and targeted ratio by beta-binomial models over pairs, one a source.

    Parameters
    ----------
    outcomes
        Pair table, at least one row.
    confidence
        Coverage of the intervals, 0 to 1.

    Returns
    -------
    estimates
        ``source``, ``measure`` (success or targeted_ratio), ``pair_id``, ``n``, ``count``, ``share`` (count / n),
        ``estimate``, ``low`` and ``high``; null where not defined.
    populations
        Source to measure to ``mean`` and ``concentration`` over pairs, None where all pairs' answers are of one kind.
    """
    crossed = crossed_counts(outcomes)
    tables: list[pd.DataFrame] = []
    populations: dict[str, Any] = {}
    for source, counts in zip(crossed.sources, crossed.counts.sum(axis=(2, 3, 4)), strict=True):
        shown = counts.sum(axis=1) > 0
        names, counts = np.array(crossed.pairs)[shown], counts[shown]
        populations[source] = {}
        for name, (kinds, among) in _SHARES.items():
            count, n = counts[:, kinds].sum(axis=1), counts[:, among].sum(axis=1)
            population, found = shrunken_shares(count, n, confidence)
            populations[source][name] = {
                "mean": None if population is None else float(population.mean[0]),
                "concentration": None if population is None else population.concentration,
            }
            share = np.divide(count, n, out=np.full(len(n), np.nan), where=n > 0)
            columns = {"source": source, "measure": name, "pair_id": names, "n": n, "count": count, "share": share}
            tables.append(pd.DataFrame(columns | found))
    table = pd.concat(tables, ignore_index=True)
    return table.astype({name: "Float64" for name in ("share", "estimate", "low", "high")}), populations
