"""Nodes of the classifiers stage."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.analysis.gallery import confusion_figure
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.compute.device import resolve_compute, torch_threads
from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import (
    class_logits,
    classification_metrics,
    confusion_counts,
    train_classifier,
)
from bam_pipelines.networks.registry import build_network
from bam_pipelines.networks.training import PassSettings, history_columns


def train_named_classifier(
    name: str,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> tuple[TrainedNetwork, dict[str, Any], Figure]:
    """Train one classifier, keep its best epoch on validation, and score it on test digits."""
    resources = resolve_compute(compute)
    images, labels = labelled_images(train)
    shape = {"image_size": images.shape[-1], "channels": images.shape[1], "n_classes": int(labels.max()) + 1}
    specification = NetworkSpecification(name, shape)
    settings = read_settings(PassSettings, f"classifiers.{name}", options).over(len(images))
    with torch_threads(resources.threads):
        network = build_network(specification, derive_seed(seed, "classifiers/weights", name))
        fit = train_classifier(
            network,
            (images, labels),
            labelled_images(validation),
            settings,
            resources,
            derive_seed(seed, "classifiers/training", name),
            description=f"classifier {name}",
        )
        test_images, test_labels = labelled_images(test)
        logits = class_logits(fit.network, test_images)
    metrics = {f"test_{key}": value for key, value in classification_metrics(logits, test_labels).items()}
    figure = confusion_figure(confusion_counts(logits, test_labels), f"{name}: test digits")
    return TrainedNetwork(fit.network, specification), metrics | history_columns(fit), figure


def summarise_classifiers(**metrics: dict[str, Any]) -> pd.DataFrame:
    """Put the classifiers' test scores into one table."""
    scores = ("test_accuracy", "test_log_loss", "best_epoch")
    rows = [{"classifier": name, **{key: values[key] for key in scores}} for name, values in metrics.items()]
    return pd.DataFrame(rows)
