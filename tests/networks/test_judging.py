"""Judges: graded targets, non-digits that fool, and learning from both."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.judging import (
    AdversarialTraining,
    adversarial_non_digits,
    corrupted_batch,
    non_digits,
    train_judge,
)
from bam_pipelines.networks.registry import build_network
from bam_pipelines.networks.training import TrainingSettings

ADVERSARIAL = AdversarialTraining(rounds=1, images=8, steps=3, step_length=0.05)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def digits():
    """Return 20 pictures of a bright ring on black: alike, as digits are."""
    images = torch.zeros(20, 1, 8, 8)
    images[..., 1:7, 1:7] = 1.0
    images[..., 3:5, 3:5] = 0.0
    return images


@pytest.fixture
def judge():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 1)).eval().requires_grad_(False)


@pytest.mark.parametrize("family", ["noise", "shape"])
def test_targets_are_one_less_the_severity(family, digits):
    images, targets = corrupted_batch(digits, family, generator())
    assert images.shape == digits.shape and targets.shape == (20, 1)
    # five kinds in turn: whole, three corruptions, no digit at all
    assert torch.equal(images[0::5], digits[0::5]) and (targets[0::5] == 1).all()
    assert (targets[4::5] == 0).all()
    assert ((targets > 0) & (targets < 1)).sum() == 12
    assert images.min() >= 0 and images.max() <= 1


def test_severity_is_what_was_done(digits):
    images, targets = corrupted_batch(torch.ones(200, 1, 8, 8), "noise", generator())
    # every fifth from the second is blended with uniform noise of mean ½: 1 − severity/2 = ½ + target/2 on average
    found = images[1::5].mean(dim=(1, 2, 3))
    torch.testing.assert_close(found, 0.5 + 0.5 * targets[1::5, 0], rtol=0, atol=0.15)
    # every fifth from the third has a share `severity` of its pixels replaced, half of them by white
    replaced = 2 * (images[2::5] == 0).float().mean(dim=(1, 2, 3))
    torch.testing.assert_close(replaced, 1 - targets[2::5, 0], rtol=0, atol=0.3)


def test_families_and_seeds_differ(digits):
    noise, again, shape = (corrupted_batch(digits, family, generator())[0] for family in ("noise", "noise", "shape"))
    assert torch.equal(noise, again) and not torch.equal(noise, shape)
    assert not torch.equal(noise, corrupted_batch(digits, "noise", generator(1))[0])


@pytest.mark.parametrize("family", ["noise", "shape"])
def test_non_digits_are_in_range_and_all_different(family):
    images = non_digits(10, torch.Size([2, 12, 12]), family, generator())
    assert images.shape == (10, 2, 12, 12)
    assert images.min() >= 0 and images.max() <= 1
    assert len({image.numpy().tobytes() for image in images}) == 10


def test_adversarial_steps_raise_the_score(judge):
    starts = 0.2 + 0.6 * torch.rand(6, 1, 8, 8, generator=generator())
    found = adversarial_non_digits(judge, starts, steps=4, step_length=0.01)
    assert (judge(found) > judge(starts)).all()
    assert found.min() >= 0 and found.max() <= 1
    # root mean square of at most steps · length, nearly reached as the gradient hardly turns; 1 + 3 i / 5 steps:
    # 1, 1.6, 2.2, 2.8, 3.4, 4 rounded to 1, 2, 2, 3, 3, 4
    moved = (found - starts).square().mean(dim=(1, 2, 3)).sqrt()
    torch.testing.assert_close(moved, 0.01 * torch.tensor([1.0, 2.0, 2.0, 3.0, 3.0, 4.0]), rtol=0.02, atol=0)


def test_adversarial_images_stay_in_range(judge):
    starts = torch.rand(4, 1, 8, 8, generator=generator()).round()
    found = adversarial_non_digits(judge, starts, steps=5, step_length=0.5)
    assert found.min() == 0 and found.max() == 1
    assert (judge(found) > judge(starts)).all()


def test_adversarial_search_leaves_starts_and_judge_alone(judge):
    starts = torch.rand(2, 1, 8, 8, generator=generator())
    before = starts.clone()
    adversarial_non_digits(judge, starts, steps=2, step_length=0.1)
    assert torch.equal(starts, before)
    assert all(parameter.grad is None for parameter in judge.parameters())


@pytest.fixture
def untrained():
    specification = NetworkSpecification("strided_judge", {"channels": 1, "width": 4})
    return build_network(specification, seed=1)


@pytest.fixture
def settings():
    return TrainingSettings(epochs=2, samples_per_epoch=400, batch_size=20, learning_rate=0.01, schedule="cosine")


@pytest.mark.parametrize("family", ["noise", "shape"])
def test_a_judge_learns_what_is_whole(family, untrained, digits, settings, compute):
    fit = train_judge(
        untrained, {"train": digits, "validation": digits}, family, ADVERSARIAL, settings, compute, seed=1
    )
    blanks = non_digits(20, digits.shape[1:], family, generator(3))
    assert fit.network(digits).mean() > 0.7 > 0.3 > fit.network(blanks).mean()


def test_a_second_round_sees_what_fooled_the_first(untrained, digits, settings, compute):
    starts = non_digits(40, digits.shape[1:], "noise", generator(3))
    scores = {}
    for rounds in (0, 2):
        options = AdversarialTraining(rounds=rounds, images=40, steps=6, step_length=0.1)
        fit = train_judge(
            untrained, {"train": digits, "validation": digits}, "noise", options, settings, compute, seed=1
        )
        scores[rounds] = fit.network(adversarial_non_digits(fit.network, starts, 6, 0.1)).mean().item()
    assert scores[2] < scores[0]


def test_an_eighth_of_a_later_batch_is_what_fooled(untrained, digits, settings, compute):
    sizes = []

    def note(network, inputs):
        if network.training:
            sizes.append(len(inputs[0]))

    untrained.register_forward_pre_hook(note)
    few = replace(settings, epochs=1, samples_per_epoch=40)
    train_judge(untrained, {"train": digits, "validation": digits}, "noise", ADVERSARIAL, few, compute, seed=1)
    # two steps a round: batches of 20, then of 20 and an eighth of 20 more
    assert sizes == [20, 20, 22, 22]


def test_peoples_judgments_count(untrained, digits, settings, compute):
    gray = torch.full((20, 1, 8, 8), 0.5)
    options = replace(ADVERSARIAL, rounds=0)
    digit_images = {"train": digits, "validation": digits}
    scores = [
        train_judge(untrained, digit_images, "noise", options, settings, compute, 1, (gray, torch.full((20,), share)))
        .network(gray)
        .mean()
        .item()
        for share in (0.0, 1.0)
    ]
    assert scores[0] < 0.3 and scores[1] > 0.7


def test_training_depends_on_the_seed_alone(untrained, digits, settings, compute):
    weights = [
        train_judge(untrained, {"train": digits, "validation": digits}, "shape", ADVERSARIAL, settings, compute, seed)
        .network.layers[0]
        .weight
        for seed in (1, 1, 2)
    ]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("family", ["noise", "shape"])
def test_a_single_digit_stays_whole(family):
    images, targets = corrupted_batch(torch.ones(1, 1, 8, 8), family, generator())
    assert images.eq(1).all() and targets.tolist() == [[1.0]]
