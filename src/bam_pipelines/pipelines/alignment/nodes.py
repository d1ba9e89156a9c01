"""Nodes of the alignment stage."""

from typing import Any

import pandas as pd

from bam_pipelines.alignment.evaluation import (
    cross_predictions,
    evaluate_individuals,
    evaluate_shared,
    model_entropies,
)
from bam_pipelines.alignment.fine_tuning import FineTuning, align_group, align_individuals
from bam_pipelines.alignment.gain import individual_gain, swap_matrix
from bam_pipelines.alignment.hierarchical import HierarchicalSettings, fit_hierarchical
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.summary import mean_over_classifiers, summarise_alignment
from bam_pipelines.alignment.trial_data import TrialData, trial_data
from bam_pipelines.analysis.entropy import plugin_entropy, response_counts
from bam_pipelines.compute.device import resolve_compute, torch_threads
from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.training import TrainingSettings, history_columns


def fine_tune_group(
    base: TrainedNetwork,
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> tuple[TrainedNetwork, dict[str, Any]]:
    """Fine-tune one classifier on everyone's training trials."""
    resources = resolve_compute(compute)
    data = _data(base, trials, trial_stimuli)
    with torch_threads(resources.threads):
        trained, fit = align_group(base, data, labelled_images(digits), _settings(options["group"]), resources, seed)
    return trained, history_columns(fit)


def fit_individuals(
    group: TrainedNetwork,
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> tuple[IndividualModels, dict[str, Any]]:
    """Make a model of each participant with enough training trials from one classifier's GroupNet."""
    data = _data(group, trials, trial_stimuli)
    people = data.participants(options["min_training_trials"])
    if not people:
        raise ValueError(
            f"no participant has {options['min_training_trials']} training trials and a validation trial; lower "
            "alignment.min_training_trials."
        )
    resources = resolve_compute(compute)
    if options["method"] == "paper":
        settings = _settings(options["paper"])
        models, epochs = align_individuals(group, data, labelled_images(digits), people, settings, resources, seed)
        return models, {"n_participants": len(people), "best_epoch": epochs}
    with torch_threads(resources.threads):
        fit = fit_hierarchical(group, data, people, _hierarchical(options), seed)
    history = {"validation_log_loss": fit.validation_log_loss, "temperature": fit.temperature}
    return fit.models, {"n_participants": len(people), **history}


def _hierarchical(options: dict[str, Any]) -> HierarchicalSettings:
    if options["method"] not in ("hierarchical", "calibrated"):
        raise ValueError(
            f"alignment.method is {options['method']!r}, expected hierarchical, calibrated or paper; correct it."
        )
    fields = dict(options["hierarchical"])
    if options["method"] == "calibrated":
        fields["rank"] = 0
    return HierarchicalSettings(**fields)


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
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any] | None]:
    """Score one classifier's models of all levels on test trials and test digits, and what is individual in them."""
    data = _data(base, trials, trial_stimuli)
    counts = response_counts(trials, base.specification.arguments["n_classes"])
    entropy = pd.Series(plugin_entropy(counts.to_numpy()), index=counts.index)
    test_digits = labelled_images(digits)
    shared = {"base": base.network, "group": group.network}
    scores = {level: evaluate_shared(network, data, entropy, test_digits) for level, network in shared.items()}
    crossed = cross_predictions(individuals, data)
    scores["individual"] = evaluate_individuals(individuals, crossed, data, entropy, test_digits)
    metrics = pd.concat([pd.DataFrame(rows).assign(level=level) for level, rows in scores.items()])
    entropies = pd.concat([model_entropies(net, data, entropy).assign(level=level) for level, net in shared.items()])
    swaps, gain = swap_matrix(crossed), individual_gain(crossed, seed, resamples)
    return _named(metrics, name), _named(entropies, name), _named(swaps, name), gain


def collect_evaluations(
    **parts: pd.DataFrame | dict[str, Any] | None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any], dict[str, Any]]:
    """Join the classifiers' tables and summarise them with their gains; parts are named ``{kind}_{classifier}``."""
    by_kind: dict[str, dict[str, Any]] = {}
    for key, part in parts.items():
        kind, _, name = key.partition("_")
        by_kind.setdefault(kind, {})[name] = part
    metrics, entropies, swaps = (
        pd.concat(by_kind[kind].values(), ignore_index=True) for kind in ("metrics", "entropies", "swaps")
    )
    summary = summarise_alignment(metrics, entropies, by_kind["gain"])
    return metrics, entropies, swaps, summary, mean_over_classifiers(summary)


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.assign(classifier=name).reset_index(drop=True)


def _data(network: TrainedNetwork, trials: pd.DataFrame, trial_stimuli: pd.DataFrame) -> TrialData:
    return trial_data(trials, trial_stimuli, network.specification.arguments["n_classes"])


def _settings(options: dict[str, Any]) -> FineTuning:
    return FineTuning(TrainingSettings(**options["training"]), tuple(options["ratio"]))
