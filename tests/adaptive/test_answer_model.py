"""The population as probabilities of answers, against loops, finite differences and draws."""

import math

import numpy as np
import pytest
import torch
from scipy.special import softmax

from bam_pipelines.adaptive import answer_model as module
from bam_pipelines.adaptive.answer_model import (
    answer_derivatives,
    answer_model,
    answer_probabilities,
    own_answer_probabilities,
    people_moments,
)
from bam_pipelines.alignment.hierarchical import FittedPopulation, HierarchicalFit
from bam_pipelines.alignment.population import Population, principal_components
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.registry import build_network

SPECIFICATION = NetworkSpecification("lrm", {"image_size": 4, "channels": 1, "n_classes": 3})


def values(n, size=4):
    return torch.randn(n, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def by_hand(model, image, own):
    """The formula, one person and one image."""
    seen = model.logits[image] + sum(own[way] * model.ways[image, way] for way in range(2))
    cold = math.exp(-0.2 - 0.3 * own[2])
    lapse = 1 / (1 + math.exp(2.0 - 0.5 * own[3]))
    return (1 - lapse) * softmax((model.scale[image] * cold * seen).numpy()) + lapse / 3


def test_probabilities_are_the_formula(model):
    personal = values(5)
    found = answer_probabilities(model, personal).numpy()
    expected = [[by_hand(model, image, own.tolist()) for image in range(7)] for own in personal]
    assert found == pytest.approx(np.array(expected), abs=1e-12)
    images = torch.tensor([[3, 1], [0, 0], [6, 2], [1, 1], [5, 4]])
    own = own_answer_probabilities(model, images, personal).numpy()
    assert own == pytest.approx(found[np.arange(5)[:, None], images], abs=1e-12)


def test_derivatives_are_finite_differences(model):
    personal, images = values(2), torch.tensor([[3, 1, 4], [0, 5, 6]])
    probabilities, derivatives = answer_derivatives(model, images, personal)
    assert torch.allclose(probabilities, own_answer_probabilities(model, images, personal))
    for place in range(4):
        step = 1e-6 * torch.eye(4, dtype=torch.float64)[place]
        up, down = (own_answer_probabilities(model, images, personal + sign * step) for sign in (1, -1))
        assert derivatives[..., place].numpy() == pytest.approx(((up - down) / 2e-6).numpy(), abs=1e-8)


def test_some_images_are_taken(model):
    personal, some = values(3), torch.tensor([4, 0])
    assert torch.equal(answer_probabilities(model.take(some), personal), answer_probabilities(model, personal)[:, some])


def random_fit(n_people=50, loading_sd=1e-6):
    """A population with random parameters that was fitted to images i0 to i3."""
    network = build_network(SPECIFICATION, seed=0)
    generator = torch.Generator().manual_seed(0)
    population = Population(n_people, 6, 2, 3, 5, generator)
    with torch.no_grad():
        for parameter in (population.mean, population.image_mean, population.loadings):
            parameter.normal_(generator=generator)
        population.log_sd.fill_(math.log(0.4))
        population.loading_log_sd.fill_(math.log(loading_sd))
        population.image_log_sd.fill_(-20.0)
    components = principal_components(torch.rand(20, 16, generator=generator), 5)
    fitted = FittedPopulation(
        TrainedNetwork(network, SPECIFICATION), population, components, {f"i{index}": index for index in range(4)}
    )
    return HierarchicalFit(None, [], 1.0, fitted)


IMAGES = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(2))
IDS = [f"i{index}" for index in range(6)]


def test_the_populations_model_is_what_it_says_of_known_images():
    """With the personal values turned back into the fit's own, both give the same probabilities."""
    fit = random_fit()
    population, group = fit.posterior.population, fit.posterior.group
    own = values(4, size=7)
    found = answer_probabilities(answer_model(fit, IMAGES, IDS), own)
    mean, covariance = people_moments(population)
    root = torch.zeros(7, 7, dtype=torch.float64)
    root[:5, :5] = torch.linalg.cholesky(covariance[:5, :5])
    root[5:, 5:] = covariance.diagonal()[5:].sqrt().diag()
    with torch.no_grad():
        personal = (mean + own @ root.T).float()
        shared = group.network(IMAGES) + population.log_spread[3].exp() * population.image_mean
        parts = fit.posterior.components(IMAGES.flatten(1))
        for image in range(4):
            rows = [parts[image].expand(4, -1), shared[image].expand(4, -1)]
            expected = population.answers(personal, *rows, population.loadings).exp()
            assert found[:, image].numpy() == pytest.approx(expected.numpy(), abs=1e-5)


def test_what_is_not_known_of_an_image_makes_answers_less_sure():
    known, vague = answer_model(random_fit(), IMAGES, IDS), answer_model(random_fit(loading_sd=0.5), IMAGES, IDS)
    assert torch.allclose(known.scale[:4], torch.ones(4, dtype=torch.float64))  # of these, all is known
    assert (known.scale[4:] < 0.8).all()  # of new ones GroupNet's misses are not
    assert (vague.scale < known.scale - 0.05).all()


def test_moments_are_of_everyones_posteriors_and_of_as_many_standard_people_as_values():
    population = random_fit(n_people=30).posterior.population
    mean, covariance = people_moments(population)
    found = population.mean.detach().double().numpy()
    # means of 30 people with variance 0.16 each, and 7 people of mean 0 and variance 1
    expected = found.sum(axis=0) / 37
    second = (found[:, :, None] * found[:, None]).sum(axis=0) + 30 * 0.16 * np.eye(7) + 7 * np.eye(7)
    assert mean.numpy() == pytest.approx(expected, abs=1e-6)
    assert covariance.numpy() == pytest.approx(second / 37 - np.outer(expected, expected), abs=1e-5)


def test_shrunk_logits_are_about_averages_over_draws():
    draw = torch.Generator().manual_seed(0)
    scaled = torch.tensor([[2.0, 1.0, 0.0], [0.5, 0.3, -3.0], [3.0, -1.0, -1.0]], dtype=torch.float64)
    variance = torch.full((3, 3), 0.8, dtype=torch.float64)
    noise = torch.randn(200_000, 3, 3, generator=draw, dtype=torch.float64)
    expected = (scaled + variance.sqrt() * noise).softmax(dim=2).mean(dim=0)
    found = (scaled * module._shrinkage(scaled, variance)[:, None]).softmax(dim=1)
    assert found.numpy() == pytest.approx(expected.numpy(), abs=0.02)
    assert (found - expected).abs().max() < 0.3 * (scaled.softmax(dim=1) - expected).abs().max()
