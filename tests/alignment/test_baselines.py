"""Baselines, by hand and on people drawn from them."""

import numpy as np
import pytest
import torch

from bam_pipelines.alignment.baselines import (
    Confusions,
    fit_confusions,
    nearest_exemplar,
    score_baselines,
    transductive_probabilities,
)
from bam_pipelines.alignment.evaluation import crossed_trials, shown_images
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import class_probabilities
from bam_pipelines.networks.registry import build_network


def trials(rows, n_images):
    """Trials of (person, image, answer, split), with images that do not matter."""
    person, image, answer, split = zip(*rows, strict=True)
    ids = [f"i{index}" for index in range(n_images)]
    return TrialData(
        torch.zeros(n_images, 1, 4, 4), ids, np.array(image), torch.tensor(answer), np.array(person), np.array(split)
    )


def test_the_nearest_exemplar_by_hand():
    features = torch.tensor([[0.0], [1.0], [5.0], [0.2], [4.0]])
    rows = [
        *(("a", image, answer, "train") for image, answer in ((0, 2), (1, 0), (2, 1))),
        *(("b", image, answer, "train") for image, answer in ((0, 1), (2, 2))),
        *(("a", image, answer, "validation") for image, answer in ((3, 2), (3, 0), (4, 1))),
        *(("b", image, answer, "validation") for image, answer in ((3, 1), (4, 0))),
    ]
    found = nearest_exemplar(features, trials(rows, 5), ["a", "b"], np.array([3, 4]), n_classes=3)
    # a answered 2 to the image at 0 and 1 to that at 5, b 1 and 2
    assert found.argmax(axis=2).tolist() == [[2, 1], [1, 2]]
    # three of five are right on validation trials: 1 − ε + ε/3 = .6 for ε = .6; .5 and .7 are to choose from
    losses = {e: -(0.6 * np.log(1 - e + e / 3) + 0.4 * np.log(e / 3)) for e in (0.5, 0.7)}
    smoothing = min(losses, key=losses.get)
    assert found.max(axis=2) == pytest.approx(1 - smoothing + smoothing / 3)
    assert found.sum(axis=2) == pytest.approx(1)


def drawn_people(matrices, shared, n_each, seed=0):
    """Everyone answers images through their confusions of what is drawn from the shared model."""
    draw = np.random.default_rng(seed)
    n_images, n_classes = shared.shape
    seen = np.array([draw.choice(n_classes, p=row) for row in shared])
    splits = np.array(["train", "validation", "test"])[draw.choice(3, n_images, p=[0.6, 0.2, 0.2])]
    rows = [
        (f"p{person:02d}", image, draw.choice(n_classes, p=matrix[seen[image]]), splits[image])
        for person, matrix in enumerate(matrices)
        for image in draw.choice(n_images, n_each, replace=False)
    ]
    return trials(rows, n_images)


def confused(by, n_classes=4):
    """Right but for class 0, which is answered as ``by`` half the time."""
    matrix = np.eye(n_classes) * 0.88 + 0.03
    matrix[0] = 0.02
    matrix[0, [0, by]] = 0.48
    return matrix / matrix.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def shared():
    return np.random.default_rng(1).dirichlet(np.full(4, 0.15), size=400)


def test_confusions_are_found_again(shared):
    matrices = [confused(1 + index % 3) for index in range(9)]
    fit = fit_confusions(shared, drawn_people(matrices, shared, 300))
    assert fit.participant_ids == [f"p{index:02d}" for index in range(9)]
    assert np.abs(fit.matrices - np.stack(matrices)).mean() < 0.03
    assert fit.matrices.sum(axis=2) == pytest.approx(1)
    assert fit.strength <= 30


def test_people_who_are_alike_are_taken_to_be_alike(shared):
    fit = fit_confusions(shared, drawn_people([confused(1)] * 9, shared, 60))
    assert fit.strength >= 100
    assert np.ptp(fit.matrices, axis=0).max() < 0.1


