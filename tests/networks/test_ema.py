"""The moving average of weights by hand."""

import pytest
import torch
from torch import nn

from bam_pipelines.networks.ema import MovingAverage


def single_weight(value):
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def test_the_warm_up_by_hand():
    network = single_weight(0.0)
    ema = MovingAverage(network, decay=0.9999)
    found = []
    for value in (1.0, 2.0, 4.0):
        nn.init.constant_(network.weight, value)
        ema.update(network)
        found.append(ema.average.weight.item())
    # decays 1/10, 2/11, 3/12: .1 · 0 + .9 · 1 = .9; 2/11 · .9 + 9/11 · 2 = 1.8; .25 · 1.8 + .75 · 4 = 3.45
    assert found == pytest.approx([0.9, 1.8, 3.45])
    assert ema.updates == 3


def test_the_decay_stops_growing_at_its_limit():
    network = single_weight(0.0)
    ema = MovingAverage(network, decay=0.1)  # reached with the first update
    nn.init.constant_(network.weight, 1.0)
    ema.update(network)
    ema.update(network)
    assert ema.average.weight.item() == pytest.approx(0.99)  # .1 · .9 + .9


def test_the_average_is_a_copy_without_gradients():
    network = single_weight(3.0)
    ema = MovingAverage(network, decay=0.5)
    nn.init.constant_(network.weight, 7.0)
    assert ema.average.weight.item() == 3.0
    assert not ema.average.weight.requires_grad and not ema.average.training


def test_counters_are_copied_not_averaged():
    network = nn.BatchNorm1d(1).train()
    ema = MovingAverage(network, decay=0.9)
    network(torch.randn(4, 1))
    ema.update(network)
    assert ema.average.num_batches_tracked.item() == 1
    # running mean: .1 of the way from 0, then 9/10 of the way to it
    torch.testing.assert_close(ema.average.running_mean, 0.9 * network.running_mean)


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_an_impossible_decay_is_refused(decay):
    with pytest.raises(ValueError, match=rf"decay is {decay}, expected a number in \[0, 1\)"):
        MovingAverage(single_weight(0.0), decay)
