"""The training loop on one weight, so that every step can be worked out by hand."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from bam_pipelines.networks.training import EpochRecord, Fit, TrainingSettings, fit_network, history_columns

SETTINGS = TrainingSettings(epochs=3, samples_per_epoch=4, batch_size=2, learning_rate=0.1, schedule="constant")


@pytest.fixture
def network():
    single = nn.Linear(1, 1, bias=False)
    nn.init.constant_(single.weight, 1.0)
    return single


def away(step):
    """Pull the weight down for ever: the loss is the weight itself, its gradient 1."""
    return torch.ones(2, 1), torch.zeros(2, 1)


def output_mean(outputs, targets):
    return (outputs - targets).mean()


def weight_of(network):
    return network.weight.item()


def test_adamw_by_hand(network, compute):
    fit = fit_network(network, away, output_mean, weight_of, SETTINGS, compute)
    # a constant gradient of 1: Adam's step is the learning rate, after a decay of weights by 1 − .1 · .01; two steps
    # an epoch: w ← .999 w − .1
    weight, expected = 1.0, []
    for _ in range(3):
        for _ in range(2):
            weight = 0.999 * weight - 0.1
        expected.append(weight)
    assert [record.validation_score for record in fit.history] == pytest.approx(expected, abs=1e-5)
    assert weight_of(fit.network) == pytest.approx(expected[-1], abs=1e-5)
    assert fit.best_epoch == 2
    # the first epoch's losses are the weights before its two steps: 1 and .899
    assert fit.history[0].train_loss == pytest.approx(0.9495, abs=1e-5)


def test_the_cosine_lowers_the_rate_to_nothing(network, compute):
    weights = []

    def draw(step):
        return torch.ones(2, 1), torch.zeros(2, 1)

    def record(outputs, targets):
        weights.append(outputs.detach().mean().item())
        return output_mean(outputs, targets)

    settings = replace(SETTINGS, epochs=2, schedule="cosine")
    fit = fit_network(network, draw, record, weight_of, settings, compute)
    # rates .05 (1 + cos(π k / 4)), k = 0 … 3: .1, .0853553, .05, .0146447
    weight, expected = 1.0, []
    for rate in (0.1, 0.0853553, 0.05, 0.0146447):
        expected.append(weight)
        weight = (1 - 0.01 * rate) * weight - rate
    assert weights == pytest.approx(expected, abs=1e-5)
    assert weight_of(fit.network) == pytest.approx(weight, abs=1e-5)


@pytest.mark.parametrize(("best", "scores"), [(1, [3.0, 1.0, 2.0]), (0, [1.0, 1.0, 1.0]), (2, [3.0, 2.0, 1.0])])
def test_the_best_epoch_is_kept(best, scores, network, compute):
    seen = []

    def score(candidate):
        assert not candidate.training
        seen.append(weight_of(candidate))
        return scores[len(seen) - 1]

    fit = fit_network(network, away, output_mean, score, SETTINGS, compute)
    assert fit.best_epoch == best
    assert weight_of(fit.network) == seen[best]
    assert len(set(seen)) == 3


def test_the_start_is_left_alone(network, compute):
    network.eval().requires_grad_(False)
    fit = fit_network(network, away, output_mean, weight_of, SETTINGS, compute)
    assert weight_of(network) == 1.0
    assert not network.weight.requires_grad and not network.training
    assert not fit.network.weight.requires_grad and not fit.network.training


def test_every_step_draws_once_in_order(network, compute):
    steps = []

    def draw(step):
        steps.append(step)
        return away(step)

    # 5 samples in batches of 2 are 3 steps
    fit_network(network, draw, output_mean, weight_of, replace(SETTINGS, epochs=2, samples_per_epoch=5), compute)
    assert steps == [0, 1, 2, 3, 4, 5]


def test_training_finds_a_separable_rule(compute):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(200, 2, generator=generator)
    labels = (inputs[:, 0] > inputs[:, 1]).long()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        start = nn.Linear(2, 2)

    def score(candidate):
        with torch.no_grad():
            return functional.cross_entropy(candidate(inputs), labels).item()

    def draw(step):
        first = step % 20 * 10
        return inputs[first : first + 10], labels[first : first + 10]

    settings = TrainingSettings(5, 200, 10, 0.3, "cosine")
    fit = fit_network(start, draw, functional.cross_entropy, score, settings, compute)
    accuracy = (fit.network(inputs).argmax(1) == labels).float().mean().item()
    assert accuracy > 0.97
    losses = [record.validation_score for record in fit.history]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.15


def test_a_loss_that_is_not_finite_stops_the_training(network, compute):
    with pytest.raises(FloatingPointError, match="the training loss is nan; lower the learning rate"):
        fit_network(
            network, lambda step: (torch.full((2, 1), float("nan")),) * 2, output_mean, weight_of, SETTINGS, compute
        )


def test_a_score_that_is_not_finite_stops_the_training(network, compute):
    scores = iter([3.0, float("nan"), 1.0])
    with pytest.raises(FloatingPointError, match="the validation score is nan after epoch 1"):
        fit_network(network, away, output_mean, lambda candidate: next(scores), SETTINGS, compute)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 0}, "epochs is 0, expected an integer of at least 1"),
        ({"samples_per_epoch": 0}, "samples_per_epoch is 0, expected an integer of at least 1"),
        ({"batch_size": 0}, "batch_size is 0, expected an integer of at least 1"),
        ({"schedule": "linear"}, "schedule is 'linear', expected cosine or constant"),
    ],
)
def test_impossible_settings_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        replace(SETTINGS, **changed)


def test_histories_become_columns(network):
    fit = Fit(network, [EpochRecord(0, 2.0, 1.5), EpochRecord(1, 1.0, 1.7)], best_epoch=0)
    assert history_columns(fit) == {"train_loss": [2.0, 1.0], "validation_loss": [1.5, 1.7], "best_epoch": 0}
