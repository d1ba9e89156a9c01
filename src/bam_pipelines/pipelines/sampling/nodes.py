"""Nodes of the sampling stage."""

from itertools import combinations
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.analysis.gallery import stimulus_gallery
from bam_pipelines.behavior.schemas import validate_stimuli
from bam_pipelines.compute.device import resolve_compute
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import Cell, controversial_cells, uncertainty_cells, unguided_cells
from bam_pipelines.guidance.methods import Method, UnguidedMethod, build_method
from bam_pipelines.guidance.objectives import Strategy
from bam_pipelines.guidance.sampling import SamplingPlan, sample_stimuli
from bam_pipelines.guidance.settings import SamplingSettings, sampling_settings
from bam_pipelines.guidance.stimulus_sets import acceptance_metrics, joined_stimuli
from bam_pipelines.guidance.warm_start import table_digits
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.pipelines.places import working_folder

_STRATEGIES: tuple[Strategy, ...] = ("uncertainty", "controversial", "reference", "unguided")


def sample_boundary_stimuli(
    prior: TrainedNetwork,
    judge: TrainedNetwork,
    digits: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
    **classifiers: TrainedNetwork,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sample the stimuli of all strategies for all classifiers, each pair of them, and the digit pairs of conf."""
    n_classes = next(iter(classifiers.values())).specification.arguments["n_classes"]
    settings = sampling_settings(options)
    begin = table_digits(digits)
    guided = build_method(settings, begin, settings.reference.weight)
    unguided = UnguidedMethod(settings.fast, begin)
    working = working_folder(compute, "sample_stimuli")
    sampled = [
        sample_stimuli(
            cells,
            classifiers,
            prior,
            judge,
            _plan(unguided if strategy == "unguided" else guided, settings, strategy, seed),
            resolve_compute(compute),
            working,
        )
        for strategy, cells in _cells(settings, list(classifiers), n_classes, seed).items()
        if cells
    ]
    stimuli, acceptance = zip(*sampled, strict=True)
    return validate_stimuli(joined_stimuli(stimuli)), pd.concat(acceptance, ignore_index=True)


def _cells(settings: SamplingSettings, names: list[str], n_classes: int, seed: int) -> dict[Strategy, list[Cell]]:
    asked = {kind: (getattr(settings, kind).digit_pairs, getattr(settings, kind).quota) for kind in _STRATEGIES}
    pairs = list(combinations(names, 2))
    return {
        "uncertainty": uncertainty_cells(names, n_classes, *asked["uncertainty"], seed),
        "controversial": controversial_cells(pairs, n_classes, *asked["controversial"], seed),
        "reference": uncertainty_cells(names, n_classes, *asked["reference"], seed),
        "unguided": unguided_cells(n_classes, *asked["unguided"], seed),
    }


def _plan(method: Method, settings: SamplingSettings, strategy: Strategy, seed: int) -> SamplingPlan:
    probability = None if strategy == "unguided" else getattr(settings, strategy).probability
    rule = AcceptanceRule(strategy, probability, None, settings.judge_threshold)
    return SamplingPlan(
        method,
        rule,
        settings.max_proposals,
        settings.batch_size,
        "none" if strategy == "unguided" else "base",
        seed,
        "sampling",
    )


def describe_stimuli(
    stimuli: pd.DataFrame, acceptance: pd.DataFrame, options: dict[str, Any], classes: list[str] | None = None
) -> tuple[dict[str, Any], Figure]:
    """Count what was accepted and show it."""
    gallery = stimulus_gallery(stimuli, sampling_settings(options).gallery_size, classes)
    return acceptance_metrics(stimuli, acceptance), gallery
