"""Whole stimulus sets: joined, counted, described."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bam_pipelines.compute.faults import InputError


def joined_stimuli(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join stimulus tables and drop images that repeat an earlier one.

    Raises
    ------
    ValueError
        If none of them holds a stimulus.
    """
    filled = [table for table in tables if not table.empty]
    if not filled:
        raise InputError("no proposal was accepted; raise the sampler's steps, or lower what acceptance asks for.")
    return pd.concat(filled, ignore_index=True).drop_duplicates("stimulus_id", ignore_index=True)


def acceptance_metrics(stimuli: pd.DataFrame, acceptance: pd.DataFrame, by: str = "strategy") -> dict[str, Any]:
    """Return counts, acceptance rates and boundary gaps by strategy, or by another column of both tables.

    Parameters
    ----------
    stimuli, acceptance
        As :func:`sample_stimuli` gives them.
    by
        ``strategy`` or ``source``.

    Returns
    -------
    dict
        For each strategy ``stimuli``, ``proposals``, ``acceptance_rate``, ``unfilled_cells``, ``judge_score_median``
        and, for uncertainty, ``gap_median`` and ``gap_q95``: quantiles of |p(o1) − p(o2)| on the uint8 images. A
        strategy without stimuli has null for them.
    """
    metrics: dict[str, Any] = {"stimuli": len(stimuli)}
    for name, cells in acceptance.groupby(by):
        chosen = stimuli[stimuli[by] == name]
        accepted, proposals = int(cells["accepted"].sum()), int(cells["proposals"].sum())
        metrics[str(name)] = {
            "stimuli": len(chosen),
            "proposals": proposals,
            "acceptance_rate": accepted / proposals,
            "unfilled_cells": int((cells["accepted"] < cells["quota"]).sum()),
            "judge_score_median": _quantile(chosen["judge_score"], 0.5),
        }
        if set(cells["strategy"]) == {"uncertainty"}:
            gap = (chosen["p1_target_1"] - chosen["p1_target_2"]).abs()
            metrics[str(name)] |= {"gap_median": _quantile(gap, 0.5), "gap_q95": _quantile(gap, 0.95)}
    return metrics


def _quantile(values: pd.Series, share: float) -> float | None:
    return None if values.empty else float(values.quantile(share))
