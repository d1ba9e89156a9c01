"""The classifiers stage on tiny digits."""

import pandas as pd
import pytest
import torch

from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.classification import class_logits, classification_metrics
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.classifiers import create_pipeline
from bam_pipelines.pipelines.classifiers.nodes import summarise_classifiers, train_named_classifier

OPTIONS = {"epochs": 4, "batch_size": 10, "learning_rate": 0.01, "schedule": "cosine"}


@pytest.fixture
def digits(tiny_digits):
    return tiny_digits(60, 0), tiny_digits(12, 1), tiny_digits(30, 2)


def score(trained, table):
    images, labels = labelled_images(table)
    return classification_metrics(class_logits(trained.network, images), labels)


def test_a_classifier_learns_and_is_scored_on_test_digits(digits, compute):
    options = OPTIONS | {"learning_rate": 0.001}
    trained, metrics, figure = train_named_classifier("mlp", *digits, options, compute, 0)
    assert trained.specification.architecture == "mlp"
    assert trained.specification.arguments == {"image_size": 8, "channels": 1, "n_classes": 3}
    scores, kept = (score(trained, digits[index]) for index in (2, 1))
    assert metrics["test_accuracy"] == scores["accuracy"] > 0.9
    assert metrics["test_log_loss"] == pytest.approx(scores["log_loss"])
    assert min(metrics["validation_loss"]) == pytest.approx(kept["log_loss"], rel=1e-5)
    assert len(metrics["train_loss"]) == len(metrics["validation_loss"]) == OPTIONS["epochs"]
    assert metrics["best_epoch"] == metrics["validation_loss"].index(min(metrics["validation_loss"]))
    assert "mlp: test digits" in figure.get_suptitle()


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
def test_every_classifier_is_trained_by_the_same_node(name, digits, compute):
    options = OPTIONS | {"epochs": 1, "batch_size": 30}
    trained, metrics, _ = train_named_classifier(name, *digits, options, compute, 0)
    assert trained.network(torch.rand(2, 1, 8, 8)).shape == (2, 3)
    assert metrics["best_epoch"] == 0


@pytest.mark.parametrize("learning_rate", [1e-30, 0.01])  # the first leaves the weights where they began
def test_the_seed_decides(digits, compute, learning_rate):
    options = OPTIONS | {"learning_rate": learning_rate}
    weights = [
        train_named_classifier("lrm", *digits, options, compute, seed)[0].network.state_dict()["1.weight"]
        for seed in (0, 0, 1)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_test_digits_have_no_part_in_training(digits, compute, tiny_digits):
    train, validation, test = digits
    first, other = (
        train_named_classifier("lrm", train, validation, table, OPTIONS, compute, 0)[0].network.state_dict()
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


def test_one_node_a_classifier_each_with_parameters_of_its_own():
    stage = create_pipeline()
    assert {node.name for node in stage.nodes} == {
        *(f"train_{name}" for name in CLASSIFIER_NAMES),
        "summarise_classifiers",
    }
    digits = {"mnist_train", "mnist_validation", "mnist_test"}
    for name in CLASSIFIER_NAMES:
        (node,) = [node for node in stage.nodes if node.name == f"train_{name}"]
        assert set(node.inputs) == digits | {f"params:classifiers.{name}", "params:compute", "params:seed"}
        assert node.outputs == [f"classifier_{name}", f"classifier_{name}_metrics", f"classifier_{name}_confusion"]
    assert stage.outputs() >= {"classifiers_summary"}
