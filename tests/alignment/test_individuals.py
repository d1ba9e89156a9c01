"""Many participants' models in one file."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from bam_pipelines.alignment.individuals import IndividualModels, read_individuals, write_individuals
from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.registry import build_network

SPECIFICATION = NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": 3})


@pytest.fixture
def models():
    states = {name: build_network(SPECIFICATION, seed).state_dict() for seed, name in enumerate(("P01", "P02"))}
    return IndividualModels(SPECIFICATION, states)


def test_each_participant_gets_the_own_weights_back(models, tmp_path):
    write_individuals(models, tmp_path / "models.safetensors")
    again = read_individuals(tmp_path / "models.safetensors")
    assert again.specification == SPECIFICATION
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for seed, name in enumerate(("P01", "P02")):
        assert torch.equal(again.network(name)(images), build_network(SPECIFICATION, seed)(images))


def test_keys_are_participant_and_parameter(models, tmp_path):
    write_individuals(models, tmp_path / "models.safetensors")
    expected = {f"{name}/{key}" for name in ("P01", "P02") for key in models.states["P01"]}
    assert set(load_file(tmp_path / "models.safetensors")) == expected


def test_a_network_is_for_looking_only(models):
    network = models.network("P01")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_participants_may_share_weights(models, tmp_path):
    shared = IndividualModels(SPECIFICATION, {"P01": models.states["P01"], "P02": models.states["P01"]})
    write_individuals(shared, tmp_path / "models.safetensors")
    assert set(read_individuals(tmp_path / "models.safetensors").states) == {"P01", "P02"}


def test_an_unknown_participant_is_named(models):
    with pytest.raises(ValueError, match="participant 'P03' has no individual lrm model; models exist for P01, P02"):
        models.network("P03")


def test_weights_of_another_architecture_are_named(models):
    models.states["P01"].pop(next(iter(models.states["P01"])))
    with pytest.raises(ValueError, match="participant 'P01': .*Missing key"):
        models.network("P01")


def test_an_id_with_a_slash_is_refused(models, tmp_path):
    with pytest.raises(ValueError, match="participant_id 'a/b' cannot be a key"):
        write_individuals(IndividualModels(SPECIFICATION, {"a/b": models.states["P01"]}), tmp_path / "x")


def test_a_single_network_is_refused(models, tmp_path):
    save_file(models.states["P01"], tmp_path / "one.safetensors", metadata=SPECIFICATION.to_header())
    with pytest.raises(ValueError, match=r"one\.safetensors: key .*this is a single network"):
        read_individuals(tmp_path / "one.safetensors")


def test_a_foreign_file_is_refused(models, tmp_path):
    save_file({"P01/weight": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(ValueError, match=r"foreign\.safetensors: the weights' header lacks"):
        read_individuals(tmp_path / "foreign.safetensors")
