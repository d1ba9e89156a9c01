"""Nodes of the alignment stage."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.alignment.baselines import score_baselines
from bam_pipelines.alignment.clusters import compare_clusters, describe_clusters
from bam_pipelines.alignment.evaluation import (
    cross_predictions,
    crossed_trials,
    evaluate_individuals,
    evaluate_shared,
    model_entropies,
    shown_images,
)
from bam_pipelines.alignment.fine_tuning import FineTuning, align_groups, align_individuals
from bam_pipelines.alignment.gain import gain_over_shared, individual_gain, swap_costs, swap_matrix
from bam_pipelines.alignment.hierarchical import HierarchicalSettings, fit_hierarchical_each
from bam_pipelines.alignment.individuals import IndividualModels, same_for_all
from bam_pipelines.alignment.learning_curve import learning_curve
from bam_pipelines.alignment.settings import AlignmentSettings, alignment_settings
from bam_pipelines.alignment.summary import gain_shares, mean_over_classifiers, summarise_alignment
from bam_pipelines.alignment.trial_data import TrialData, trial_data
from bam_pipelines.analysis.entropy import dirichlet_entropy, plugin_entropy, response_counts
from bam_pipelines.behavior.observers import as_observer, response_probabilities
from bam_pipelines.compute.device import resolve_compute
from bam_pipelines.compute.faults import InputError
from bam_pipelines.images.table import labelled_images, stored_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_probabilities
from bam_pipelines.networks.training import history_columns
from bam_pipelines.pipelines.places import working_folder

Fits = dict[str, tuple[IndividualModels, dict[str, Any]]]


def fine_tune_groups(
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
    **bases: TrainedNetwork,
) -> dict[str, Any]:
    """Fine-tune each classifier on everyone's training trials.

    Returns
    -------
    dict
        ``{name}``, GroupNet, and ``{name}_history`` of each classifier.
    """
    data = _data(next(iter(bases.values())), trials, trial_stimuli)
    working, settings = working_folder(compute, "align_groups"), alignment_settings(options).group
    aligned = align_groups(bases, data, stored_images(digits), settings, resolve_compute(compute), seed, working)
    made: dict[str, Any] = {}
    for name, (trained, fit) in aligned.items():
        made |= {name: trained, f"{name}_history": history_columns(fit)}
    return made


def fit_individuals(
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
    **groups: TrainedNetwork,
) -> dict[str, Any]:
    """Make a model of each participant with enough training trials from each classifier's GroupNet.

    Returns
    -------
    dict
        ``{name}``, individual models, and ``{name}_history`` of each classifier.
    """
    data = _data(next(iter(groups.values())), trials, trial_stimuli)
    settings = alignment_settings(options)
    people = _people(data, settings)
    if settings.method == "paper":
        fits = _fine_tuned(groups, data, people, digits, settings.paper, compute, seed)
    elif settings.method == "group":
        fits = {name: (same_for_all(group, people), {}) for name, group in groups.items()}
    else:
        fits = _hierarchical_fits(groups, data, people, settings.of_individuals, seed)
    made: dict[str, Any] = {}
    for name, (models, history) in fits.items():
        made |= {name: models, f"{name}_history": {**_counts(people, data), **history}}
    return made


def _fine_tuned(
    groups: dict[str, TrainedNetwork],
    data: TrialData,
    people: list[str],
    digits: pd.DataFrame,
    settings: FineTuning,
    compute: dict[str, Any],
    seed: int,
) -> Fits:
    working, resources = working_folder(compute, "align_individuals"), resolve_compute(compute)
    fits: Fits = {}
    for name, group in groups.items():
        models, epochs = align_individuals(
            group, data, stored_images(digits), people, settings, resources, seed, working
        )
        fits[name] = models, {"best_epoch": epochs}
    return fits


def _hierarchical_fits(
    groups: dict[str, TrainedNetwork], data: TrialData, people: list[str], settings: HierarchicalSettings, seed: int
) -> Fits:
    shards = [(group, data) for group in groups.values()]
    fits = fit_hierarchical_each(shards, people, settings, seed, "individual models")
    return {
        name: (fit.models, {"validation_log_loss": fit.validation_log_loss, "temperature": fit.temperature})
        for name, fit in zip(groups, fits, strict=True)
    }


def _counts(people: list[str], data: TrialData) -> dict[str, int]:
    """Say how many have a model, and how many answered too little for one."""
    return {"n_participants": len(people), "n_without_a_model": len(set(data.participant.tolist()) - set(people))}


def evaluate_classifier(
    name: str,
    base: TrainedNetwork,
    group: TrainedNetwork,
    individuals: IndividualModels,
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Score one classifier's models of all levels on test trials and test digits, and what is individual in them."""
    data = _data(base, trials, trial_stimuli)
    human = _human_entropies(trials, base.specification.arguments["n_classes"])
    test_digits = labelled_images(digits)
    shared = {"base": base.network, "group": group.network}
    entropy = human["human_entropy"]
    scores = {level: evaluate_shared(network, data, entropy, test_digits) for level, network in shared.items()}
    crossed, shown = cross_predictions(individuals, data), shown_images(individuals.participant_ids, data)
    scores["individual"] = evaluate_individuals(individuals, crossed, data, entropy, test_digits)
    metrics = pd.concat([pd.DataFrame(rows).assign(level=level) for level, rows in scores.items()])
    entropies = pd.concat([model_entropies(net, data, human).assign(level=level) for level, net in shared.items()])
    gains = {
        "individual_gain": individual_gain(crossed, seed, resamples),
        "gain_over_group": gain_over_shared(
            crossed, class_probabilities(group.network, data.images[shown]), seed, resamples
        ),
        "baselines": score_baselines(group, data, crossed, shown),
    }
    return _named(metrics, name), _named(entropies, name), _named(swap_matrix(crossed), name), gains


