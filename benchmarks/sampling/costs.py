"""What a sampled image costs, counted, not timed: evaluations and multiply-accumulates."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.methods import Guides
from benchmarks.sampling.arms import Arm
from benchmarks.sampling.repeats import targets_of

FLOAT32 = Compute("cpu", "float32")


def cost_of_image(arm: Arm, guides: Guides) -> dict[str, float]:
    """Count one proposal of an arm.

    Returns
    -------
    dict
        ``evaluations`` of the denoiser, ``guided_evaluations``: those of them with gradient, and ``macs`` of all
        networks: a backward pass to the input costs as much as the forward pass, for weights get no gradient.
    """
    networks = [guides.prior.network, *guides.classifiers, guides.judge]
    counts = [_Count(network) for network in networks]
    arm.method.sample(guides, [0], targets_of(0)[:1], arm.task.rule, FLOAT32)
    for count in counts:
        count.handle.remove()
    return {
        "evaluations": counts[0].calls,
        "guided_evaluations": counts[0].with_gradient,
        "macs": sum((count.calls + count.with_gradient) * count.macs() for count in counts),
    }


class _Count:
    """How often a network is called, and with what."""

    def __init__(self, network: nn.Module) -> None:
        self.network, self.calls, self.with_gradient = network, 0, 0
        self.handle = network.register_forward_hook(self._called)

    def _called(self, network: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        self.calls += 1
        self.with_gradient += output.requires_grad
        self.inputs = inputs

    def macs(self) -> float:
        """Return multiply-accumulates of one forward pass."""
        if not self.calls:
            return 0.0
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            self.network(*(value.detach() for value in self.inputs))
        return counter.get_total_flops() / 2
