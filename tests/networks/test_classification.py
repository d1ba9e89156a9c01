"""Digit classifiers: batches, training and scores."""

import numpy as np
import pytest
import torch
from torch import nn

from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.classification import (
    class_logits,
    class_probabilities,
    classification_metrics,
    confusion_counts,
    shuffled_batches,
    train_classifier,
)
from bam_pipelines.networks.registry import build_network
from bam_pipelines.networks.training import TrainingSettings


def numbered(n):
    return torch.arange(float(n))[:, None, None, None], torch.arange(n)


def test_an_epoch_shows_every_image_once_with_its_target():
    draw = shuffled_batches(*numbered(12), batch_size=3, seed=5)
    batches = [draw(step) for step in range(8)]
    for epoch in (batches[:4], batches[4:]):
        assert sorted(torch.cat([targets for _, targets in epoch]).tolist()) == list(range(12))
    assert all(torch.equal(images[:, 0, 0, 0].long(), targets) for images, targets in batches)
    first, second = (torch.cat([targets for _, targets in epoch]).tolist() for epoch in (batches[:4], batches[4:]))
    assert first != second != sorted(second)


def test_batches_are_whole():
    draw = shuffled_batches(*numbered(8), batch_size=3, seed=5)
    # two batches an epoch, two images left out of it
    shown = [draw(step)[1].tolist() for step in range(4)]
    assert [len(targets) for targets in shown] == [3] * 4
    assert len({*shown[0], *shown[1]}) == 6


def test_a_batch_depends_on_seed_and_step_alone():
    images, targets = numbered(12)

    def draws(seed):
        return shuffled_batches(
            images, targets, 4, seed, lambda batch, generator: batch + torch.rand(1, generator=generator)
        )

    assert torch.equal(draws(1)(7)[0], draws(1)(7)[0])
    assert not torch.equal(draws(1)(7)[0], draws(2)(7)[0])
    # another step adds other noise; the targets are not augmented
    noise = [(batch[:, 0, 0, 0] - target)[0].item() for batch, target in (draws(1)(0), draws(1)(1))]
    assert 0 < noise[0] < 1 and noise[0] != pytest.approx(noise[1], abs=1e-4)


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match="batch_size is 13, expected at most the number of training images, 12"):
        shuffled_batches(*numbered(12), batch_size=13, seed=0)


def test_logits_come_in_order_batch_by_batch():
    images, _ = numbered(7)
    network = nn.Sequential(nn.Flatten(), nn.Linear(1, 2)).eval()
    torch.testing.assert_close(class_logits(network, images, batch_size=3), network(images).detach())


def test_a_network_in_training_mode_is_refused():
    with pytest.raises(ValueError, match=r"Linear is in training mode; call eval\(\) first"):
        class_logits(nn.Linear(1, 2).train(), torch.zeros(1, 1))


def test_probabilities_by_hand():
    network = nn.Identity().eval()
    found = class_probabilities(network, torch.tensor([[0.0, np.log(3.0)], [1000.0, 0.0]]))
    # odds of 1 : 3
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [[0.25, 0.75], [1.0, 0.0]], atol=1e-7)


def test_confusion_by_hand():
    answers, labels = torch.tensor([0, 1, 1, 2, 2, 2]), torch.tensor([0, 0, 1, 2, 2, 1])
    counts = confusion_counts(torch.eye(4)[answers], labels)
    # true 0: answered 0 and 1; true 1: answered 1 and 2; true 2: twice 2; no digit 3
    assert counts.tolist() == [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 2, 0], [0, 0, 0, 0]]


def test_metrics_by_hand():
    logits = torch.tensor([[0.8, 0.2], [0.4, 0.6], [0.9, 0.1]]).log()
    found = classification_metrics(logits, torch.tensor([0, 0, 1]))
    # right, wrong, wrong; −(log .8 + log .4 + log .1)/3 = (.2231436 + .9162907 + 2.3025851)/3 = 1.1473398
    assert found == pytest.approx({"accuracy": 1 / 3, "log_loss": 1.1473398}, abs=1e-6)


def test_training_learns_bright_halves(compute):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(80) % 2
    images = 0.5 * torch.rand(80, 1, 8, 8, generator=generator)
    images[labels == 0, :, :4] += 0.5
    images[labels == 1, :, 4:] += 0.5
    start = build_network(NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": 2}), seed=0)
    settings = TrainingSettings(epochs=3, samples_per_epoch=60, batch_size=10, learning_rate=0.01, schedule="cosine")
    fit = train_classifier(start, (images[:60], labels[:60]), (images[60:], labels[60:]), settings, compute, seed=1)
    found = classification_metrics(class_logits(fit.network, images[60:]), labels[60:])
    assert found["accuracy"] == 1.0
    # the score that chose the epoch is the log-loss on the validation images
    assert min(record.validation_score for record in fit.history) == pytest.approx(found["log_loss"], rel=1e-5)