def test_confusions_of_what_is_certain_are_counts():
    # GroupNet is sure of classes 0 and 1; a answers image 0 thrice, as 0, 0 and 1
    shared = np.array([[1.0, 0.0], [0.0, 1.0]])
    rows = [("a", 0, 0, "train"), ("a", 0, 0, "train"), ("a", 0, 1, "train"), ("a", 1, 1, "train")]
    fit = fit_confusions(shared, trials([*rows, ("a", 0, 0, "validation")], 2))
    # one person: the average of all is their own, so that no strength changes it
    assert fit.matrices[0] == pytest.approx(np.array([[2 / 3, 1 / 3], [0, 1]]), abs=2e-3)


def test_answers_mix_confusions_of_what_is_seen():
    fit = Confusions(["a", "b"], np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.0, 1.0]]]), 1.0)
    found = fit.answers(np.array([[0.6, 0.4]]), ["b", "a"])
    assert found[:, 0] == pytest.approx(np.array([[0.3, 0.7], [0.62, 0.38]]))


def test_what_others_answered_says_what_is_seen():
    matrices = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.1, 0.9]]])
    data = trials([("a", 0, 0, "test"), ("b", 0, 1, "test"), ("b", 1, 0, "test")], 2)
    found = transductive_probabilities(np.array([[0.6, 0.4], [0.3, 0.7]]), data, Confusions(["a", "b"], matrices, 1.0))
    # of image 0 a knows that b answered 1: .6 · .3 against .4 · .9; b that a answered 0: .6 · .9 against .4 · .2
    for_a, for_b = np.array([0.18, 0.36]) / 0.54, np.array([0.54, 0.08]) / 0.62
    # nobody else answered image 1
    assert found == pytest.approx(np.stack([for_a @ matrices[0], for_b @ matrices[1], [0.28, 0.72]]))


def test_an_own_answer_to_the_same_image_says_nothing_of_what_is_seen():
    matrices = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.1, 0.9]]])
    rows = [("a", 0, 1, "test"), ("a", 0, 1, "test"), ("b", 0, 0, "test"), ("other", 0, 0, "test")]
    given = Confusions(["a", "b"], matrices, 1.0)
    found = transductive_probabilities(np.array([[0.6, 0.4]]), trials(rows, 1), given)
    others = np.array([0.6 * 0.7 * 0.8, 0.4 * 0.1 * 0.15])
    assert found[:2] == pytest.approx(np.stack([others / others.sum() @ matrices[0]] * 2))


def test_scores_are_on_the_trials_of_those_with_a_model(shared):
    specification = NetworkSpecification("lrm", {"image_size": 4, "channels": 1, "n_classes": 4})
    group = TrainedNetwork(build_network(specification, seed=0), specification)
    people = [confused(1 + index % 3) for index in range(6)]
    data = drawn_people(people, shared, 200)
    object.__setattr__(data, "images", torch.rand(400, 1, 4, 4, generator=torch.Generator().manual_seed(0)))
    some = ["p01", "p04"]
    shown = shown_images(some, data)
    crossed = crossed_trials(some, np.full((2, len(shown), 4), 0.25), data)
    found = score_baselines(group, data, crossed, shown)
    assert set(found) == {"nearest_exemplar", "dawid_skene", "dawid_skene_transductive"}
    common = class_probabilities(group.network, data.images)
    predicted = fit_confusions(common, data).answers(common, some)
    rows = data.rows("test")[np.isin(data.participant[data.rows("test")], some)]
    losses = [
        -np.log(predicted[some.index(data.participant[row]), data.stimulus[row], data.response[row]]) for row in rows
    ]
    assert found["dawid_skene"]["log_loss"] == pytest.approx(np.mean(losses))
    # an untrained GroupNet sees nothing, but what others answered says much
    assert found["dawid_skene_transductive"]["log_loss"] < found["dawid_skene"]["log_loss"] - 0.1
    assert 0 < found["nearest_exemplar"]["accuracy"] < 1
