"""The one training loop of every network but the prior."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.shards import Arrays

_HISTORY, _BEST_EPOCH = "*history", "*best_epoch"  # no weights' names

Draw = Callable[[int], tuple[torch.Tensor, torch.Tensor]]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained.

    Parameters
    ----------
    epochs
        Number of epochs; the network is scored after each.
    samples_per_epoch
        Images drawn an epoch.
    batch_size
        Images a step.
    learning_rate
        Of AdamW at the start.
    schedule
        ``cosine`` lowers the learning rate to 0 over the whole training, ``constant`` keeps it.
    """

    epochs: int
    samples_per_epoch: int
    batch_size: int
    learning_rate: float
    schedule: Literal["cosine", "constant"]

    def __post_init__(self) -> None:
        for name in ("epochs", "samples_per_epoch", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected at least 1.")
        if self.schedule not in ("cosine", "constant"):
            raise ValueError(f"schedule is {self.schedule!r}, expected 'cosine' or 'constant'.")

    @property
    def steps_per_epoch(self) -> int:
        """Number of optimiser steps in an epoch."""
        return -(-self.samples_per_epoch // self.batch_size)


@dataclass(frozen=True)
class EpochRecord:
    """What an epoch came to: mean training loss and validation score, lower is better for both."""

    epoch: int
    train_loss: float
    validation_score: float


@dataclass(frozen=True)
class Fit:
    """A trained network, the history of its epochs, and the epoch whose weights it has."""

    network: nn.Module
    history: list[EpochRecord]
    best_epoch: int


def fit_network(
    network: nn.Module,
    draw: Draw,
    loss: Loss,
    score: Callable[[nn.Module], float],
    settings: TrainingSettings,
    compute: Compute,
    description: str | None = None,
) -> Fit:
    """Train a copy of a network and keep the epoch with the best validation score.

    Parameters
    ----------
    network
        Where to start; not changed.
    draw
        Gives the batch (inputs, targets) of a step; depends on the step alone.
    loss
        Takes float32 outputs and targets, returns a scalar.
    score
        Takes the network in eval mode, returns a number to be minimised, from validation data only.
    settings
        How to train.
    compute
        Device and precision.
    description
        Label of a progress bar; None for none.

    Returns
    -------
    Fit
        The network in eval mode, without gradients for its weights.

    Raises
    ------
    FloatingPointError
        If the training loss or the validation score is not finite.
    """
    network = copy.deepcopy(network).to(compute.device).requires_grad_(True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate)
    total = settings.epochs * settings.steps_per_epoch
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total) if settings.schedule == "cosine" else None
    history: list[EpochRecord] = []
    best_state = network.state_dict()
    with tqdm(total=total, desc=description, disable=description is None, mininterval=1.0) as bar:
        for epoch in range(settings.epochs):
            network.train()
            losses = []
            for step in range(epoch * settings.steps_per_epoch, (epoch + 1) * settings.steps_per_epoch):
                losses.append(_step(network, draw(step), loss, optimizer, compute))
                if scheduler is not None:
                    scheduler.step()
                bar.update()
            record = EpochRecord(epoch, sum(losses) / len(losses), score(network.eval()))
            if not math.isfinite(record.validation_score):
                raise FloatingPointError(
                    f"the validation score is {record.validation_score} after epoch {epoch}; lower the learning rate."
                )
            if all(record.validation_score < earlier.validation_score for earlier in history):
                best_state = copy.deepcopy(network.state_dict())
            history.append(record)
    network.load_state_dict(best_state)
    best = min(history, key=lambda record: record.validation_score).epoch
    return Fit(network.cpu().eval().requires_grad_(False), history, best)


def _step(
    network: nn.Module,
    batch: tuple[torch.Tensor, torch.Tensor],
    loss: Loss,
    optimizer: torch.optim.Optimizer,
    compute: Compute,
) -> float:
    inputs, targets = (tensor.to(compute.device) for tensor in batch)
    with compute.autocast():
        outputs = network(inputs)
    value = loss(outputs.float(), targets)
    if not bool(torch.isfinite(value)):
        raise FloatingPointError(f"the training loss is {value.item()}; lower the learning rate.")
    optimizer.zero_grad(set_to_none=True)
    value.backward()
    optimizer.step()
    return value.item()


def history_columns(fit: Fit) -> dict[str, int | list[float]]:
    """Return a fit's history as lists, one number an epoch, and its best epoch: what is logged and kept as JSON."""
    return {
        "train_loss": [record.train_loss for record in fit.history],
        "validation_loss": [record.validation_score for record in fit.history],
        "best_epoch": fit.best_epoch,
    }


def fit_arrays(fit: Fit) -> Arrays:
    """Return a fit as arrays, as a shard keeps it: weights by name, history and best epoch."""
    history = [[record.epoch, record.train_loss, record.validation_score] for record in fit.history]
    weights = {name: value.numpy() for name, value in fit.network.state_dict().items()}
    return {**weights, _HISTORY: np.array(history), _BEST_EPOCH: np.array(fit.best_epoch)}


def weights_of(arrays: Arrays) -> dict[str, torch.Tensor]:
    """Return the weights among the arrays of a fit."""
    return {name: torch.from_numpy(value) for name, value in arrays.items() if name not in (_HISTORY, _BEST_EPOCH)}


def best_epoch_of(arrays: Arrays) -> int:
    """Return the best epoch among the arrays of a fit."""
    return int(arrays[_BEST_EPOCH])


def fit_of(arrays: Arrays, network: nn.Module) -> Fit:
    """Return the fit whose arrays these are; ``network`` has its structure and is not changed."""
    trained = copy.deepcopy(network)
    trained.load_state_dict(weights_of(arrays))
    history = [EpochRecord(int(epoch), loss, score) for epoch, loss, score in arrays[_HISTORY].tolist()]
    return Fit(trained.eval().requires_grad_(False), history, best_epoch_of(arrays))
