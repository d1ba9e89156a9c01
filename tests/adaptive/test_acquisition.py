"""What an answer is expected to tell, in closed form and against loops."""

import math

import numpy as np
import pytest
import torch

from bam_pipelines.adaptive.acquisition import bald, epig, predictive_entropy


def samples(*size, seed=0):
    return torch.rand(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).softmax(dim=2)


def naive_epig(pool, targets):
    """Mutual information, one answer and one target at a time."""
    _, n, k = pool.shape
    found = np.zeros(n)
    for image in range(n):
        for target in range(targets.shape[1]):
            for y in range(k):
                for other in range(k):
                    joint = float((pool[:, image, y] * targets[:, target, other]).mean())
                    apart = float(pool[:, image, y].mean() * targets[:, target, other].mean())
                    found[image] += joint * math.log(joint / apart) / targets.shape[1]
    return found


def test_epig_is_the_mutual_information_of_two_answers():
    pool, targets = 5 * samples(6, 4, 3), samples(6, 2, 3, seed=1)
    pool = pool / pool.sum(dim=2, keepdim=True)
    assert epig(pool, targets).numpy() == pytest.approx(naive_epig(pool, targets), abs=1e-12)


def test_epig_of_many_images_is_that_of_each(monkeypatch):
    pool, targets = samples(6, 9, 3), samples(6, 2, 3, seed=1)
    whole = epig(pool, targets)
    monkeypatch.setattr("bam_pipelines.adaptive.acquisition._CELLS", 20)  # one image at a time
    assert torch.allclose(epig(pool, targets), whole)


def test_two_kinds_of_people_who_always_answer_alike_share_all_information():
    """Kind 1 answers 0, kind 2 answers 1, to both images: one answer tells log 2 nats of the other."""
    sure = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]], dtype=torch.float64)
    assert epig(sure, sure).item() == pytest.approx(math.log(2))
    assert bald(sure).item() == pytest.approx(math.log(2))


def test_two_kinds_of_people_who_answer_with_noise():
    """With probability 0.9 for one's own answer, equal answers to both images have probability 0.82."""
    noisy = torch.tensor([[[0.9, 0.1]], [[0.1, 0.9]]], dtype=torch.float64)
    expected = math.log(2) + 0.82 * math.log(0.82) + 0.18 * math.log(0.18)
    assert epig(noisy, noisy).item() == pytest.approx(expected)
    assert bald(noisy).item() == pytest.approx(math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1))


def test_answers_that_vary_apart_tell_nothing_of_each_other():
    """The first image's answer depends on one value, the second's on another; all four combinations are as likely."""
    one = torch.tensor([0.9, 0.9, 0.2, 0.2], dtype=torch.float64)
    other = torch.tensor([0.7, 0.1, 0.7, 0.1], dtype=torch.float64)
    pool, targets = (torch.stack([values, 1 - values], dim=1)[:, None] for values in (one, other))
    assert epig(pool, targets).item() == pytest.approx(0, abs=1e-12)
    assert bald(pool).item() > 0.1


def test_a_coin_is_uncertain_and_tells_nothing():
    coin = torch.full((5, 1, 2), 0.5, dtype=torch.float64)
    assert predictive_entropy(coin).item() == pytest.approx(math.log(2))
    assert bald(coin).item() == pytest.approx(0, abs=1e-12)
    assert epig(coin, samples(5, 3, 2)).item() == pytest.approx(0, abs=1e-12)


def test_an_answer_tells_no_more_of_another_than_of_the_person():
    pool, targets = samples(50, 20, 4) ** 3, samples(50, 5, 4, seed=1)
    pool = pool / pool.sum(dim=2, keepdim=True)
    assert (epig(pool, targets) <= bald(pool) + 1e-12).all()
    assert (bald(pool) <= predictive_entropy(pool)).all()
