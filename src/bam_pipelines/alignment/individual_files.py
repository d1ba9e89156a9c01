"""The individual models of many participants, in one file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

from bam_pipelines.alignment.heads import linear_head
from bam_pipelines.alignment.individuals import IndividualModels, SharedTrunk, WholeNetworks
from bam_pipelines.compute.faults import InputError
from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.registry import (
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
            raise InputError(f"participant_id {participant_id!r} cannot be a key, expected letters and digits.")
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
            raise InputError(
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
        raise InputError(f"{path}: {error} Align the individual models again or restore the file.") from None
    return WholeNetworks(specification, states)


def _check_owner(participant_id: str, planned: nn.Module, state: dict[str, torch.Tensor]) -> None:
    try:
        check_weights(planned, state)
    except ValueError as error:
        raise InputError(f"participant {participant_id!r}: {error}") from None


def _shared_trunk(
    specification: NetworkSpecification, planned: nn.Module, by_owner: dict[str, dict[str, torch.Tensor]]
) -> SharedTrunk:
    shared = by_owner.pop(SHARED)
    weight, bias = (shared.pop(key.partition("/")[2], None) for key in (_BASIS_WEIGHT, _BASIS_BIAS))
    _, head = linear_head(planned)
    if weight is None or bias is None or weight.shape[1:] != head.weight.shape or bias.shape != weight.shape[:2]:
        raise InputError(f"{_BASIS_WEIGHT} and {_BASIS_BIAS} are no heads (R, K, D) and (R, K) of the architecture.")
    check_weights(planned, shared)
    for name, own in by_owner.items():
        sizes = {key: tuple(value.shape) for key, value in own.items()}
        if sizes != {"coefficients": (len(weight),), "lapse": ()} or not 0 <= own["lapse"].item() <= 1:
            raise InputError(
                f"participant {name!r} has {sizes}, expected {len(weight)} coefficients and a lapse from 0 to 1."
            )
    coefficients = {name: own["coefficients"] for name, own in by_owner.items()}
    lapses = {name: own["lapse"].item() for name, own in by_owner.items()}
    return SharedTrunk(specification, shared, weight, bias, coefficients, lapses)
