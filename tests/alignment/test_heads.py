"""Trunk and head of each classifier."""

import pytest
import torch
from torch import nn

from bam_pipelines.alignment.heads import head_features, linear_head
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES, build_classifier


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
def test_the_head_gives_the_logits_of_the_features(name):
    network = build_classifier(name, image_size=8, channels=1, n_classes=3).eval()
    images = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    _, head = linear_head(network)
    features = head_features(network, images, batch_size=2)
    assert features.shape == (5, head.in_features) and head.out_features == 3
    assert torch.allclose(head(features), network(images), atol=1e-5)


def test_a_network_that_goes_on_after_its_head_is_refused():
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softmax(dim=1)).eval()
    with pytest.raises(ValueError, match="its logits are not what its last linear layer, 1, gives"):
        head_features(network, torch.rand(2, 1, 8, 8))


def test_a_network_without_a_head_is_refused():
    with pytest.raises(ValueError, match="Flatten has no linear layer to adapt"):
        linear_head(nn.Flatten())


def test_a_network_in_training_mode_is_refused():
    with pytest.raises(ValueError, match="training mode"):
        head_features(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), torch.rand(2, 1, 8, 8))
