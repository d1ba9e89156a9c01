"""Nodes of the manipulation stage."""

from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.alignment.hierarchical import HierarchicalSettings, fit_hierarchical
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.model_distance import model_distances
from bam_pipelines.alignment.pairs import all_pairs, different_pairs, given_pairs, group_pairs
from bam_pipelines.alignment.trial_data import trial_data
from bam_pipelines.analysis.gallery import stimulus_gallery
from bam_pipelines.analysis.judge_quality import judge_scores
from bam_pipelines.analysis.pair_estimates import pair_estimates
from bam_pipelines.analysis.pair_tests import CUSTOMISED, pair_summary
from bam_pipelines.analysis.pairs import complete_pairs, pair_outcomes
from bam_pipelines.analysis.rates import rates_table
from bam_pipelines.analysis.source_naturalness import source_naturalness
from bam_pipelines.analysis.stable_disagreement import stable_disagreement
from bam_pipelines.behavior.schemas import validate_pairs, validate_stimuli
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.compute.device import resolve_compute, torch_threads
from bam_pipelines.guidance.methods import Method, UnguidedMethod, build_method
from bam_pipelines.guidance.sampling import SamplingPlan, sample_stimuli
from bam_pipelines.guidance.stimulus_sets import acceptance_metrics, joined_stimuli
from bam_pipelines.guidance.warm_start import table_digits
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.pipelines.manipulation.designs import UNGUIDED, Design, build_designs
from bam_pipelines.pipelines.manipulation.settings import ManipulationSettings, manipulation_settings
from bam_pipelines.pipelines.places import working_folder


def choose_pairs(
    options: dict[str, Any], seed: int, trial_stimuli: pd.DataFrame, **individuals: IndividualModels
) -> pd.DataFrame:
    """Pair participants who have a model of the guiding classifier."""
    settings = manipulation_settings(options)
    models = individuals[settings.classifier]
    people, chosen, size = models.participant_ids, settings.pairs, (settings.n_groups, settings.group_size)
    if chosen == "random":
        return group_pairs(people, *size, seed)
    if chosen == "different":
        return different_pairs(people, model_distances(models, table_images(trial_stimuli)), *size)
    if chosen == "all":
        return all_pairs(people)
    return given_pairs(chosen, people)


def sample_customised_stimuli(
    pairs: pd.DataFrame,
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    prior: TrainedNetwork,
    judge: TrainedNetwork,
    digits: pd.DataFrame,
    options: dict[str, Any],
    bias_options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
    **models: IndividualModels | TrainedNetwork,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sample stimuli between the two individual models of each pair, and their controls."""
    settings = manipulation_settings(options)
    individuals, group = _models(settings.classifier, models)
    resources = resolve_compute(compute)
    biases = None
    if "bias_only" in settings.controls:
        data = trial_data(trials, trial_stimuli, group.specification.arguments["n_classes"])
        people = sorted({*pairs["participant_1"], *pairs["participant_2"]})
        alone = replace(read_settings(HierarchicalSettings, "alignment.hierarchical", bias_options), rank=0)
        with torch_threads(resources.threads):
            biases = fit_hierarchical(group, data, people, alone, seed).models
    begin = table_digits(digits)
    guided, unguided = build_method(settings, begin), UnguidedMethod(settings.fast, begin)
    working = working_folder(compute, "sample_customised_stimuli")
    sampled = [
        sample_stimuli(
            design.cells,
            design.networks,
            prior,
            judge,
            _plan(unguided if design.source == UNGUIDED else guided, design, settings, seed),
            resources,
            working,
        )
        for design in build_designs(pairs, individuals, biases, group, settings, seed)
    ]
    stimuli, acceptance = zip(*sampled, strict=True)
    return validate_stimuli(joined_stimuli(stimuli)), pd.concat(acceptance, ignore_index=True)


def _models(
    classifier: str, models: dict[str, IndividualModels | TrainedNetwork]
) -> tuple[IndividualModels, TrainedNetwork]:
    individuals, group = models[f"individual_{classifier}"], models[f"group_{classifier}"]
    if not isinstance(individuals, IndividualModels) or not isinstance(group, TrainedNetwork):
        raise TypeError(f"individual_{classifier} and group_{classifier} are no individual models and GroupNet.")
    return individuals, group


def _plan(method: Method, design: Design, settings: ManipulationSettings, seed: int) -> SamplingPlan:
    proposals, batch = settings.max_proposals, settings.batch_size
    directed = design.rule.margin is not None
    # images of two margins that began with the same noise would be nearly the same
    stage = f"manipulation/{design.rule.margin}" if directed else "manipulation"
    candidates = settings.candidates if directed else 1
    return SamplingPlan(method, design.rule, proposals, batch, design.source, seed, stage, candidates)


def describe_customised_stimuli(
    stimuli: pd.DataFrame, acceptance: pd.DataFrame, options: dict[str, Any], classes: list[str] | None = None
) -> tuple[dict[str, Any], Figure]:
    """Count what was accepted of each source, and show what was made for people."""
    made = stimuli[stimuli["source"] == CUSTOMISED]
    size = manipulation_settings(options).gallery_size
    gallery = stimulus_gallery(stimuli if made.empty else made, size, classes)
    return acceptance_metrics(stimuli, acceptance, "source"), gallery


def analyse_pairs(
    pairs: pd.DataFrame, seed: int, resamples: int, **tables: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Compare first-round stimuli, customised ones and their controls before each pair."""
    trials = pd.concat([tables["first_trials"], tables["second_trials"]], ignore_index=True)
    # catch digits may be shown in both rounds
    stimuli = pd.concat([tables["first_stimuli"], tables["second_stimuli"]], ignore_index=True)
    complete, left_out = complete_pairs(trials, pairs)
    outcomes = pair_outcomes(trials, stimuli.drop_duplicates("stimulus_id", ignore_index=True), complete)
    # unguided stimuli of the first round are not those made for a pair, and bear the same name
    outcomes = outcomes[(outcomes["round"] != 1) | (outcomes["source"] != UNGUIDED)].reset_index(drop=True)
    estimates, populations = pair_estimates(outcomes)
    summary = pair_summary(outcomes, seed, resamples) | {
        "stable_disagreement": stable_disagreement(trials, outcomes),
        "populations": populations,
        "left_out": left_out,
    }
    return validate_pairs(outcomes), summary, rates_table(outcomes), estimates


def judge_pairs_stimuli(
    outcomes: pd.DataFrame,
    stimuli: pd.DataFrame,
    judge: TrainedNetwork,
    options: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, Any]:
    """Measure how natural the stimuli of each source are to a judge that guided none of them."""
    shown = outcomes[outcomes["round"] > 1].reset_index(drop=True)
    images = table_images(stimuli.set_index("stimulus_id").loc[shown["stimulus_id"]].reset_index())
    with torch_threads(resolve_compute(compute).threads):
        scores = judge_scores(judge.network, images).numpy()
    settings = manipulation_settings(options)
    return source_naturalness(shown, scores, settings.judge_threshold)
