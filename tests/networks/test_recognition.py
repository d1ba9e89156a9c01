"""Networks that measure: features, heads, ranges."""

import pytest
import torch

from bam_pipelines.networks.recognition import (
    FeatureNetwork,
    ObserverNetwork,
    StridedJudge,
)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def images():
    return torch.rand(3, 2, 12, 12, generator=torch.Generator().manual_seed(1))


def parameters_of(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_feature_network_by_hand(images):
    network = FeatureNetwork(2, 5, widths=(4, 8), n_features=6).eval()
    # 3 x 3 convolutions without bias, each with a batch norm of two numbers a channel; 2 x 2 averages; two linears
    expected = 9 * (2 * 4 + 4 * 4 + 4 * 8 + 8 * 8) + 2 * (4 + 4 + 8 + 8) + (8 * 4 * 6 + 6) + (6 * 5 + 5)
    assert parameters_of(network) == expected
    features = network.features(images)
    assert features.shape == (3, 6) and (features >= 0).all()
    torch.testing.assert_close(network(images), network.head(features))


def test_the_observer_network_by_hand(images):
    network = ObserverNetwork(2, 5, widths=(8, 16), n_features=6).eval()
    # blocks of two convolutions, two group norms and, as the width changes, a 1 x 1 shortcut
    first = (9 * 2 * 8 + 8) + (9 * 8 * 8 + 8) + 2 * 2 * 8 + (2 * 8 + 8)
    second = (9 * 8 * 16 + 16) + (9 * 16 * 16 + 16) + 2 * 2 * 16 + (8 * 16 + 16)
    assert parameters_of(network) == first + second + (16 * 16 * 6 + 6) + (6 * 5 + 5)
    features = network.features(images)
    assert features.shape == (3, 6) and features.dtype == torch.float32 and (features.abs() < 1).all()
    torch.testing.assert_close(network(images), network.head(features))
    with torch.no_grad():
        network.hidden.weight.mul_(1000)
    assert network.features(images).abs().max() <= 1


def test_the_observer_sees_each_image_alone(images):
    network = ObserverNetwork(2, 5, widths=(8, 16), n_features=6)  # no batch statistics, even in training mode
    alone = torch.cat([network(images[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(network(images), alone, rtol=0, atol=1e-5)


def test_the_strided_judge_by_hand(images):
    network = StridedJudge(2, width=4).eval()
    expected = (25 * 2 * 4 + 4) + (25 * 4 * 8 + 8) + (9 * 8 * 16 + 16) + (16 * 16 + 1)
    assert parameters_of(network) == expected
    assert network(images).shape == (3, 1)


@pytest.mark.parametrize("size", [8, 28])
def test_any_image_size_is_taken(size):
    image = torch.rand(1, 1, size, size)
    networks = (FeatureNetwork(1, 3, (4,), 4), ObserverNetwork(1, 3, (8,), 4), StridedJudge(1, 4))
    assert [tuple(network.eval()(image).shape) for network in networks] == [(1, 3), (1, 3), (1, 1)]
