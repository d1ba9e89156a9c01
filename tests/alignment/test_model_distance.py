"""How much people's models differ."""

import numpy as np
import pytest
import torch

from bam_pipelines.alignment.individuals import WholeNetworks
from bam_pipelines.alignment.model_distance import model_distances
from bam_pipelines.networks.checkpoints import NetworkSpecification

LRM = NetworkSpecification("lrm", {"image_size": 2, "channels": 1, "n_classes": 2})


def biased(log_odds):
    return {"1.weight": torch.zeros(2, 4), "1.bias": torch.tensor([log_odds, 0.0])}


def test_the_distance_is_hellingers():
    models = WholeNetworks(LRM, {"a": biased(0.0), "b": biased(np.log(9.0)), "c": biased(0.0)})
    found = model_distances(models, torch.rand(5, 1, 2, 2))
    # 1 − Σ √(p q) of (.5, .5) and (.9, .1)
    expected = 1 - np.sqrt(0.45) - np.sqrt(0.05)
    assert found[0, 1] == found[1, 0] == pytest.approx(expected, abs=1e-6)
    assert found[0, 2] == pytest.approx(0, abs=1e-6)
    assert np.diag(found) == pytest.approx(0, abs=1e-6)
