"""The measures of pairs by source, pair, digit pair and dose, with counts and intervals."""

import numpy as np
import pandas as pd

from bam_pipelines.analysis.crossed_counts import CrossedCounts, crossed_counts
from bam_pipelines.analysis.outcomes import share_interval
from bam_pipelines.analysis.pair_intervals import crossed_interval, net_interval
from bam_pipelines.analysis.pair_measures import MEASURES, NET, SCORES, measure

_ENDS = ("low", "high", "success_low", "success_high")
RATE_COLUMNS = ["level", "key", "source", "margin", "n", *MEASURES, *_ENDS, "interval"]
# what an interval is over
PEOPLE, STIMULI = "people and digits", "stimuli"


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
        defined, ``low`` and ``high`` of the net directed success, ``success_low`` and ``success_high``, and
        ``interval``, what these are over: ``people and digits`` (groups of people and digit pairs) for sources and
        doses, ``stimuli`` (more such stimuli before the same people) elsewhere and where there is only one group.
    """
    crossed = crossed_counts(outcomes)
    tables = []
    for source, counts in zip(crossed.sources, crossed.counts.sum(axis=4), strict=True):
        doses = [place for place in range(1, len(crossed.margins)) if counts[:, :, place].any()]
        digit_pairs = [f"{low}-{high}" for low, high in crossed.digit_pairs]
        of_doses = np.moveaxis(counts[:, :, doses], 2, 0)
        levels = [
            _level("source", [source], counts.sum(axis=2)[None], crossed, confidence),
            _level("pair", list(crossed.pairs), counts.sum(axis=(1, 2)), None, confidence),
            _level("digit_pair", digit_pairs, counts.sum(axis=(0, 2)), None, confidence),
            _level("dose", [f"{crossed.margins[place]:g}" for place in doses], of_doses, crossed, confidence).assign(
                margin=[crossed.margins[place] for place in doses]
            ),
        ]
        tables += [level.assign(source=source) for level in levels if len(level)]
    table = pd.concat(tables, ignore_index=True)
    kinds = dict.fromkeys(("margin", *MEASURES, *_ENDS), "Float64")
    order = {level: place for place, level in enumerate(("source", "dose", "pair", "digit_pair"))}
    table = table[table["n"] > 0].sort_values("level", key=lambda levels: levels.map(order), kind="stable")
    return table[RATE_COLUMNS].reset_index(drop=True).astype({**kinds, "n": "int64"})


def _level(
    level: str, keys: list[str], counts: np.ndarray, crossed: CrossedCounts | None, confidence: float
) -> pd.DataFrame:
    """Describe cells, (N, 4); or (N, P, Q, 4) with the counts' groups, over which intervals then are."""
    cells = counts if crossed is None else counts.sum(axis=(1, 2))
    ends = [*net_interval(cells, confidence), *share_interval(cells[:, :2].sum(axis=1), cells.sum(axis=1), confidence)]
    over = STIMULI
    if crossed is not None and crossed.n_groups > 1:
        ends, over = _over_people(counts, crossed, confidence), PEOPLE
    columns = {"level": level, "key": keys, "margin": np.nan, "n": cells.sum(axis=1), **measure(cells)}
    return pd.DataFrame(columns | dict(zip(_ENDS, ends, strict=True)) | {"interval": over})


def _over_people(counts: np.ndarray, crossed: CrossedCounts, confidence: float) -> list[np.ndarray]:
    ends = []
    for part in counts:
        grouped = crossed.by_group(part)
        found = [
            crossed_interval(grouped @ SCORES[name], grouped.sum(axis=-1), confidence) for name in (NET, "success")
        ]
        ends.append([estimate[end] for estimate in found for end in ("low", "high")])
    return list(np.array(ends, dtype=np.float64).reshape(-1, len(_ENDS)).T)
