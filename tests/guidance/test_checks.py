"""What is refused before anything is sampled."""

import pytest
import torch

from bam_pipelines.guidance.cells import Cell
from bam_pipelines.guidance.checks import check_sampling_inputs
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork

GOOD = [Cell(("a",), (0, 2), 1)]
FACTS = {"image_size": 4, "channels": 1}


class Probabilities(torch.nn.Module):
    def forward(self, images):
        return images.flatten(1)[:, :3].softmax(dim=1)


@pytest.fixture
def check(gaussian_prior, noise, half_detectors, linear):
    """A function that checks a good set of inputs, with some of them replaced."""

    def run(classifier=half_detectors, facts=FACTS, notes=None, cells=GOOD, training=None):
        prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
        judge = TrainedNetwork(linear(torch.zeros(1, 16), 1.0), NetworkSpecification("judge", FACTS))
        given = TrainedNetwork(classifier, NetworkSpecification("a", facts, notes=notes or {}))
        for name, trained in (("prior", prior), ("judge", judge), ("classifier", given)):
            trained.network.train(name == training)
        return check_sampling_inputs(cells, {"a": given}, prior, judge)

    return run


class Rectified(torch.nn.Module):
    """Logits that are never negative, as after a ReLU, and do not sum to one."""

    def forward(self, images):
        return images.flatten(1)[:, :3] + 1


class Centred(torch.nn.Module):
    """Logits that sum to one, and of which one is negative."""

    def forward(self, images):
        return torch.tensor([[2.0, -3.0, 2.0]]).repeat(len(images), 1) + 0 * images.flatten(1)[:, :3]


@pytest.mark.parametrize("network", [Rectified, Centred])
def test_logits_that_look_like_probabilities_in_one_way_only_pass(check, network):
    assert check(classifier=network()) is None


def test_what_fits_passes(check):
    for change in ({}, {"notes": {"value_range": [0, 1]}}, {"cells": [Cell((), (0, 2), 1)]}):
        assert check(**change) is None


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"cells": [Cell(("c",), (0, 1), 1)]}, "cells name the classifiers c, but only a exist"),
        (
            {"facts": {"image_size": 8, "channels": 1}},
            "classifier a was trained on images with image_size 8, the prior",
        ),
        ({"facts": {"image_size": 4, "channels": 3}}, "classifier a was trained on images with channels 3, the prior"),
        ({"notes": {"value_range": [-1, 1]}}, r"classifier a takes images in \[-1, 1\], expected \[0, 1\]"),
        ({"training": "classifier"}, "classifier a is in training mode"),
        ({"training": "judge"}, "the judge is in training mode"),
        ({"training": "prior"}, "the prior is in training mode"),
        ({"classifier": Probabilities()}, "classifier a returns probabilities, expected logits"),
        ({"cells": [Cell(("a",), (0, 3), 1)]}, r"targets \(0, 3\), expected two different classes from 0 to 2"),
        ({"cells": [Cell(("a",), (-1, 2), 1)]}, r"targets \(-1, 2\), expected two different classes"),
        ({"cells": [Cell(("a",), (1, 1), 1)]}, r"targets \(1, 1\), expected two different classes"),
        ({"cells": [Cell((), (0, 3), 1)]}, r"a cell of no classifier has the targets \(0, 3\)"),
    ],
)
def test_what_does_not_fit_is_named(check, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        check(**change)


def test_two_that_guide_together_have_the_same_classes(gaussian_prior, noise, half_detectors, linear):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    judge = TrainedNetwork(linear(torch.zeros(1, 16), 1.0), NetworkSpecification("judge", FACTS))
    two = TrainedNetwork(linear(torch.randn(2, 16), 0.0), NetworkSpecification("b", FACTS))
    three = TrainedNetwork(half_detectors, NetworkSpecification("a", FACTS))
    with pytest.raises(ValueError, match="a has 3 classes and b has 2 classes; classifiers that guide together"):
        check_sampling_inputs([Cell(("a", "b"), (0, 1), 1)], {"a": three, "b": two}, prior, judge)
