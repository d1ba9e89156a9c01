"""Networks as safetensors: one trained network, or the individual models of many participants, a file."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from bam_pipelines.alignment.individual_files import read_individuals, write_individuals
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.registry import read_network, write_network


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

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
