"""Float32 on one thread of the processor."""

import pytest
import torch

from bam_pipelines.compute.device import Compute


@pytest.fixture
def compute():
    return Compute(torch.device("cpu"), bfloat16=False, workers=1, threads=1)
