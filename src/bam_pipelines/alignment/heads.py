"""A classifier as a trunk that gives features and a linear head that reads them."""

import copy

import torch
from torch import nn

from bam_pipelines.compute.faults import InputError


def linear_head(network: nn.Module) -> tuple[str, nn.Linear]:
    """Return the name and the module of a classifier's last linear layer.

    Raises
    ------
    ValueError
        If it has none.
    """
    layers = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise InputError(
            f"{type(network).__name__} has no linear layer to adapt; align it with alignment.method paper."
        )
    return layers[-1]


@torch.no_grad()
def head_features(network: nn.Module, images: torch.Tensor, batch_size: int = 100) -> torch.Tensor:
    """Return what a classifier's head reads.

    Parameters
    ----------
    network
        In eval mode; images to logits (N, K).
    images
        Float, (N, C, H, W) in [0, 1], on the network's device.
    batch_size
        Images seen at once.

    Returns
    -------
    torch.Tensor
        float32, (N, D), on the CPU.

    Raises
    ------
    ValueError
        If the network is in training mode, or its logits are not what its last linear layer gives.
    """
    if network.training:
        raise ValueError(f"{type(network).__name__} is in training mode; call eval() first.")
    # convolutions are nearly twice as fast with channels last; the caller's network stays as it is
    network = copy.deepcopy(network)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own types lack it
    name, head = linear_head(network)
    seen: list[torch.Tensor] = []
    handle = head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        logits = [network(batch.contiguous(memory_format=torch.channels_last)) for batch in images.split(batch_size)]
    finally:
        handle.remove()
    if len(seen) != len(logits) or not all(
        torch.equal(head(read), given) for read, given in zip(seen, logits, strict=True)
    ):
        raise InputError(
            f"{type(network).__name__}: its logits are not what its last linear layer, {name}, gives; align it with "
            "alignment.method paper."
        )
    return torch.cat(seen).float().cpu()
