"""Averages of feature maps whose gradients are the same bits each time on a GPU, too."""

import torch
from torch import nn
from torch.nn import functional


class AveragePool(nn.Module):
    """:class:`torch.nn.AdaptiveAvgPool2d`, but a gradient of the same bits each time on a GPU, where torch has none."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return feature maps (N, C, size, size)."""
        return average_by_products(maps, self.size) if maps.is_cuda else functional.adaptive_avg_pool2d(maps, self.size)


def average_by_products(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Average feature maps (N, C, H, W) in ``size`` x ``size`` windows as products of matrices, in float32."""
    rows, columns = (_windows(length, size).to(maps.device) for length in maps.shape[2:])
    with torch.autocast(maps.device.type, enabled=False):
        return (rows @ maps.float() @ columns.T).to(maps.dtype)


def _windows(length: int, size: int) -> torch.Tensor:
    """Return what each window takes of each place, (size, length)."""
    return functional.adaptive_avg_pool1d(torch.eye(length)[None], size)[0].T
