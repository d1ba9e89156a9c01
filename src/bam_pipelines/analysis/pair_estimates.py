"""Each pair's success and targeted ratio, pulled towards all pairs' as far as its few answers ask for."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.crossed_counts import crossed_counts
from bam_pipelines.analysis.shrinkage import shrunken_shares

# what is estimated: answers that count, of which answers
_SHARES = {"success": ([0, 1], [0, 1, 2, 3]), "targeted_ratio": ([0], [0, 1])}


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
    return table.astype(dict.fromkeys(("share", "estimate", "low", "high"), "Float64")), populations
