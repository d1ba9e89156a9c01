"""Nodes of the classifiers stage."""

from typing import Any

import pandas as pd
import torch
from matplotlib.figure import Figure

from bam_pipelines.analysis.gallery import confusion_figure
from bam_pipelines.analysis.style import classifier_title
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.compute.device import resolve_compute, torch_threads
from bam_pipelines.images.classes import class_noun
from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import class_logits, classification_metrics, confusion_counts
from bam_pipelines.networks.classifier_training import train_classifiers
from bam_pipelines.networks.training import Fit, PassSettings, TrainingSettings, history_columns
from bam_pipelines.pipelines.places import working_folder


def train_all_classifiers(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    options: dict[str, dict[str, Any]],
    compute: dict[str, Any],
    seed: int,
    classes: list[str] | None = None,
) -> dict[str, Any]:
    """Train the classifiers, keep the best epoch of each on validation, and score it on test digits.

    Returns
    -------
    dict
        ``{name}``, ``{name}_metrics`` and ``{name}_confusion`` of each classifier.
    """
    resources = resolve_compute(compute)
    images, labels = labelled_images(train)
    shape = {"image_size": images.shape[-1], "channels": images.shape[1], "n_classes": int(labels.max()) + 1}
    tasks: dict[str, tuple[NetworkSpecification, TrainingSettings]] = {
        name: (
            NetworkSpecification(name, shape),
            read_settings(PassSettings, f"classifiers.{name}", own).over(len(images)),
        )
        for name, own in options.items()
    }
    working = working_folder(compute, "train_classifiers")
    trained = train_classifiers(tasks, (images, labels), labelled_images(validation), resources, seed, working)
    made: dict[str, Any] = {}
    with torch_threads(resources.threads):
        for name, (network, fit) in trained.items():
            made |= {name: network} | _scored(name, network, fit, labelled_images(test), classes)
    return made


def _scored(
    name: str, trained: TrainedNetwork, fit: Fit, test: tuple[torch.Tensor, torch.Tensor], classes: list[str] | None
) -> dict[str, dict[str, Any] | Figure]:
    logits = class_logits(trained.network, test[0])
    scores = {f"test_{key}": value for key, value in classification_metrics(logits, test[1]).items()}
    what = "digits" if class_noun(classes) == "digit" else "images"
    figure = confusion_figure(confusion_counts(logits, test[1]), f"{classifier_title(name)}: test {what}", classes)
    return {f"{name}_metrics": scores | history_columns(fit), f"{name}_confusion": figure}


def summarise_classifiers(**metrics: dict[str, Any]) -> pd.DataFrame:
    """Put the classifiers' test scores into one table."""
    scores = ("test_accuracy", "test_log_loss", "best_epoch")
    rows = [{"classifier": name, **{key: values[key] for key in scores}} for name, values in metrics.items()]
    return pd.DataFrame(rows)
