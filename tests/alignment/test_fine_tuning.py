"""Mixtures of answers and digits, and what fine-tuning on them may and may not depend on."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from bam_pipelines.alignment import fine_tuning
from bam_pipelines.alignment.fine_tuning import FineTuning, align_group, align_individuals, fine_tune, mixture_batches
from bam_pipelines.alignment.trial_data import trial_data
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import class_logits
from bam_pipelines.networks.registry import build_network
from bam_pipelines.networks.training import TrainingSettings

SPECIFICATION = NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": 3})
TRAINING = TrainingSettings(epochs=3, samples_per_epoch=64, batch_size=32, learning_rate=0.02, schedule="constant")
GROUP, INDIVIDUAL = FineTuning(TRAINING, (1, 1)), FineTuning(TRAINING, (2, 1, 1))
SPLITS = ["train"] * 6 + ["validation"] * 3 + ["test"] * 3


def source(value, size, label):
    """Images that all show one value, told apart by their first pixel, all of one class."""
    images = torch.full((size, 1, 8, 8), float(value))
    images[:, 0, 0, 0] = torch.arange(size)
    return images, torch.full((size,), label)


@pytest.fixture
def base():
    return TrainedNetwork(build_network(SPECIFICATION, seed=0), SPECIFICATION)


@pytest.fixture
def digits(answers_of):
    _, stimuli = answers_of([0, 1, 2], SPLITS[:3], {"nobody": [0, 1, 2]})
    return table_images(stimuli), torch.tensor([0, 1, 2])


@pytest.fixture
def answers(answers_of):
    """Everyone calls the images of class 0 a 1; b and c differ from a on the others."""
    classes = [0, 1, 2] * 4
    return answers_of(classes, SPLITS, {"a": [1, 1, 2] * 4, "b": [1, 2, 1] * 4, "c": [1, 0, 0] * 4})


@pytest.fixture
def data(answers):
    return trial_data(*answers, n_classes=3)


def same_weights(one, other):
    pairs = zip(one.values(), other.values(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


def test_sources_are_mixed_in_the_ratio_and_evenly_within():
    sources = [source(0.1, 4, 0), source(0.2, 50, 1), source(0.3, 7, 2)]
    draw = mixture_batches(sources, (2, 1, 1), batch_size=1000, seed=3)
    images, classes = (torch.cat(parts) for parts in zip(*map(draw, range(4)), strict=True))
    shares = torch.bincount(classes, minlength=3) / 4000
    # standard deviation of a share of 1/2 among 4,000: sqrt(1/4 / 4000) = 0.0079; four of them
    assert shares.tolist() == pytest.approx([0.5, 0.25, 0.25], abs=0.032)
    assert torch.equal(images[:, 0, 7, 7], torch.tensor([0.1, 0.2, 0.3])[classes])
    # each of four images: a quarter of about 2,000, standard deviation sqrt(3/16 / 2000) = 0.0097
    first = images[classes == 0][:, 0, 0, 0]
    assert (torch.bincount(first.long()) / len(first)).tolist() == pytest.approx([0.25] * 4, abs=0.039)


def test_a_source_of_weight_zero_is_never_drawn():
    draw = mixture_batches([source(0.1, 3, 0), source(0.2, 3, 1)], (0, 1), batch_size=500, seed=0)
    assert set(draw(0)[1].tolist()) == {1}


def test_a_batch_depends_on_seed_and_step_alone():
    sources = [source(0.1, 30, 0), source(0.2, 30, 1)]
    draw, again, other = (mixture_batches(sources, (1, 1), 20, seed) for seed in (0, 0, 1))
    draw(0)
    assert torch.equal(draw(5)[0], again(5)[0])
    assert not torch.equal(draw(5)[0], draw(6)[0])
    assert not torch.equal(draw(5)[0], other(5)[0])


@pytest.mark.parametrize("ratio", [(1,), (1, 1, 1), (2, -1), (0, 0)])
def test_a_ratio_that_does_not_fit_is_refused(ratio):
    with pytest.raises(ValueError, match=r"ratio is \(.*\), expected 2 weights of at least 0, not all 0"):
        mixture_batches([source(0.1, 3, 0), source(0.2, 3, 1)], ratio, 4, seed=0)


def test_an_empty_source_is_refused():
    with pytest.raises(ValueError, match="source 1 of the mixture holds no samples"):
        mixture_batches([source(0.1, 3, 0), source(0.2, 0, 1)], (1, 1), 4, seed=0)


def test_predictions_move_towards_the_answers(base, data, digits, compute):
    before = {name: value.clone() for name, value in base.network.state_dict().items()}
    train, validation, test = (data.batch(data.rows(split)) for split in ("train", "validation", "test"))
    fit = fine_tune(base.network, [train], validation, FineTuning(TRAINING, (1,)), compute, seed=0)
    networks = base.network, fit.network
    losses = [functional.cross_entropy(class_logits(network, test[0]), test[1]) for network in networks]
    assert losses[1] < losses[0] - 0.05
    zeros = digits[0][:1]  # an image of class 0, which everyone calls a 1
    chance = [class_logits(network, zeros).softmax(dim=1)[0, 1] for network in networks]
    assert chance[1] > chance[0] + 0.1
    assert same_weights(before, base.network.state_dict())


def test_the_epoch_with_the_lowest_validation_loss_is_kept(base, data, compute):
    images, responses = data.batch(data.rows("validation"))
    # trained on wrong answers with long steps, later epochs are the worse ones
    wrong = images, (responses + 1) % 3
    fit = fine_tune(base.network, [wrong], (images, responses), FineTuning(TRAINING, (1,)), compute, seed=0)
    scores = [record.validation_score for record in fit.history]
    assert len(scores) == 3
    assert scores[2] > scores[1] > scores[0]
    assert fit.best_epoch == 0
    kept = functional.cross_entropy(class_logits(fit.network, images), responses).item()
    assert kept == pytest.approx(scores[0], rel=1e-6)


def test_a_persons_model_does_not_depend_on_who_else_is_fitted(base, data, digits, compute, tmp_path):
    def fitted(people):
        working = tmp_path / "-".join(people)
        models, epochs = align_individuals(base, data, digits, people, INDIVIDUAL, compute, 0, working)
        assert list(models.states) == list(epochs) == people
        return models.states

    alone, together = fitted(["b"]), fitted(["c", "b", "a"])
    assert same_weights(alone["b"], together["b"])
    assert not same_weights(together["a"], together["b"])


def test_whoever_was_fitted_before_a_kill_is_not_fitted_again(base, data, digits, compute, tmp_path, monkeypatch):
    def fitted(people, seed=0):
        return align_individuals(base, data, digits, people, INDIVIDUAL, compute, seed, tmp_path)

    whole, epochs = fitted(["a", "b"])

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fine_tuning, "fine_tune", killed)
    again, same_epochs = fitted(["b", "a"])
    assert same_epochs == epochs
    assert all(same_weights(whole.states[name], again.states[name]) for name in "ab")
    for people, seed in ((["a", "c"], 0), (["a"], 1)):
        with pytest.raises(KeyboardInterrupt):
            fitted(people, seed)


def aligned(base, data, digits, compute, working):
    group, fit = align_group(base, data, digits, GROUP, compute, seed=0)
    models, _ = align_individuals(group, data, digits, ["a", "b"], INDIVIDUAL, compute, 0, working)
    return {"group": group.network.state_dict(), **models.states}, [record.train_loss for record in fit.history]


@pytest.mark.parametrize(("split", "matters"), [("test", False), ("train", True)])
def test_no_weight_depends_on_test_answers(base, answers, data, digits, compute, split, matters, tmp_path):
    trials, stimuli = answers
    rows = trials["split"] == split
    trials.loc[rows, "response"] = np.roll(trials.loc[rows, "response"], 1)
    trials.loc[rows, "response"] = (trials.loc[rows, "response"] + 1) % 3
    weights, losses = aligned(base, data, digits, compute, tmp_path)
    changed, changed_losses = aligned(base, trial_data(trials, stimuli, 3), digits, compute, tmp_path)
    for name in weights:
        assert same_weights(weights[name], changed[name]) is not matters, name
    assert (losses == changed_losses) is not matters


def test_validation_answers_choose_the_epoch_and_nothing_else(base, answers, data, digits, compute):
    trials, stimuli = answers
    rows = (trials["split"] == "validation").to_numpy()
    for image, name in enumerate(stimuli["stimulus_id"]):  # now everyone agrees with the digits
        trials.loc[rows & (trials["stimulus_id"] == name), "response"] = image % 3
    (_, fit), (_, changed) = (
        align_group(base, one, digits, GROUP, compute, seed=0) for one in (data, trial_data(trials, stimuli, 3))
    )
    assert [record.train_loss for record in fit.history] == [record.train_loss for record in changed.history]
    assert fit.best_epoch != changed.best_epoch
