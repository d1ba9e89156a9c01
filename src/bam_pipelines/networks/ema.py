"""Exponential moving average of weights, with a warm-up."""

import copy

import torch
from torch import nn


class MovingAverage:
    """Average of a network's weights whose decay grows as min(decay, (1 + n) / (10 + n)) with the number of updates n.

    Without the warm-up a long average stays near the initial weights for its first 1 / (1 - decay) steps.

    Parameters
    ----------
    network
        The network being trained; its weights are copied.
    decay
        Largest decay, in [0, 1).

    Raises
    ------
    ValueError
        If it is outside that range.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay is {decay}, expected a number in [0, 1).")
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the network's present weights."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        current = network.state_dict()
        for name, kept in self.average.state_dict().items():
            if kept.is_floating_point():
                kept.lerp_(current[name], 1 - decay)
            else:
                kept.copy_(current[name])
        self.updates += 1
