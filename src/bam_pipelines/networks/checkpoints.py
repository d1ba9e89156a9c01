"""A trained network and what the header of its weights file says: all that is needed to build it again."""

import json
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from bam_pipelines.networks.noise import NoiseSpecification


@dataclass(frozen=True)
class NetworkSpecification:
    """What a weights file's header says.

    Parameters
    ----------
    architecture
        A name of :data:`bam_pipelines.networks.registry.ARCHITECTURES`.
    arguments
        Keyword arguments of its builder; JSON values.
    noise
        Diffusion facts, for a denoiser; None for networks that take images in [0, 1].
    notes
        What it was trained on and how, for people; JSON values.
    """

    architecture: str
    arguments: dict[str, Any]
    noise: NoiseSpecification | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def to_header(self) -> dict[str, str]:
        """Return the safetensors metadata: every value a JSON string."""
        noise = None if self.noise is None else self.noise.to_dict()
        facts = {"architecture": self.architecture, "arguments": self.arguments, "noise": noise, "notes": self.notes}
        return {key: json.dumps(value, sort_keys=True) for key, value in facts.items()}

    @classmethod
    def from_header(cls, header: dict[str, str] | None) -> "NetworkSpecification":
        """Read what :meth:`to_header` wrote.

        Raises
        ------
        ValueError
            If the header lacks a field.
        """
        missing = {"architecture", "arguments", "noise", "notes"} - set(header or {})
        if header is None or missing:
            raise ValueError(f"the weights' header lacks {sorted(missing)}; it was not written by this project.")
        facts = {key: json.loads(header[key]) for key in ("architecture", "arguments", "noise", "notes")}
        noise = None if facts["noise"] is None else NoiseSpecification(**facts["noise"])
        return cls(facts["architecture"], facts["arguments"], noise, facts["notes"])


@dataclass
class TrainedNetwork:
    """A network in eval mode, without gradients for its weights, and its specification."""

    network: nn.Module
    specification: NetworkSpecification

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(False)

    @property
    def noise(self) -> NoiseSpecification:
        """The diffusion facts of a denoiser.

        Raises
        ------
        ValueError
            If the network is not a denoiser.
        """
        if self.specification.noise is None:
            raise ValueError(f"{self.specification.architecture} is not a denoiser: its header has no noise schedule.")
        return self.specification.noise
