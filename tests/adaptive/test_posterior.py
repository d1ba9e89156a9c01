"""What answers tell of people, against finite differences, loops and importance sampling."""

import numpy as np
import pytest
import torch

from bam_pipelines.adaptive.answer_model import answer_probabilities, own_answer_probabilities
from bam_pipelines.adaptive.posterior import fit_posterior, log_density, padded


def answers(model, personal, n, seed=0):
    draw = np.random.default_rng(seed)
    images = draw.integers(0, len(model.logits), (len(personal), n))
    chances = own_answer_probabilities(model, torch.from_numpy(images), personal).numpy()
    responses = (draw.random((*images.shape, 1)) > chances.cumsum(axis=2)).sum(axis=2).clip(0, 2)
    return list(images), list(responses)


@pytest.fixture
def people():
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_without_trials_people_are_as_the_population(model):
    found = fit_posterior(model, padded([np.zeros(0, dtype=int)] * 2, [np.zeros(0, dtype=int)] * 2))
    assert torch.equal(found.mean, torch.zeros(2, 4, dtype=torch.float64))
    assert torch.allclose(found.covariance, torch.eye(4, dtype=torch.float64).expand(2, -1, -1))


def test_the_density_is_flat_at_the_most_likely_values(model, people):
    asked = padded(*answers(model, people, 40))
    found = fit_posterior(model, asked)
    for place in range(4):
        step = 1e-4 * torch.eye(4, dtype=torch.float64)[place]
        up, down = (log_density(model, asked, found.mean + sign * step) for sign in (1, -1))
        assert ((up - down) / 2e-4).abs().max() < 0.02
    middle = log_density(model, asked, found.mean)
    for seed in range(20):
        noise = torch.randn(3, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert (log_density(model, asked, found.mean + 0.1 * noise) < middle).all()


def test_the_density_is_the_priors_times_each_answers(model):
    own = torch.tensor([[0.3, -1.0, 0.5, 0.2]], dtype=torch.float64)
    asked = padded([np.array([2, 5])], [np.array([1, 0])])
    chances = answer_probabilities(model, own)[0]
    expected = chances[2, 1].log() + chances[5, 0].log() - (0.09 + 1 + 0.25 + 0.04) / 2
    assert log_density(model, asked, own).item() == pytest.approx(expected.item(), abs=1e-12)


def test_information_is_the_expected_curvature(model, people):
    """Σ over answers of their probability times the curvature of −log p, by finite differences, plus the prior's 1."""
    images, responses = answers(model, people[:1], 6)
    found = fit_posterior(model, padded(images, responses))
    size, step = 4, 1e-4
    unit = step * torch.eye(size, dtype=torch.float64)
    curvature = torch.eye(size, dtype=torch.float64)
    for image in images[0]:
        one = model.take(torch.tensor([image]))

        def minus_log(own, one=one):
            return -answer_probabilities(one, own[None])[0, 0].log()

        chances = answer_probabilities(one, found.mean)[0, 0]
        for i in range(size):
            for j in range(size):
                corners = [
                    sign * minus_log(found.mean[0] + a * unit[i] + b * unit[j])
                    for a, b, sign in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
                ]
                curvature[i, j] += (chances * sum(corners) / (4 * step**2)).sum()
    assert torch.linalg.inv(found.covariance[0]).numpy() == pytest.approx(curvature.numpy(), abs=1e-4)


def test_predictions_are_those_of_importance_sampling(model, people):
    """200,000 draws from a wider normal, weighted by the true density."""
    images, responses = answers(model, people, 300)
    asked = padded(images, responses)
    found = fit_posterior(model, asked)
    for person in range(3):
        root = 1.5 * torch.linalg.cholesky(found.covariance[person])
        noise = torch.randn(200_000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        drawn = found.mean[person] + noise @ root.T
        chances = answer_probabilities(model, drawn)
        likely = chances[:, images[person]].gather(2, asked.responses[person].expand(len(drawn), -1)[..., None])
        density = likely[..., 0].log().sum(dim=1) - 0.5 * drawn.square().sum(dim=1)
        weight = (density + 0.5 * noise.square().sum(dim=1)).softmax(dim=0)
        assert 1 / weight.square().sum() > 20_000
        expected = torch.einsum("s,snk->nk", weight, chances)
        samples = found.samples(person, 20_000, torch.Generator().manual_seed(1))
        sampled = answer_probabilities(model, samples).mean(dim=0)
        assert sampled.numpy() == pytest.approx(expected.numpy(), abs=0.03)
        prior = answer_probabilities(model, noise).mean(dim=0)
        assert (sampled - expected).abs().mean() < 0.1 * (prior - expected).abs().mean()


def test_a_person_does_not_depend_on_who_else_is_fitted(model, people):
    images, responses = answers(model, people, 30)
    images[1], responses[1] = images[1][:7], responses[1][:7]
    together = fit_posterior(model, padded(images, responses))
    for person in range(3):
        alone = fit_posterior(model, padded(images[person : person + 1], responses[person : person + 1]))
        assert torch.allclose(alone.mean[0], together.mean[person], atol=1e-5)
        assert torch.allclose(alone.covariance[0], together.covariance[person], atol=1e-5)


def test_beginning_elsewhere_leads_to_the_same_values(model, people):
    asked = padded(*answers(model, people, 30))
    start = torch.full((3, 4), 1.5, dtype=torch.float64)
    found = fit_posterior(model, asked, start)
    assert torch.allclose(found.mean, fit_posterior(model, asked).mean, atol=5e-3)
    assert torch.equal(start, torch.full((3, 4), 1.5, dtype=torch.float64))


def test_samples_have_the_posteriors_moments(model, people):
    found = fit_posterior(model, padded(*answers(model, people, 30)))
    samples = found.samples(1, 40_001, torch.Generator().manual_seed(0))
    assert samples.shape == (40_001, 4)
    assert samples.mean(dim=0).numpy() == pytest.approx(found.mean[1].numpy(), abs=1e-3)
    assert samples.T.cov().numpy() == pytest.approx(found.covariance[1].numpy(), abs=0.02)
