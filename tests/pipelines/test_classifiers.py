"""The classifiers stage on tiny digits."""

import pandas as pd
import pytest
import torch

from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.classification import class_logits, classification_metrics
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.classifiers import create_pipeline
from bam_pipelines.pipelines.classifiers.nodes import summarise_classifiers, train_all_classifiers

OPTIONS = {"epochs": 4, "batch_size": 10, "learning_rate": 0.01, "schedule": "cosine"}


@pytest.fixture
def digits(tiny_digits):
    return tiny_digits(60, 0), tiny_digits(12, 1), tiny_digits(30, 2)


def score(trained, table):
    images, labels = labelled_images(table)
    return classification_metrics(class_logits(trained.network, images), labels)


def train_one(name, train, validation, test, options, compute, seed):
    made = train_all_classifiers(train, validation, test, {name: options}, compute, seed)
    assert set(made) == {name, f"{name}_metrics", f"{name}_confusion"}
    return tuple(made.values())


def test_a_classifier_learns_and_is_scored_on_test_digits(digits, compute):
    options = OPTIONS | {"learning_rate": 0.001}
    trained, metrics, figure = train_one("mlp", *digits, options, compute, 0)
    assert trained.specification.architecture == "mlp"
    assert trained.specification.arguments == {"image_size": 8, "channels": 1, "n_classes": 3}
    scores, kept = (score(trained, digits[index]) for index in (2, 1))
    assert metrics["test_accuracy"] == scores["accuracy"] > 0.9
    assert metrics["test_log_loss"] == pytest.approx(scores["log_loss"])
    assert min(metrics["validation_loss"]) == pytest.approx(kept["log_loss"], rel=1e-5)
    assert len(metrics["train_loss"]) == len(metrics["validation_loss"]) == OPTIONS["epochs"]
    assert metrics["best_epoch"] == metrics["validation_loss"].index(min(metrics["validation_loss"]))
    assert "MLP: test digits" in figure.get_suptitle()


def test_all_classifiers_are_trained_at_once_and_none_depends_on_the_others(digits, compute):
    options = OPTIONS | {"epochs": 1, "batch_size": 30}
    made = train_all_classifiers(*digits, dict.fromkeys(CLASSIFIER_NAMES, options), compute, 0)
    for name in CLASSIFIER_NAMES:
        assert made[name].specification.architecture == name
        assert made[name].network(torch.rand(2, 1, 8, 8)).shape == (2, 3)
        assert made[f"{name}_metrics"]["best_epoch"] == 0
    alone, *_ = train_one("vgg", *digits, options, compute, 0)
    weights = made["vgg"].network.state_dict()
    assert all(torch.equal(value, weights[key]) for key, value in alone.network.state_dict().items())


def test_classifiers_that_were_finished_are_not_trained_again(digits, compute, monkeypatch):
    options = dict.fromkeys(("mlp", "lrm"), OPTIONS)
    first = train_all_classifiers(*digits, options, compute, 0)
    monkeypatch.setattr("bam_pipelines.networks.classifier_training.train_classifier", lambda *_: pytest.fail("again"))
    second = train_all_classifiers(*digits, options, compute, 0)
    for name in options:
        one, other = (made[name].network.state_dict() for made in (first, second))
        assert all(torch.equal(one[key], other[key]) for key in one)
        assert first[f"{name}_metrics"] == second[f"{name}_metrics"]


@pytest.mark.parametrize("learning_rate", [1e-30, 0.01])  # the first leaves the weights where they began
def test_the_seed_decides(digits, compute, learning_rate):
    options = OPTIONS | {"learning_rate": learning_rate}
    weights = [
        train_one("lrm", *digits, options, compute, seed)[0].network.state_dict()["1.weight"] for seed in (0, 0, 1)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_test_digits_have_no_part_in_training(digits, compute, tiny_digits):
    train, validation, test = digits
    first, other = (
        train_one("lrm", train, validation, table, OPTIONS, compute, 0)[0].network.state_dict()
        for table in (test, tiny_digits(9, 5))
    )
    assert all(torch.equal(first[key], other[key]) for key in first)


def test_scores_in_one_table():
    metrics = {"test_accuracy": 0.9, "test_log_loss": 0.3, "best_epoch": 2, "train_loss": [1.0]}
    table = summarise_classifiers(vgg=metrics, lrm=metrics | {"test_accuracy": 0.8})
    expected = pd.DataFrame(
        {"classifier": ["vgg", "lrm"], "test_accuracy": [0.9, 0.8], "test_log_loss": 0.3, "best_epoch": 2}
    )
    pd.testing.assert_frame_equal(table, expected)


def test_one_node_trains_and_every_classifier_has_outputs_of_its_own():
    training, summary = create_pipeline().nodes
    assert (training.name, summary.name) == ("train_classifiers", "summarise_classifiers")
    digits = {"mnist_train", "mnist_validation", "mnist_test"}
    parameters = {"params:classifiers", "params:compute", "params:seed", "params:preprocessing.classes"}
    assert set(training.inputs) == digits | parameters
    kinds = ("", "_metrics", "_confusion")
    assert set(training.outputs) == {f"classifier_{name}{kind}" for name in CLASSIFIER_NAMES for kind in kinds}
    assert summary.outputs == ["classifiers_summary"]
