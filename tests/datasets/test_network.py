"""Networks come out of the catalog as they went in."""

import json

import pytest
import torch
from kedro.io.core import DatasetError

from bam_pipelines.alignment.individuals import WholeNetworks, same_for_all
from bam_pipelines.datasets import IndividualsDataset, NetworkDataset
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.registry import build_network

SPECIFICATION = NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": 3}, notes={"epochs": 2})


def test_a_network_comes_back(tmp_path):
    dataset = NetworkDataset(filepath=str(tmp_path / "lrm.safetensors"))
    assert not dataset.exists()
    trained = TrainedNetwork(build_network(SPECIFICATION, seed=1), SPECIFICATION)
    dataset.save(trained)
    again = dataset.load()
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert again.specification == SPECIFICATION
    assert torch.equal(again.network(images), trained.network(images))
    assert not again.network.training


def test_a_damaged_file_is_named(tmp_path):
    file = tmp_path / "lrm.safetensors"
    file.write_bytes(b"half")
    with pytest.raises(DatasetError, match=r"lrm\.safetensors: cannot be read as a whole safetensors file"):
        NetworkDataset(filepath=str(file)).load()


def test_individual_models_come_back(tmp_path):
    dataset = IndividualsDataset(filepath=str(tmp_path / "individual.safetensors"))
    models = WholeNetworks(SPECIFICATION, {"P01": build_network(SPECIFICATION, seed=1).state_dict()})
    dataset.save(models)
    assert dataset.exists()
    assert set(dataset.load().states) == {"P01"}


def test_kedro_viz_is_shown_what_a_network_is(tmp_path):
    dataset = NetworkDataset(filepath=str(tmp_path / "lrm.safetensors"))
    dataset.save(TrainedNetwork(build_network(SPECIFICATION, seed=1), SPECIFICATION))
    assert json.loads(dataset.preview()) == {
        "architecture": "lrm",
        "arguments": {"image_size": 8, "channels": 1, "n_classes": 3},
        "noise": None,
        "notes": {"epochs": 2},
    }


def test_kedro_viz_is_shown_whose_models_there_are(tmp_path):
    dataset = IndividualsDataset(filepath=str(tmp_path / "individual.safetensors"))
    dataset.save(same_for_all(TrainedNetwork(build_network(SPECIFICATION, seed=1), SPECIFICATION), ["P02", "P01"]))
    shown = json.loads(dataset.preview())
    assert (shown["architecture"], shown["participants"]) == ("lrm", ["P01", "P02"])
