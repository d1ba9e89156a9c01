"""Nodes of the reporting stage."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.adaptive.state import answers_name
from bam_pipelines.analysis import figures
from bam_pipelines.analysis.entropy import is_simulated
from bam_pipelines.analysis.outcomes import guidance_outcomes, guidance_summary, guided, target_counts
from bam_pipelines.analysis.report import build_report
from bam_pipelines.analysis.report_content import MANIPULATION_OF_OTHERS, ReportSettings, report_content
from bam_pipelines.analysis.same_answers import are_choices_of, are_entropies_of
from bam_pipelines.analysis.shrinkage import true_outcomes
from bam_pipelines.compute.faults import InputError


def describe_guidance(trials: pd.DataFrame, trial_stimuli: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Name the outcome of every stimulus with two targets that people answered."""
    return guidance_outcomes(trials, trial_stimuli, len(classes))


def summarise_guidance(outcomes: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Summarise guidance outcomes, and those of the images' true probabilities."""
    made = guided(outcomes)
    return guidance_summary(made) | {"true_outcomes": true_outcomes(target_counts(made), seed)}


def draw_guidance(
    outcomes: pd.DataFrame, trial_stimuli: pd.DataFrame, trials: pd.DataFrame, classes: list[str]
) -> Figure:
    """Draw the figure after the paper's 4."""
    return figures.figure_guidance(guided(outcomes), trial_stimuli, classes, is_simulated(trials))


def draw_alignment(
    metrics: pd.DataFrame,
    entropies: pd.DataFrame,
    quality: dict[str, Any],
    trials: pd.DataFrame,
    focus: str,
    classes: list[str],
) -> Figure:
    """Draw the figure after the paper's 5."""
    _require_alignment_of(trials, entropies, classes)
    return figures.figure_alignment(metrics, entropies, quality, focus, is_simulated(trials))


def _require_alignment_of(trials: pd.DataFrame, entropies: pd.DataFrame, classes: list[str]) -> None:
    if not are_entropies_of(entropies, trials, len(classes)):
        raise InputError(
            "the newest alignment is of other answers than the newest trials; run "
            "`kedro run --pipelines alignment,reporting` with the --env and --params of the answers."
        )


def draw_individuals(
    swaps: pd.DataFrame,
    entropies: pd.DataFrame,
    summary: dict[str, dict[str, Any]],
    trials: pd.DataFrame,
    focus: str,
    classes: list[str],
) -> Figure:
    """Draw what is individual."""
    _require_alignment_of(trials, entropies, classes)
    return figures.figure_individuals(swaps, summary, focus, is_simulated(trials))


def draw_differences(
    curve: pd.DataFrame,
    places: pd.DataFrame,
    clusters: dict[str, Any],
    entropies: pd.DataFrame,
    trials: pd.DataFrame,
    classes: list[str],
) -> Figure:
    """Draw how people differ."""
    _require_alignment_of(trials, entropies, classes)
    return figures.figure_differences(curve, places, clusters, is_simulated(trials))


def draw_manipulation(outcomes: pd.DataFrame, summary: dict[str, Any], trials: pd.DataFrame) -> Figure:
    """Draw the figure after the paper's 6, or say that its answers are others."""
    if not are_choices_of(outcomes, trials):
        return figures.empty_figure("Manipulation of pairs", MANIPULATION_OF_OTHERS)
    return figures.figure_manipulation(outcomes, summary, is_simulated(trials))


def draw_dose(rates: pd.DataFrame, outcomes: pd.DataFrame, trials: pd.DataFrame) -> Figure:
    """Draw what stimuli do by the margin that they were made with, or say that the answers are others."""
    if not are_choices_of(outcomes, trials):
        return figures.empty_figure("Dose and response", MANIPULATION_OF_OTHERS)
    return figures.figure_dose(rates, is_simulated(trials))


def write_report(
    run_identity: dict[str, Any],
    trials: pd.DataFrame,
    outcomes: pd.DataFrame,
    seed: int,
    options: dict[str, Any],
    loop_metrics: pd.DataFrame | None,
    **results: Any,  # noqa: ANN401  tables, summaries and pictures, by their catalog names
) -> str:
    """Write the report as one HTML page."""
    results["loop_figure"] = results["loop_figure"] if _is_loop_of(loop_metrics, trials) else None
    settings = ReportSettings(
        seed=seed,
        resamples=options["resamples"],
        classes=list(options["classes"]),
        gallery_size=options["gallery_size"],
        people_shown=options["people_shown"],
    )
    return build_report(report_content(results, trials, outcomes, run_identity | {"seed": seed}, settings))


def _is_loop_of(metrics: pd.DataFrame | None, trials: pd.DataFrame) -> bool:
    """Tell whether a loop was run that began with these answers."""
    return metrics is not None and set(metrics["first_answers"]) == {answers_name(trials)}