def _human_entropies(trials: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    counts = response_counts(trials, n_classes)
    bits = {
        "human_entropy": plugin_entropy(counts.to_numpy()),
        "human_entropy_smoothed": dirichlet_entropy(counts.to_numpy()),
    }
    return pd.DataFrame(bits, index=counts.index)


def study_differences(
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    options: dict[str, Any],
    seed: int,
    **groups: TrainedNetwork,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Fit hierarchical models of one classifier to all trials, to fewer and to halves: learning curve and clusters."""
    settings = alignment_settings(options)
    chosen, resamples = settings.differences, settings.resamples
    group = groups[chosen.classifier]
    data = _data(group, trials, trial_stimuli)
    people = _people(data, settings)

    def fit(parts: Sequence[TrialData]) -> list[IndividualModels]:
        fits = fit_hierarchical_each(
            [(group, part) for part in parts], people, settings.hierarchical, seed, "fewer trials"
        )
        return [one.models for one in fits]

    (models,), shared = fit([data]), class_probabilities(group.network, data.images)
    curve = learning_curve(fit, models, data, shared, chosen.trials, seed, resamples)
    clustering = describe_clusters(fit, models, data, chosen.clusters, seed, resamples)
    return curve, clustering.people, clustering.summary


def compare_with_truth(
    places: pd.DataFrame,
    summary: dict[str, dict[str, Any]],
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    truth: pd.DataFrame,
    observer: TrainedNetwork,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Compare clusters and individual gains with what the simulated participants really are."""
    front_end = as_observer(observer.network)
    data = trial_data(trials, trial_stimuli, front_end.head.out_features)
    people = places["participant_id"].to_list()
    others = sorted(set(people) - set(truth["participant_id"]))
    if others:
        raise InputError(
            f"participant {others[0]} is no simulated one: these answers are people's, so give the "
            "--params behavior.source=<source> with which they were read."
        )
    images = data.images[shown_images(people, data)]
    by_id = truth.set_index("participant_id", drop=False)
    likely = np.stack([response_probabilities(images, front_end, by_id.loc[name]) for name in people])
    gain = individual_gain(crossed_trials(people, likely, data), seed, resamples)
    return {**compare_clusters(places, truth, seed), "individual_gain": gain, "share_found": gain_shares(summary, gain)}


def collect_evaluations(
    **parts: pd.DataFrame | dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any], dict[str, Any]]:
    """Join the classifiers' tables and summarise them with their gains; parts are named ``{kind}_{classifier}``."""
    by_kind: dict[str, dict[str, Any]] = {}
    for key, part in parts.items():
        kind, _, name = key.partition("_")
        by_kind.setdefault(kind, {})[name] = part
    metrics, entropies, swaps = (
        pd.concat(by_kind[kind].values(), ignore_index=True) for kind in ("metrics", "entropies", "swaps")
    )
    summary = summarise_alignment(metrics, entropies, by_kind["gain"])
    costs = pd.concat([_named(swap_costs(part), name) for name, part in by_kind["swaps"].items()], ignore_index=True)
    swaps = swaps.astype({"classifier": "category"})  # a row for each two people and classifier
    return metrics, entropies, swaps, costs, summary, mean_over_classifiers(summary)


def _people(data: TrialData, settings: AlignmentSettings) -> list[str]:
    people = data.participants(settings.min_training_trials)
    if not people:
        raise InputError(
            f"no participant has {settings.min_training_trials} training trials, a validation and a test trial; "
            "lower alignment.min_training_trials."
        )
    return people


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.assign(classifier=name).reset_index(drop=True)


def _data(network: TrainedNetwork, trials: pd.DataFrame, trial_stimuli: pd.DataFrame) -> TrialData:
    return trial_data(trials, trial_stimuli, network.specification.arguments["n_classes"])
