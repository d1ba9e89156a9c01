"""Networks of many participants."""

import pytest
import torch


def test_a_network_is_for_looking_only(whole_networks):
    network = whole_networks.network("P01")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_an_unknown_participant_is_named(whole_networks):
    with pytest.raises(ValueError, match="participant 'P03' has no individual lrm model; models exist for P01, P02"):
        whole_networks.network("P03")


def test_weights_of_another_architecture_are_named(whole_networks):
    whole_networks.states["P01"].pop(next(iter(whole_networks.states["P01"])))
    with pytest.raises(ValueError, match="participant 'P01': .*Missing key"):
        whole_networks.network("P01")


def test_gradients_reach_the_image(shared_trunk):
    image = torch.rand(1, 1, 8, 8, requires_grad=True)
    shared_trunk.network("P02")(image)[0, 0].backward()
    assert image.grad.abs().sum() > 0
