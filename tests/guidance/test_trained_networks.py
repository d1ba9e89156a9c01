"""The fast sampler with the networks that come with the project, on bundled digits; on a GPU too where there is one."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.guidance.acceptance import AcceptanceRule, assess
from bam_pipelines.guidance.fast import FastSettings
from bam_pipelines.guidance.methods import FastMethod, Guides
from bam_pipelines.images.digits import bundled_digits
from bam_pipelines.images.pixels import to_uint8, to_unit
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.registry import read_network

NETWORKS = Path(__file__).parents[2] / "data" / "06_models"
SETTINGS = FastSettings(start=0.6, steps=10, log_odds=7.0, step_limit=0.03, corrections=6, starts=7)
TARGETS = torch.tensor(list(combinations(range(10), 2)))
RULE = AcceptanceRule("uncertainty", 0.4, None, 0.5)


def committed(name):
    return read_network(next((NETWORKS / f"{name}.safetensors").glob("2000*/*")))


@pytest.fixture(scope="module")
def sample():
    digits = bundled_digits()
    method = FastMethod(SETTINGS, digits, reference_weight=0.0)
    # the network of the simulated participants' eyes stands in for a trained classifier
    prior, classifier, judge = (committed(name) for name in ("diffusion_prior", "observer_network", "digit_judge"))

    def run(compute, seed=0):
        prior.network.to(compute.device)
        guides = Guides(
            TrainedNetwork(prior.network, prior.specification),
            [classifier.network.to(compute.device)],
            judge.network.to(compute.device),
        )
        seeds = [derive_seed(seed, "test", index) for index in range(len(TARGETS))]
        pixels = to_uint8(method.sample(guides, seeds, TARGETS, RULE, compute))
        images = to_unit(pixels).to(compute.device)
        return assess(images, TARGETS.to(compute.device), guides.classifiers, guides.judge, RULE)

    return run


def test_most_digit_pairs_are_met_and_exactly(sample):
    found = sample(Compute("cpu", "float32"))
    assert found.accepted.mean() > 0.6
    gap = np.abs(found.probabilities[:, 0] - found.probabilities[:, 1])[found.accepted]
    assert np.median(gap) <= 0.02
    assert np.quantile(gap, 0.95) <= 0.05


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
def test_a_gpu_accepts_as_often_as_the_cpu(sample):
    devices = [
        Compute("cpu", "float32"),
        *(Compute("cuda", precision) for precision in ("float32", "bfloat16")),
    ]
    cpu, single, half = (np.mean([sample(one, seed).accepted.mean() for seed in range(4)]) for one in devices)
    assert single == pytest.approx(cpu, abs=0.05)
    assert half == pytest.approx(single, abs=0.05)
