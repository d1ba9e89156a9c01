"""Nodes of the manipulation stage."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.pairs import group_pairs
from bam_pipelines.analysis.gallery import stimulus_gallery
from bam_pipelines.analysis.pair_tests import pair_summary
from bam_pipelines.analysis.pairs import pair_outcomes
from bam_pipelines.behavior.schemas import validate_pairs, validate_stimuli
from bam_pipelines.compute.device import resolve_compute
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import balanced_cells
from bam_pipelines.guidance.methods import Method, build_method
from bam_pipelines.guidance.sampling import SamplingPlan, acceptance_metrics, joined_stimuli, sample_stimuli
from bam_pipelines.guidance.warm_start import table_digits
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.pipelines.places import working_folder


def choose_pairs(options: dict[str, Any], seed: int, **individuals: IndividualModels) -> pd.DataFrame:
    """Group the participants who have a model of the guiding classifier, and pair them within groups."""
    models = individuals[options["classifier"]]
    return group_pairs(models.participant_ids, options["n_groups"], options["group_size"], seed)


def sample_customised_stimuli(
    pairs: pd.DataFrame,
    prior: TrainedNetwork,
    judge: TrainedNetwork,
    digits: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
    **individuals: IndividualModels,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sample controversial stimuli between the two individual models of each pair."""
    classifier = options["classifier"]
    models = individuals[classifier]
    n_classes = models.specification.arguments["n_classes"]
    people = sorted({*pairs["participant_1"], *pairs["participant_2"]})
    networks = {f"{classifier}-{name}": TrainedNetwork(models.network(name), models.specification) for name in people}
    cells = [
        cell
        for row in pairs.itertuples()
        for cell in balanced_cells(
            (f"{classifier}-{row.participant_1}", f"{classifier}-{row.participant_2}"),
            n_classes,
            options["digit_pairs"],
            options["quota"],
            seed,
            row.pair_id,
        )
    ]
    plan = _plan(build_method(options, table_digits(digits)), options, seed)
    working = working_folder(compute, "sample_customised_stimuli")
    stimuli, acceptance = sample_stimuli(cells, networks, prior, judge, plan, resolve_compute(compute), working)
    return validate_stimuli(joined_stimuli([stimuli])), acceptance


def _plan(method: Method, options: dict[str, Any], seed: int) -> SamplingPlan:
    return SamplingPlan(
        method,
        AcceptanceRule("controversial", None, options["margin"], options["judge_threshold"]),
        options["max_proposals"],
        options["batch_size"],
        "individual",
        seed,
        "manipulation",
    )


def describe_customised_stimuli(
    stimuli: pd.DataFrame, acceptance: pd.DataFrame, options: dict[str, Any]
) -> tuple[dict[str, Any], Figure]:
    """Count what was accepted and show it."""
    return acceptance_metrics(stimuli, acceptance), stimulus_gallery(stimuli, options["gallery_size"])


def analyse_pairs(
    pairs: pd.DataFrame, seed: int, resamples: int, **tables: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Compare first-round and customised stimuli before each pair."""
    trials = pd.concat([tables["first_trials"], tables["second_trials"]], ignore_index=True)
    # catch digits may be shown in both rounds
    stimuli = pd.concat([tables["first_stimuli"], tables["second_stimuli"]], ignore_index=True)
    outcomes = pair_outcomes(trials, stimuli.drop_duplicates("stimulus_id", ignore_index=True), pairs)
    return validate_pairs(outcomes), pair_summary(outcomes, seed, resamples)
