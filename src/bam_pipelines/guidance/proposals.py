"""Images that are sampled for a cell, and what acceptance says of them: the work of one shard."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.shards import Arrays
from bam_pipelines.guidance.acceptance import AcceptanceRule, assess
from bam_pipelines.guidance.cells import Cell
from bam_pipelines.guidance.methods import Guides, Method
from bam_pipelines.images.pixels import to_uint8, to_unit
from bam_pipelines.networks.checkpoints import TrainedNetwork

_PRIOR, _JUDGE = "*prior", "*judge"  # no classifiers' names


@dataclass(frozen=True)
class Proposal:
    """One image to sample: its cell and its seed."""

    cell: Cell
    seed: int


@dataclass(frozen=True)
class Proposer:
    """Samples the images of one shard and assesses them as uint8.

    Parameters
    ----------
    classifiers
        Networks by the names that cells use.
    prior, judge
        The diffusion prior and the digit judge.
    method, rule
        How to sample, and what is accepted.
    compute
        Where and how precisely.
    """

    classifiers: dict[str, TrainedNetwork]
    prior: TrainedNetwork
    judge: TrainedNetwork
    method: Method
    rule: AcceptanceRule
    compute: Compute

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what a worker makes ready itself, on its own device."""
        return {name: value for name, value in self.__dict__.items() if name != "_networks"}

    @cached_property
    def _networks(self) -> dict[str, TrainedNetwork]:
        networks = {**self.classifiers, _PRIOR: self.prior, _JUDGE: self.judge}
        return {name: _ready(trained, self.compute) for name, trained in networks.items()}

    def __call__(self, shard: Sequence[Proposal]) -> Arrays:
        """Sample proposals of the same classifiers.

        Returns
        -------
        dict
            Of the n accepted images ``index``, their places in the shard, ``pixels``, uint8 (n, C, H, W),
            ``judge_score`` (n,) and ``probabilities`` (n, 2 M) as in
            :class:`~bam_pipelines.guidance.acceptance.Assessment`.
        """
        networks, device = self._networks, self.compute.device
        guiding = [networks[name].network for name in shard[0].cell.models]
        judge = networks[_JUDGE].network
        targets = torch.tensor([proposal.cell.targets for proposal in shard])
        seeds = [proposal.seed for proposal in shard]
        guides = Guides(networks[_PRIOR], guiding, judge)
        pixels = to_uint8(self.method.sample(guides, seeds, targets, self.rule, self.compute))
        assessment = assess(to_unit(pixels).to(device), targets.to(device), guiding, judge, self.rule)
        index = np.flatnonzero(assessment.accepted)
        return {
            "index": index,
            "pixels": pixels[index],
            "judge_score": assessment.judge_scores[index],
            "probabilities": assessment.probabilities[index],
        }


def _ready(trained: TrainedNetwork, compute: Compute) -> TrainedNetwork:
    """Return a network on its device, compiled if asked for; a copy if that changes it: the caller's stays as it is."""
    if compute.device.type == "cpu" and not compute.compiled:
        return trained
    network = copy.deepcopy(trained.network).to(compute.device)
    if compute.compiled:
        network.compile()
    return TrainedNetwork(network, trained.specification)
