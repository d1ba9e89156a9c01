"""The individual models of many participants: networks of their own, or heads on a trunk that all share."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from bam_pipelines.alignment.heads import head_features, linear_head
from bam_pipelines.compute.faults import InputError
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import class_logits
from bam_pipelines.networks.registry import build_network


class IndividualModels(ABC):
    """Networks of one architecture, one a participant.

    A network gives what its participant perceives, as logits; answers given at random come on top, see :meth:`lapse`.
    """

    specification: NetworkSpecification

    @property
    @abstractmethod
    def participant_ids(self) -> list[str]:
        """Who has a model."""

    @abstractmethod
    def _state(self, participant_id: str) -> dict[str, torch.Tensor]:
        """Return the state dict of one participant's network."""

    @abstractmethod
    def lapse(self, participant_id: str) -> float:
        """Return the share of one participant's answers that are given at random, from 0 to 1."""

    def network(self, participant_id: str) -> nn.Module:
        """Build the network of one participant, in eval mode and without gradients for its weights.

        Raises
        ------
        ValueError
            If there is no model of this participant, or its weights do not fit the architecture.
        """
        if participant_id not in self.participant_ids:
            raise InputError(
                f"participant {participant_id!r} has no individual {self.specification.architecture} model; "
                f"models exist for {', '.join(sorted(self.participant_ids)) or 'nobody'}."
            )
        network = build_network(self.specification, seed=0)
        try:
            network.load_state_dict(self._state(participant_id))
        except RuntimeError as error:
            problem = " ".join(str(error).split())
            raise InputError(f"participant {participant_id!r}: {problem} Align the individual models again.") from error
        return network.eval().requires_grad_(False)

    def logits(self, images: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each participant's id and logits, float32 (N, K), of images (N, C, H, W) in [0, 1]."""
        for participant_id in self.participant_ids:
            yield participant_id, class_logits(self.network(participant_id), images)


@dataclass(frozen=True)
class WholeNetworks(IndividualModels):
    """Networks whose every weight is a participant's own, as fine-tuning makes them.

    Parameters
    ----------
    specification
        What all of them share.
    states
        The state dict of each participant's network, by ``participant_id``.
    """

    specification: NetworkSpecification
    states: Mapping[str, dict[str, torch.Tensor]]

    @property
    def participant_ids(self) -> list[str]:
        """Who has a model."""
        return list(self.states)

    def _state(self, participant_id: str) -> dict[str, torch.Tensor]:
        return self.states[participant_id]

    def lapse(self, participant_id: str) -> float:
        """Return 0: fine-tuning takes every answer for what was seen."""
        del participant_id
        return 0.0


@dataclass(frozen=True)
class SharedTrunk(IndividualModels):
    """Networks that differ in their heads, which are linear combinations of a few.

    Parameters
    ----------
    specification
        What all of them share.
    shared
        The state dict of the network whose trunk all of them have.
    basis_weight, basis_bias
        (R, K, D) and (R, K): the heads that are combined.
    coefficients
        (R,) each, by ``participant_id``.
    lapses
        Shares of answers given at random, by ``participant_id``.
    """

    specification: NetworkSpecification
    shared: dict[str, torch.Tensor]
    basis_weight: torch.Tensor
    basis_bias: torch.Tensor
    coefficients: dict[str, torch.Tensor]
    lapses: Mapping[str, float]

    @property
    def participant_ids(self) -> list[str]:
        """Who has a model."""
        return list(self.coefficients)

    def head(self, participant_id: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the weight (K, D) and the bias (K,) of one participant's head."""
        own = self.coefficients[participant_id]
        return torch.einsum("r,rkd->kd", own, self.basis_weight), own @ self.basis_bias

    def _state(self, participant_id: str) -> dict[str, torch.Tensor]:
        name, _ = linear_head(build_network(self.specification, seed=0))
        weight, bias = self.head(participant_id)
        return {**self.shared, f"{name}.weight": weight, f"{name}.bias": bias}

    def lapse(self, participant_id: str) -> float:
        """Return the share of one participant's answers that are given at random, from 0 to 1."""
        return float(self.lapses[participant_id])

    def logits(self, images: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each participant's id and logits; the trunk sees the images once for all."""
        trunk = build_network(self.specification, seed=0)
        trunk.load_state_dict(self.shared)
        features = head_features(trunk.eval(), images)
        for participant_id in self.participant_ids:
            weight, bias = self.head(participant_id)
            yield participant_id, features @ weight.T + bias


def same_for_all(group: TrainedNetwork, participant_ids: Sequence[str]) -> SharedTrunk:
    """Return models of participants that are all GroupNet: what individual models must beat."""
    _, head = linear_head(group.network)
    return SharedTrunk(
        group.specification,
        dict(group.network.state_dict()),
        head.weight.detach()[None],
        head.bias.detach()[None],
        {name: torch.ones(1) for name in participant_ids},
        dict.fromkeys(participant_ids, 0.0),
    )
