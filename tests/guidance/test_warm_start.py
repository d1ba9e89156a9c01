"""Pairs of digits, their mixture, and the share at which classifiers waver."""

import numpy as np
import pytest
import torch

from bam_pipelines.guidance.warm_start import DRAWS, balance, draw_pairs, draw_unusual_pairs, mix_digits
from bam_pipelines.images.digits import Digits

LABELS = np.arange(30, dtype=np.uint8) % 3
# the first pixel tells the row of the digit
PIXELS = np.zeros((30, 1, 2, 2), dtype=np.uint8)
PIXELS[:, 0, 0, 0] = np.arange(30)
DIGITS = Digits(PIXELS, LABELS)


def rows_of(images):
    return (images[:, 0, 0, 0] * 255).round().long().tolist()


def test_each_image_gets_a_digit_of_either_target():
    targets = torch.tensor([[0, 1], [2, 0], [1, 2]] * 20)
    first, second = draw_pairs(DIGITS, targets, list(range(60)))
    assert first.shape == second.shape == (60, 1, 2, 2)
    for images, column in ((first, 0), (second, 1)):
        assert [LABELS[row] for row in rows_of(images)] == targets[:, column].tolist()
        assert len(set(rows_of(images))) > 15  # many different ones


def test_an_images_digits_depend_on_its_seed_alone():
    targets = torch.tensor([[0, 1], [2, 1], [0, 1]])
    together = draw_pairs(DIGITS, targets, [5, 6, 7])
    alone = draw_pairs(DIGITS, targets[2:], [7])
    assert [rows_of(images)[2] for images in together] == [rows_of(images)[0] for images in alone]


def test_a_class_without_digits_is_named():
    with pytest.raises(ValueError, match="no digit of class 7 to begin from"):
        draw_pairs(DIGITS, torch.tensor([[0, 7]]), [1])


def test_unusual_digits_are_the_farthest_of_those_drawn():
    """Class 0 has one digit far from its mean: it is among three drawn of ten with probability 1 - .9³."""
    pixels = np.full((20, 1, 2, 2), 100, dtype=np.uint8)
    pixels[7] = 250
    digits = Digits(pixels, np.repeat(np.array([0, 1], dtype=np.uint8), 10))
    n = 600
    first, second = draw_unusual_pairs(digits, torch.tensor([[0, 1]] * n), list(range(n)), 0)
    share = (first[:, 0, 0, 0] > 0.9).double().mean().item()
    assert share == pytest.approx(1 - 0.9**DRAWS, abs=4 * (0.25 / n) ** 0.5)
    assert (second == 100 / 255).all()


def test_unusual_digits_depend_on_seed_and_number_alone():
    targets = torch.tensor([[0, 1], [2, 1], [0, 1]] * 10)
    seeds = list(range(30))
    together = [rows_of(images) for images in draw_unusual_pairs(DIGITS, targets, seeds, 1)]
    alone = [rows_of(images) for images in draw_unusual_pairs(DIGITS, targets[29:], [29], 1)]
    assert [rows[29] for rows in together] == [rows[0] for rows in alone]
    other = [rows_of(images) for images in draw_unusual_pairs(DIGITS, targets, seeds, 2)]
    assert other != together
    assert [LABELS[row] for row in together[0]] == targets[:, 0].tolist()


@pytest.mark.parametrize(
    "share, expected",
    [(0.0, [0.0, 1.0, 0.6]), (0.25, [0.4, 1.0, 0.6]), (0.5, [0.8, 1.0, 0.6]), (1.0, [0.8, 0.0, 0.5])],
)
def test_mixtures_by_hand(share, expected):
    first = torch.tensor([0.8, 0.0, 0.5]).reshape(1, 1, 1, 3)
    second = torch.tensor([0.0, 1.0, 0.6]).reshape(1, 1, 1, 3)
    torch.testing.assert_close(mix_digits(first, second, torch.tensor([share])).flatten(), torch.tensor(expected))


@pytest.mark.parametrize("bisections", [1, 4, 10])
def test_bisection_finds_the_share(bisections):
    roots = torch.tensor([0.1, 0.5, 0.73, 0.99])
    found = balance(lambda share: 3 * (share - roots), 4, bisections)
    assert ((found - roots).abs() <= 2.0 ** -(bisections + 1) + 1e-6).all()
    assert ((found > 0) & (found < 1)).all()
