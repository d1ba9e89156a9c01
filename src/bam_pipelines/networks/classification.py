"""Training and scoring of networks that name digits."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.networks.training import Draw, Fit, TrainingSettings, fit_network

Augmentation = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


@torch.no_grad()
def class_logits(network: nn.Module, images: torch.Tensor, batch_size: int = 500) -> torch.Tensor:
    """Return float32 logits (N, K) of images (N, C, H, W) in [0, 1], batch by batch.

    Raises
    ------
    ValueError
        If the network is in training mode.
    """
    if network.training:
        raise ValueError(f"{type(network).__name__} is in training mode; call eval() first.")
    return torch.cat([network(batch).float() for batch in images.split(batch_size)])


def class_probabilities(network: nn.Module, images: torch.Tensor) -> np.ndarray:
    """Return probabilities, float64 (N, K), rows summing to 1, of images (N, C, H, W) in [0, 1]."""
    return functional.softmax(class_logits(network, images).double(), dim=1).numpy()


def shuffled_batches(
    images: torch.Tensor, targets: torch.Tensor, batch_size: int, seed: int, augment: Augmentation | None = None
) -> Draw:
    """Return a draw that goes through the images in a new order each epoch, with whole batches only.

    Parameters
    ----------
    images, targets
        (N, C, H, W) in [0, 1], and (N, ...).
    batch_size
        At most N.
    seed
        Of the order and the augmentation.
    augment
        Changes a batch with a generator of its own, or None.

    Raises
    ------
    ValueError
        If a batch is larger than the data.
    """
    if batch_size > len(images):
        raise ValueError(f"batch_size is {batch_size}, expected at most the number of training images, {len(images)}.")
    per_epoch = len(images) // batch_size

    def draw(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        epoch, index = divmod(step, per_epoch)
        order = torch.randperm(len(images), generator=torch_generator(seed, "order", epoch))
        chosen = order[index * batch_size : (index + 1) * batch_size]
        batch = images[chosen]
        if augment is not None:
            batch = augment(batch, torch_generator(seed, "augmentation", step))
        return batch, targets[chosen]

    return draw


def train_classifier(
    network: nn.Module,
    train: tuple[torch.Tensor, torch.Tensor],
    validation: tuple[torch.Tensor, torch.Tensor],
    settings: TrainingSettings,
    compute: Compute,
    seed: int,
    augment: Augmentation | None = None,
    description: str | None = None,
) -> Fit:
    """Train by cross-entropy; the epoch with the lowest validation log-loss is kept.

    Parameters
    ----------
    network
        Untrained network giving logits (N, K).
    train, validation
        Images (N, C, H, W) in [0, 1] and labels (N,), int64.
    settings, compute, seed
        How to train.
    augment
        Applied to training batches.
    description
        Label of the progress bar.

    Returns
    -------
    Fit
        The network of that epoch, and the history.
    """
    draw = shuffled_batches(*train, settings.batch_size, seed, augment)

    def validation_log_loss(candidate: nn.Module) -> float:
        logits = class_logits(candidate, validation[0].to(compute.device))
        return functional.cross_entropy(logits, validation[1].to(compute.device)).item()

    return fit_network(network, draw, functional.cross_entropy, validation_log_loss, settings, compute, description)


def confusion_counts(logits: torch.Tensor, labels: torch.Tensor) -> np.ndarray:
    """Count answers: int64 (K, K), true classes in rows, predicted ones in columns."""
    n_classes = logits.shape[1]
    cells = labels * n_classes + logits.argmax(dim=1)
    return torch.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes).numpy()


def classification_metrics(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Return ``accuracy`` in [0, 1] and ``log_loss`` in nats of logits (N, K) against labels (N,)."""
    return {
        "accuracy": (logits.argmax(dim=1) == labels).double().mean().item(),
        "log_loss": functional.cross_entropy(logits.double(), labels).item(),
    }
