"""Nodes of the reporting stage."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.analysis import figures
from bam_pipelines.analysis.entropy import is_simulated
from bam_pipelines.analysis.outcomes import guidance_outcomes, guidance_summary
from bam_pipelines.analysis.report import build_report
from bam_pipelines.analysis.report_content import report_content


def describe_guidance(trials: pd.DataFrame, trial_stimuli: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    """Name the guidance outcome of every stimulus that people answered."""
    return guidance_outcomes(trials, trial_stimuli, n_classes)


def summarise_guidance(outcomes: pd.DataFrame, seed: int, resamples: int) -> dict[str, Any]:
    """Summarise guidance outcomes with bootstrap intervals."""
    return guidance_summary(outcomes, seed, resamples)


def draw_guidance(outcomes: pd.DataFrame, trial_stimuli: pd.DataFrame, trials: pd.DataFrame, n_classes: int) -> Figure:
    """Draw the figure after the paper's 4."""
    return figures.figure_guidance(outcomes, trial_stimuli, n_classes, is_simulated(trials))


def draw_alignment(metrics: pd.DataFrame, entropies: pd.DataFrame, trials: pd.DataFrame, focus: str) -> Figure:
    """Draw the figure after the paper's 5."""
    return figures.figure_alignment(metrics, entropies, focus, is_simulated(trials))


def draw_individuals(
    swaps: pd.DataFrame, summary: dict[str, dict[str, Any]], trials: pd.DataFrame, focus: str
) -> Figure:
    """Draw what is individual."""
    return figures.figure_individuals(swaps, summary, focus, is_simulated(trials))


def draw_manipulation(outcomes: pd.DataFrame, summary: dict[str, Any], trials: pd.DataFrame) -> Figure:
    """Draw the figure after the paper's 6."""
    return figures.figure_manipulation(outcomes, summary, is_simulated(trials))


def write_report(
    run_identity: dict[str, Any],
    trials: pd.DataFrame,
    seed: int,
    gallery_size: int,
    **results: Any,  # noqa: ANN401  tables, summaries and pictures, by their catalog names
) -> str:
    """Write the report as one HTML page."""
    identity = run_identity | {"seed": seed}
    return build_report(report_content(results, identity, is_simulated(trials), gallery_size))
