"""A small answer model: seven images, two ways to differ, three classes."""

import pytest
import torch

from bam_pipelines.adaptive.answer_model import AnswerModel


def make_model(n_images=7, rank=2, n_classes=3, spread=1.0, seed=0):
    draw = torch.Generator().manual_seed(seed)

    def normal(*size):
        return torch.randn(*size, generator=draw, dtype=torch.float64)

    scale = torch.linspace(0.7, 1.0, n_images, dtype=torch.float64)
    ways = spread * normal(n_images, rank, n_classes)
    return AnswerModel(normal(n_images, n_classes), ways, scale, (0.2, 0.3), (-2.0, 0.5))


@pytest.fixture
def model():
    return make_model()


@pytest.fixture
def model_of():
    return make_model
