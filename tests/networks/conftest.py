"""Float32 on one thread of the processor."""

import pytest

from bam_pipelines.compute.device import Compute


@pytest.fixture
def compute():
    return Compute("cpu", "float32")
