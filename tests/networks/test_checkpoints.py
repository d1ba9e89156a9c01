"""Specifications and what they are kept as."""

import pytest
from torch import nn

from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification

NOISE = NoiseSpecification("epsilon", "squaredcos_cap_v2", 50, (0.0, 1.0))


@pytest.mark.parametrize("noise", [None, NOISE])
def test_a_header_comes_back(noise):
    specification = NetworkSpecification("lrm", {"image_size": 8}, noise, {"digits": 5000, "rates": [0.1, 0.2]})
    header = specification.to_header()
    assert all(isinstance(value, str) for value in header.values())  # all that safetensors stores
    assert NetworkSpecification.from_header(header) == specification


def test_a_header_by_hand():
    header = NetworkSpecification("lrm", {"channels": 1, "a": 2}).to_header()
    assert header == {"architecture": '"lrm"', "arguments": '{"a": 2, "channels": 1}', "noise": "null", "notes": "{}"}


@pytest.mark.parametrize("header", [None, {}, {"architecture": '"lrm"', "arguments": "{}", "notes": "{}"}])
def test_a_header_that_lacks_a_field_is_refused(header):
    with pytest.raises(ValueError, match=r"header lacks \[.*'noise'.*\]; it was not written by this project"):
        NetworkSpecification.from_header(header)


def test_a_trained_network_is_ready_for_use():
    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout()).train()
    trained = TrainedNetwork(network, NetworkSpecification("lrm", {}, NOISE))
    assert not trained.network.training and not trained.network[0].weight.requires_grad
    assert trained.noise == NOISE


def test_a_classifier_has_no_noise():
    with pytest.raises(ValueError, match="lrm is not a denoiser: its header has no noise schedule"):
        _ = TrainedNetwork(nn.Linear(1, 1), NetworkSpecification("lrm", {})).noise
