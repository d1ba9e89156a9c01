"""A trained network and what the header of its weights file says: all that is needed to build it again."""

import json
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from bam_pipelines.compute.faults import InputError
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
            If the header lacks a field or holds something else there.
        """
        missing = {"architecture", "arguments", "noise", "notes"} - set(header or {})
        if header is None or missing:
            raise InputError(f"the weights' header lacks {sorted(missing)}; it was not written by this project.")
        facts = {key: _value(key, header[key]) for key in ("architecture", "arguments", "noise", "notes")}
        kinds = {"architecture": str, "arguments": dict, "noise": dict | None, "notes": dict}
        wrong = [key for key, kind in kinds.items() if not isinstance(facts[key], kind)]
        if wrong:
            raise InputError(
                f"the weights' header has {facts[wrong[0]]!r:.60} for {wrong[0]}, expected {kinds[wrong[0]]}."
            )
        try:
            noise = None if facts["noise"] is None else NoiseSpecification(**facts["noise"])
        except TypeError as error:
            raise InputError(f"the weights' header has another noise than this project writes ({error}).") from None
        return cls(facts["architecture"], facts["arguments"], noise, facts["notes"])


def _value(key: str, text: str) -> Any:  # noqa: ANN401  whatever JSON holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the weights' header has no JSON for {key} ({error}).") from None


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
            raise InputError(f"{self.specification.architecture} is not a denoiser: its header has no noise schedule.")
        return self.specification.noise
