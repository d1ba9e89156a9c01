"""The individual models of many participants, in one file."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.registry import build_network, read_tensors, write_tensors


@dataclass(frozen=True)
class IndividualModels:
    """Networks of one architecture, one a participant.

    Parameters
    ----------
    specification
        What all of them share.
    states
        The state dict of each participant's network, by ``participant_id``.
    """

    specification: NetworkSpecification
    states: dict[str, dict[str, torch.Tensor]]

    def network(self, participant_id: str) -> nn.Module:
        """Build the network of one participant, in eval mode and without gradients for its weights.

        Raises
        ------
        ValueError
            If there is no model of this participant, or its weights do not fit the architecture.
        """
        if participant_id not in self.states:
            raise ValueError(
                f"participant {participant_id!r} has no individual {self.specification.architecture} model; "
                f"models exist for {', '.join(sorted(self.states)) or 'nobody'}."
            )
        network = build_network(self.specification, seed=0)
        try:
            network.load_state_dict(self.states[participant_id])
        except RuntimeError as error:
            problem = " ".join(str(error).split())
            raise ValueError(f"participant {participant_id!r}: {problem} Align the individual models again.") from error
        return network.eval().requires_grad_(False)


def write_individuals(models: IndividualModels, path: Path) -> None:
    """Write all models to one safetensors file, under keys ``{participant_id}/{parameter}``.

    Raises
    ------
    ValueError
        If a participant's id is empty or holds a slash.
    """
    for participant_id in models.states:
        if not participant_id or "/" in participant_id:
            raise ValueError(f"participant_id {participant_id!r} cannot be a key, expected letters and digits.")
    # cloned, because participants may share weights that were not tuned and safetensors refuses shared memory
    tensors = {
        f"{participant_id}/{name}": value.detach().clone().contiguous()
        for participant_id, state in models.states.items()
        for name, value in state.items()
    }
    write_tensors(tensors, path, models.specification.to_header())


def read_individuals(path: Path) -> IndividualModels:
    """Read what :func:`write_individuals` wrote.

    Raises
    ------
    ValueError
        If the file is damaged, its header lacks a field, or a key names no participant.
    """
    tensors, header = read_tensors(path)
    states: dict[str, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        participant_id, slash, name = key.partition("/")
        if not slash:
            raise ValueError(
                f"{path}: key {key!r}, expected {{participant_id}}/{{parameter}}; this is a single network."
            )
        states.setdefault(participant_id, {})[name] = value
    try:
        specification = NetworkSpecification.from_header(header)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return IndividualModels(specification, states)
