"""The individual models of many participants, in one file."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

from bam_pipelines.alignment.heads import head_features, linear_head
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import class_logits
from bam_pipelines.networks.registry import (
    build_network,
    check_weights,
    checked_header,
    digested_header,
    planned_network,
    read_names,
    write_tensors,
)
from bam_pipelines.networks.weight_sets import write_weight_sets

# stands in keys where a participant's id would: no id has it
SHARED = "*"
_BASIS_WEIGHT, _BASIS_BIAS = f"{SHARED}/basis.weight", f"{SHARED}/basis.bias"


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
            raise ValueError(
                f"participant {participant_id!r} has no individual {self.specification.architecture} model; "
                f"models exist for {', '.join(sorted(self.participant_ids)) or 'nobody'}."
            )
        network = build_network(self.specification, seed=0)
        try:
            network.load_state_dict(self._state(participant_id))
        except RuntimeError as error:
            problem = " ".join(str(error).split())
            raise ValueError(f"participant {participant_id!r}: {problem} Align the individual models again.") from error
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


def write_individuals(models: IndividualModels, path: Path) -> None:
    """Write all models to one safetensors file.

    Keys are ``{participant_id}/{parameter}`` for whole networks; with a shared trunk ``{participant_id}/coefficients``
    and ``{participant_id}/lapse``, and ``*/{parameter}`` for what all share.

    Raises
    ------
    ValueError
        If a participant's id is empty or holds a slash or an asterisk.
    """
    for participant_id in models.participant_ids:
        if not participant_id or "/" in participant_id or SHARED in participant_id:
            raise ValueError(f"participant_id {participant_id!r} cannot be a key, expected letters and digits.")
    header = models.specification.to_header()
    if isinstance(models, WholeNetworks) and models.states:
        keys = [f"{owner}/{name}" for owner, state in models.states.items() for name in state]
        write_weight_sets(models.states, path, digested_header(_StatesByKey(models.states, keys), header))
    else:
        write_tensors(_shared_tensors(models), path, header)


class _StoredStates(Mapping[str, dict[str, torch.Tensor]]):
    """Participants' weights in a file of :func:`write_individuals`, read when they are asked for."""

    def __init__(self, path: Path, parameters: Mapping[str, Sequence[str]]) -> None:
        self._path, self._parameters = path, parameters

    def __getitem__(self, participant_id: str) -> dict[str, torch.Tensor]:
        names = self._parameters[participant_id]
        with safe_open(self._path, framework="pt") as file:
            return {name: file.get_tensor(f"{participant_id}/{name}") for name in names}

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)


class _StatesByKey(Mapping[str, torch.Tensor]):
    """Participants' weights by key of the file; one participant's are in memory at a time."""

    def __init__(self, states: Mapping[str, dict[str, torch.Tensor]], keys: Iterable[str]) -> None:
        self._states, self._keys = states, list(keys)
        self._last: tuple[str, dict[str, torch.Tensor]] = ("", {})

    def __getitem__(self, key: str) -> torch.Tensor:
        participant_id, _, name = key.partition("/")
        if participant_id != self._last[0]:
            self._last = participant_id, self._states[participant_id]
        return self._last[1][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _shared_tensors(models: IndividualModels) -> dict[str, torch.Tensor]:
    if isinstance(models, WholeNetworks):
        return {}
    if not isinstance(models, SharedTrunk):
        raise TypeError(f"{type(models).__name__} cannot be written; expected WholeNetworks or SharedTrunk.")
    tensors = {
        **{f"{SHARED}/{name}": value for name, value in models.shared.items()},
        _BASIS_WEIGHT: models.basis_weight,
        _BASIS_BIAS: models.basis_bias,
        **{f"{name}/coefficients": value for name, value in models.coefficients.items()},
        **{f"{name}/lapse": torch.tensor(models.lapse(name)) for name in models.participant_ids},
    }
    # copied, because participants may share their coefficients and safetensors refuses shared memory
    return {key: value.detach().clone().contiguous() for key, value in tensors.items()}


def read_individuals(path: Path) -> IndividualModels:
    """Read what :func:`write_individuals` wrote; whole networks stay in the file, each read when it is asked for.

    Raises
    ------
    ValueError
        If the file is damaged, its header lacks a field, a key names no participant, or one's values are not there.
    """
    keys, header = read_names(path)
    parameters: dict[str, list[str]] = {}
    for key in keys:
        owner, slash, name = key.partition("/")
        if not slash:
            raise ValueError(
                f"{path}: key {key!r}, expected {{participant_id}}/{{parameter}}; this is a single network."
            )
        parameters.setdefault(owner, []).append(name)
    states = _StoredStates(path, parameters)
    header = checked_header(path, _StatesByKey(states, keys), header)
    try:
        specification = NetworkSpecification.from_header(header)
        planned = planned_network(specification)
        if SHARED in parameters:
            return _shared_trunk(specification, planned, dict(states))
        for owner, state in states.items():
            _check_owner(owner, planned, state)
    except ValueError as error:
        raise ValueError(f"{path}: {error} Align the individual models again or restore the file.") from None
    return WholeNetworks(specification, states)


def _check_owner(participant_id: str, planned: nn.Module, state: dict[str, torch.Tensor]) -> None:
    try:
        check_weights(planned, state)
    except ValueError as error:
        raise ValueError(f"participant {participant_id!r}: {error}") from None


def _shared_trunk(
    specification: NetworkSpecification, planned: nn.Module, by_owner: dict[str, dict[str, torch.Tensor]]
) -> SharedTrunk:
    shared = by_owner.pop(SHARED)
    weight, bias = (shared.pop(key.partition("/")[2], None) for key in (_BASIS_WEIGHT, _BASIS_BIAS))
    _, head = linear_head(planned)
    if weight is None or bias is None or weight.shape[1:] != head.weight.shape or bias.shape != weight.shape[:2]:
        raise ValueError(f"{_BASIS_WEIGHT} and {_BASIS_BIAS} are no heads (R, K, D) and (R, K) of the architecture.")
    check_weights(planned, shared)
    for name, own in by_owner.items():
        sizes = {key: tuple(value.shape) for key, value in own.items()}
        if sizes != {"coefficients": (len(weight),), "lapse": ()} or not 0 <= own["lapse"].item() <= 1:
            raise ValueError(
                f"participant {name!r} has {sizes}, expected {len(weight)} coefficients and a lapse from 0 to 1."
            )
    coefficients = {name: own["coefficients"] for name, own in by_owner.items()}
    lapses = {name: own["lapse"].item() for name, own in by_owner.items()}
    return SharedTrunk(specification, shared, weight, bias, coefficients, lapses)
