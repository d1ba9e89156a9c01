"""Averages of windows, against torch."""

import pytest
import torch

from bam_pipelines.networks.pooling import AveragePool, average_by_products


@pytest.mark.parametrize(("length", "size"), [(7, 2), (7, 4), (8, 4), (4, 4), (3, 4)])
def test_averages_by_products_are_averages_of_windows(length, size):
    maps = torch.rand(2, 3, length, length + 1, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.adaptive_avg_pool2d(maps, size)
    torch.testing.assert_close(average_by_products(maps, size), expected)
    torch.testing.assert_close(AveragePool(size)(maps), expected)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(average_by_products(maps, size), expected)  # its weights are not rounded
