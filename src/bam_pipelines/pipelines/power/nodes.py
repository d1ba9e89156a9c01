"""Nodes of the power stage."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.analysis import figures
from bam_pipelines.analysis.entropy import is_simulated
from bam_pipelines.analysis.power import measured_answering, power_settings, power_summary, power_table


def find_power(outcomes: pd.DataFrame, options: dict[str, Any], seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Measure how pairs answer, and simulate second rounds of several sizes in which they do."""
    settings = power_settings(options)
    measured = measured_answering(outcomes, settings)
    table = power_table(measured, settings, seed)
    return table, power_summary(table, measured, settings)


def draw_power(table: pd.DataFrame, summary: dict[str, Any], trials: pd.DataFrame) -> Figure:
    """Draw power by size and effect."""
    return figures.figure_power(table, summary, is_simulated(trials))
