"""Training of the diffusion prior, in steps that can be killed and resumed."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Interval
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from bam_pipelines.compute.checked import CheckedSettings, Count, Positive, WholeNumber
from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.durable import write_whole
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.fingerprint import fingerprint
from bam_pipelines.compute.seeds import derive_seed, torch_generator
from bam_pipelines.images.pixels import to_range
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.ema import MovingAverage
from bam_pipelines.networks.noise import add_noise, training_target
from bam_pipelines.networks.registry import build_network, read_tensors, write_tensors


@dataclass(frozen=True)
class DiffusionTraining(CheckedSettings):
    """Settings of a prior's training.

    Parameters
    ----------
    steps
        Optimiser steps.
    batch_size
        Images a step.
    learning_rate
        Peak of Adam's learning rate; reached after ``warmup_steps`` and lowered to 0 by a cosine.
    warmup_steps
        Steps of linear warm-up.
    ema_decay
        Largest decay of the average of the weights that is kept, in [0, 1).
    gradient_clip
        Largest norm of the gradient.
    checkpoint_every
        Steps between checkpoints.
    """

    steps: Count
    batch_size: Count
    learning_rate: Positive
    warmup_steps: WholeNumber
    ema_decay: Annotated[float, Interval(ge=0, lt=1)]
    gradient_clip: Positive
    checkpoint_every: Count


class PriorTrainer:
    """Train a denoiser by DDPM's simple loss; the state after any step depends on the seed alone.

    Every step derives its own random numbers from (seed, step), so that a run resumed from a checkpoint goes on
    exactly as one that was never stopped.

    Parameters
    ----------
    specification
        The denoiser, with its diffusion facts.
    settings, compute
        How to train.
    seed
        The run's seed.
    start
        A trained denoiser of the same architecture and diffusion facts to go on from; None for new weights. Its steps
        count on, so that the same seed goes on with other noise and other orders of the images.

    Raises
    ------
    ValueError
        If the specification is not a denoiser's, or not that of ``start``.
    """

    def __init__(
        self,
        specification: NetworkSpecification,
        settings: DiffusionTraining,
        compute: Compute,
        seed: int,
        start: TrainedNetwork | None = None,
    ) -> None:
        if specification.noise is None:
            raise InputError(f"{specification.architecture} has no noise schedule; a prior needs one.")
        self.settings, self.compute, self.seed = settings, compute, seed
        self.noise = specification.noise
        self.network = build_network(specification, derive_seed(seed, "prior/weights"))
        self.learned_from = "nothing yet"
        earlier: list[dict[str, Any]] = []
        if start is not None:
            earlier = _earlier_trainings(start, specification)
            self.network.load_state_dict(start.network.state_dict())
        self.begun_with = fingerprint(self.network)
        self.network.to(compute.device)
        self.steps_before = sum(training["steps"] for training in earlier)
        this = {name: getattr(settings, name) for name in ("steps", "batch_size", "learning_rate")} | {"seed": seed}
        self.specification = replace(specification, notes={"trainings": [*earlier, this]})
        self.ema = MovingAverage(self.network, settings.ema_decay)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate)
        self.signal = self.noise.alphas_cumprod().to(torch.float32)
        self.step = 0
        self.losses: list[float] = []

    def fit(self, images: torch.Tensor, checkpoint: Path | None) -> TrainedNetwork:
        """Train to ``settings.steps`` and return the averaged network.

        Parameters
        ----------
        images
            float32, (N, C, H, W) in [0, 1]; N of at least one batch.
        checkpoint
            File to resume from and to write to, or None.

        Returns
        -------
        TrainedNetwork
            Weights averaged over steps, on the CPU; its header names all trainings.

        Raises
        ------
        ValueError
            If there are fewer images than a batch, or the checkpoint belongs to another training.
        FloatingPointError
            If the loss is not finite.
        """
        if len(images) < self.settings.batch_size:
            raise InputError(
                f"{len(images)} training images, expected at least prior.training.batch_size = "
                f"{self.settings.batch_size}."
            )
        self.learned_from = fingerprint(images)
        if checkpoint is not None and checkpoint.exists():
            self.restore(checkpoint)
        self.network.train()
        with tqdm(total=self.settings.steps, initial=self.step, desc="diffusion prior", mininterval=5.0) as bar:
            while self.step < self.settings.steps:
                self.losses.append(self._advance(images))
                bar.update()
                bar.set_postfix(loss=self.losses[-1], refresh=False)
                if checkpoint is not None and self.step % self.settings.checkpoint_every == 0:
                    self.store(checkpoint)
        return TrainedNetwork(self.ema.average.cpu(), self.specification)

    def _advance(self, images: torch.Tensor) -> float:
        batch = self._batch(images)
        generator = torch_generator(self.seed, "prior/step", self.steps_before + self.step)
        # stratified steps: the same uniform distribution, a loss with less variance
        offsets = torch.arange(len(batch)) + torch.rand(len(batch), generator=generator)
        timesteps = (offsets / len(batch) * self.noise.steps).long().clamp(max=self.noise.steps - 1)
        noise = torch.randn(batch.shape, generator=generator)
        signal = self.signal[timesteps][:, None, None, None]
        noisy, target = (
            add_noise(batch, noise, signal),
            training_target(batch, noise, signal, self.noise.prediction_type),
        )
        device = self.compute.device
        with self.compute.autocast():
            output = self.network(noisy.to(device), timesteps.to(device))
        loss = functional.mse_loss(output.float(), target.to(device))
        if not bool(torch.isfinite(loss)):
            raise FloatingPointError(f"loss is {loss.item()} at step {self.step}; lower prior.training.learning_rate.")
        self._optimise(loss)
        return loss.item()

    def _optimise(self, loss: torch.Tensor) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * self._rate_factor()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.gradient_clip)
        self.optimizer.step()
        self.ema.update(self.network)
        self.step += 1

    def _rate_factor(self) -> float:
        warmup = self.settings.warmup_steps
        if self.step < warmup:
            return (self.step + 1) / warmup
        done = (self.step - warmup) / max(1, self.settings.steps - warmup)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def _batch(self, images: torch.Tensor) -> torch.Tensor:
        size = self.settings.batch_size
        epoch, index = divmod(self.steps_before + self.step, len(images) // size)
        order = torch.randperm(len(images), generator=torch_generator(self.seed, "prior/epoch", epoch))
        return to_range(images[order[index * size : (index + 1) * size]], self.noise.value_range)

    def store(self, path: Path) -> None:
        """Write network, average and optimiser to one safetensors file, atomically."""
        tensors = {f"network/{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"ema/{name}": value for name, value in self.ema.average.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{name}": value for name, value in state.items()}
        tensors["losses"] = torch.tensor(self.losses)
        write_whole(path, lambda unfinished: write_tensors(tensors, unfinished, self._header()))

    def restore(self, path: Path) -> None:
        """Read what :meth:`store` wrote.

        Raises
        ------
        ValueError
            If the file is damaged or belongs to a training with other settings, images or weights to begin with, or
            another seed.
        """
        tensors, found = read_tensors(path)
        expected = self._header()
        if found.get("training") != expected["training"]:
            raise InputError(
                f"{path} belongs to a training with {found.get('training')}, but this one has {expected['training']}; "
                "remove the file to start again, or go back to its parameters."
            )
        self.network.load_state_dict(_under(tensors, "network/"))
        self.ema.average.load_state_dict(_under(tensors, "ema/"))
        self.step = self.ema.updates = int(found["step"])
        self.losses = tensors["losses"].tolist()
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in _under(tensors, "optimizer/").items():
            index, name = key.split("/")
            state.setdefault(int(index), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})

    def _header(self) -> dict[str, str]:
        facts = {"settings": vars(self.settings), "bfloat16": self.compute.bfloat16, "seed": self.seed}
        facts |= {"images": self.learned_from, "begun_with": self.begun_with}
        training = json.dumps({**facts, **self.specification.to_header()}, sort_keys=True)
        return {"training": training, "step": str(self.step)}


def _earlier_trainings(start: TrainedNetwork, specification: NetworkSpecification) -> list[dict[str, Any]]:
    if replace(start.specification, notes={}) != replace(specification, notes={}):
        raise InputError(
            f"the weights to start from are those of {start.specification}, expected {specification}; give the same "
            "prior.diffusion_prior.denoiser and noise, or train from new weights with initial_weights: null."
        )
    if "trainings" not in start.specification.notes:
        raise InputError(
            "the weights to start from do not say how they were trained; take weights that this stage made."
        )
    return list(start.specification.notes["trainings"])


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
