"""Nodes of the alignment stage."""

from typing import Any

import pandas as pd

from bam_pipelines.alignment.evaluation import evaluate_individuals, evaluate_shared, model_entropies
from bam_pipelines.alignment.fine_tuning import FineTuning, align_group, align_individuals
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


def fine_tune_individuals(
    group: TrainedNetwork,
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> tuple[IndividualModels, dict[str, Any]]:
    """Fine-tune one classifier's GroupNet for each participant with enough training trials."""
    data = _data(group, trials, trial_stimuli)
    people = data.participants(options["min_training_trials"])
    if not people:
        raise ValueError(
            f"no participant has {options['min_training_trials']} training trials and a validation trial; lower "
            "alignment.min_training_trials."
        )
    models, epochs = align_individuals(
        group, data, labelled_images(digits), people, _settings(options["individual"]), resolve_compute(compute), seed
    )
    return models, {"n_participants": len(people), "best_epoch": epochs}


def evaluate_classifier(
    name: str,
    base: TrainedNetwork,
    group: TrainedNetwork,
    individuals: IndividualModels,
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    digits: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score one classifier's models of all levels on test trials and test digits."""
    data = _data(base, trials, trial_stimuli)
    counts = response_counts(trials, base.specification.arguments["n_classes"])
    entropy = pd.Series(plugin_entropy(counts.to_numpy()), index=counts.index)
    test_digits = labelled_images(digits)
    shared = {"base": base.network, "group": group.network}
    scores = {level: evaluate_shared(network, data, entropy, test_digits) for level, network in shared.items()}
    people = {participant_id: individuals.network(participant_id) for participant_id in individuals.states}
    scores["individual"] = evaluate_individuals(people, data, entropy, test_digits)
    metrics = pd.concat([pd.DataFrame(rows).assign(level=level) for level, rows in scores.items()])
    entropies = pd.concat([model_entropies(net, data, entropy).assign(level=level) for level, net in shared.items()])
    return _named(metrics, name), _named(entropies, name)


def collect_evaluations(**parts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any], dict[str, Any]]:
    """Join the classifiers' metrics (``metrics_…``) and entropies (``entropies_…``) and summarise them."""
    metrics, entropies = (
        pd.concat([table for key, table in parts.items() if key.startswith(prefix)], ignore_index=True)
        for prefix in ("metrics_", "entropies_")
    )
    summary = summarise_alignment(metrics, entropies)
    return metrics, entropies, summary, mean_over_classifiers(summary)


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.assign(classifier=name).reset_index(drop=True)


def _data(network: TrainedNetwork, trials: pd.DataFrame, trial_stimuli: pd.DataFrame) -> TrialData:
    return trial_data(trials, trial_stimuli, network.specification.arguments["n_classes"])


def _settings(options: dict[str, Any]) -> FineTuning:
    return FineTuning(TrainingSettings(**options["training"]), tuple(options["ratio"]))
