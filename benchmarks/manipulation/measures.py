"""Net directed success and what it is compared with; intervals over pairs of people, who are disjoint."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.compute.seeds import numpy_generator

RESAMPLES = 4000


def estimate(tables: list[pd.DataFrame], column: str, pairs: list[str], kind: str) -> dict[str, float | int | None]:
    """Estimate a mean, a difference of means, or a ratio of sums of a column between two tables.

    Parameters
    ----------
    tables
        One for a mean, two for a ``difference`` or a ``ratio``; with ``pair_id``.
    column
        What is averaged.
    pairs
        All pairs; they are resampled, whether or not a table has stimuli of them.
    kind
        mean, difference or ratio (of means). None where a table is empty.
    """
    sums = [_sums(table, column, pairs) for table in tables]
    draws = numpy_generator(0, "bench/manipulation", kind).integers(len(pairs), size=(RESAMPLES, len(pairs)))
    value = _combine([one.sum(axis=0) for one in sums], kind)
    spread = _combine([one[draws].sum(axis=1).T for one in sums], kind)
    known = spread[np.isfinite(spread)]
    numbers = [None] * 3 if np.isnan(value) else [float(value), *np.quantile(known, [0.025, 0.975]).tolist()]
    return {**dict(zip(("value", "low", "high"), numbers, strict=True)), "n": int(sums[0][:, 1].sum())}


def _sums(table: pd.DataFrame, column: str, pairs: list[str]) -> np.ndarray:
    grouped = table.groupby("pair_id")[column].agg(["sum", "size"]).reindex(pairs, fill_value=0)
    return grouped.to_numpy(dtype=np.float64)


def _combine(sums: list[np.ndarray], kind: str) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [total / number for total, number in sums]
        if kind == "mean":
            return means[0]
        return means[0] - means[1] if kind == "difference" else means[0] / means[1]


def balanced(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the digit pairs of a pair of people that have a stimulus of each direction."""
    keys = [table["pair_id"], table[["target_1", "target_2"]].min(axis=1), table[["target_1", "target_2"]].max(axis=1)]
    return table[table.groupby(keys)["target_1"].transform("nunique") == 2]


def same_digit_pairs(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Keep the stimuli of ``other`` that are of a pair of people and a digit pair that ``table`` has."""
    return other[_strata(other).isin(set(_strata(table)))]


def _strata(table: pd.DataFrame) -> pd.Series:
    targets = table[["target_1", "target_2"]]
    return table["pair_id"] + " " + targets.min(axis=1).astype(str) + " " + targets.max(axis=1).astype(str)


def describe(chosen: dict[str, pd.DataFrame], column: str, pairs: list[str]) -> dict[str, Any]:
    """Return N by source, and the customised stimuli's less each control's, for the same people and digit pairs."""
    ours = chosen["individual"]
    controls = {name: same_digit_pairs(ours, table) for name, table in chosen.items() if name != "individual"}
    return {
        "net_directed_success": {
            name: estimate([table], column, pairs, "mean") for name, table in {"individual": ours, **controls}.items()
        },
        "difference": {name: estimate([ours, table], column, pairs, "difference") for name, table in controls.items()},
    }
