"""Nodes of the sampling stage."""

from itertools import combinations
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.analysis.gallery import stimulus_gallery
from bam_pipelines.behavior.schemas import validate_stimuli
from bam_pipelines.compute.device import resolve_compute
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import Cell, controversial_cells, uncertainty_cells
from bam_pipelines.guidance.objectives import Strategy
from bam_pipelines.guidance.sampler import SamplerSettings
from bam_pipelines.guidance.sampling import SamplingPlan, acceptance_metrics, joined_stimuli, sample_stimuli
from bam_pipelines.networks.checkpoints import TrainedNetwork


def sample_boundary_stimuli(
    prior: TrainedNetwork,
    judge: TrainedNetwork,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
    **classifiers: TrainedNetwork,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sample both strategies' stimuli for all classifiers, each pair of classifiers, and the digit pairs of conf."""
    n_classes = next(iter(classifiers.values())).specification.arguments["n_classes"]
    networks = {name: trained.network for name, trained in classifiers.items()}
    sampled = [
        sample_stimuli(cells, networks, prior, judge.network, _plan(options, strategy, seed), resolve_compute(compute))
        for strategy, cells in _cells(options, list(classifiers), n_classes, seed).items()
    ]
    stimuli, acceptance = zip(*sampled, strict=True)
    return validate_stimuli(joined_stimuli(stimuli)), pd.concat(acceptance, ignore_index=True)


def _cells(options: dict[str, Any], names: list[str], n_classes: int, seed: int) -> dict[Strategy, list[Cell]]:
    uncertainty, controversial = options["uncertainty"], options["controversial"]
    pairs = list(combinations(names, 2))
    return {
        "uncertainty": uncertainty_cells(names, n_classes, uncertainty["digit_pairs"], uncertainty["quota"], seed),
        "controversial": controversial_cells(
            pairs, n_classes, controversial["digit_pairs"], controversial["quota"], seed
        ),
    }


def _plan(options: dict[str, Any], strategy: Strategy, seed: int) -> SamplingPlan:
    rule = AcceptanceRule(strategy, options[strategy]["probability"], None, options["judge_threshold"])
    return SamplingPlan(
        SamplerSettings(**options["sampler"]),
        rule,
        options["judge_weight"],
        options["max_proposals"],
        options["batch_size"],
        "base",
        seed,
        "sampling",
    )


def describe_stimuli(
    stimuli: pd.DataFrame, acceptance: pd.DataFrame, options: dict[str, Any]
) -> tuple[dict[str, Any], Figure]:
    """Count what was accepted and show it."""
    return acceptance_metrics(stimuli, acceptance), stimulus_gallery(stimuli, options["gallery_size"])
