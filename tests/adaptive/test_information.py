"""Fisher information of answers, against loops and EPIG where little is left to learn."""

import pytest
import torch

from bam_pipelines.adaptive.acquisition import epig
from bam_pipelines.adaptive.answer_model import answer_derivatives, answer_probabilities
from bam_pipelines.adaptive.information import after_answer, information_roots, linear_epig, mean_information


@pytest.fixture
def personal():
    return torch.tensor([0.4, -0.7, 0.3, 0.1], dtype=torch.float64)


def informations(model, personal):
    """Σ_k ∂p_k ∂p_kᵀ / p_k of each image, by loops."""
    chances, slopes = answer_derivatives(model, torch.arange(7)[None], personal[None])
    return [sum(torch.outer(slopes[0, n, k], slopes[0, n, k]) / chances[0, n, k] for k in range(3)) for n in range(7)]


def test_roots_multiply_to_the_fisher_information(model, personal):
    roots, expected = information_roots(model, personal), informations(model, personal)
    for root, one in zip(roots, expected, strict=True):
        assert torch.allclose(root.T @ root, one)
    assert torch.allclose(mean_information(roots), sum(expected) / 7)


def test_linear_epig_is_the_trace(model, personal):
    roots, every = information_roots(model, personal), informations(model, personal)
    half = torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    covariance, aim = half @ half.T, sum(every[:3]) / 3
    expected = [torch.trace(one @ covariance @ aim @ covariance).item() / 2 for one in every]
    assert linear_epig(roots, aim, covariance).numpy() == pytest.approx(expected)


def test_linear_epig_is_epig_where_little_is_left_to_learn(model_of, personal):
    pool, targets = model_of(), model_of(seed=1)
    covariance = 1e-2 * torch.eye(4, dtype=torch.float64)
    noise = torch.randn(200_000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    drawn = personal + 0.1 * noise
    exact = epig(answer_probabilities(pool, drawn), answer_probabilities(targets, drawn))
    aim = mean_information(information_roots(targets, personal))
    found = linear_epig(information_roots(pool, personal), aim, covariance)
    assert found.numpy() == pytest.approx(exact.numpy(), rel=0.15)


def test_an_answer_adds_its_information(model, personal):
    root = information_roots(model, personal)[2]
    covariance = torch.diag(torch.tensor([1.0, 0.5, 2.0, 0.3], dtype=torch.float64))
    expected = torch.linalg.inv(torch.linalg.inv(covariance) + root.T @ root)
    assert torch.allclose(after_answer(covariance, root), expected)
