"""Networks as safetensors: one trained network, or the individual models of many participants, a file."""

import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from bam_pipelines.alignment.individual_files import SHARED, read_individuals, write_individuals
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.registry import read_names, read_network, write_network

_SHOWN = ("architecture", "arguments", "noise", "notes")


class NetworkDataset(AbstractDataset[TrainedNetwork, TrainedNetwork]):
    """One trained network and its specification.

    Parameters
    ----------
    filepath
        The safetensors file.
    """

    def __init__(self, *, filepath: str) -> None:
        self._filepath = Path(filepath)

    def load(self) -> TrainedNetwork:
        """Build the network that the header names and load its weights."""
        return read_network(self._filepath)

    def save(self, data: TrainedNetwork) -> None:
        """Write weights and specification."""
        write_network(data, self._filepath)

    def preview(self) -> JSONPreview:
        """Return what the file's header says of the network, for kedro-viz."""
        _, header = read_names(self._filepath)
        return JSONPreview(json.dumps(_facts(header)))

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


class IndividualsDataset(AbstractDataset[IndividualModels, IndividualModels]):
    """The individual models that share one architecture, by participant.

    Parameters
    ----------
    filepath
        The safetensors file.
    """

    def __init__(self, *, filepath: str) -> None:
        self._filepath = Path(filepath)

    def load(self) -> IndividualModels:
        """Read the weights of every participant."""
        return read_individuals(self._filepath)

    def save(self, data: IndividualModels) -> None:
        """Write the weights of every participant."""
        write_individuals(data, self._filepath)

    def preview(self) -> JSONPreview:
        """Return what the file's header says of the networks, and whose they are, for kedro-viz."""
        names, header = read_names(self._filepath)
        people = sorted({name.partition("/")[0] for name in names} - {SHARED})
        return JSONPreview(json.dumps(_facts(header) | {"participants": people}))

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def _facts(header: dict[str, str]) -> dict[str, Any]:
    return {name: json.loads(header[name]) for name in _SHOWN if name in header}
