"""Scores of models on test answers, by hand."""

from math import log

import numpy as np
import pandas as pd
import pytest
import torch

from bam_pipelines.alignment.evaluation import (
    calibration_error,
    cross_predictions,
    crossed_trials,
    entropy_bin,
    evaluate_individuals,
    evaluate_shared,
    model_entropies,
    shown_images,
)
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.trial_data import trial_data

CLASSES = [0, 1, 2, 0, 1]
SPLITS = ["test", "test", "test", "train", "validation"]
# a bright row is 200/255, so that logits are (ln 2, 0, 0) and probabilities 1/2, 1/4, 1/4
TWICE = log(2) * 255 / 200


class Readers(IndividualModels):
    """Networks as they are, and lapses, by participant."""

    def __init__(self, networks, lapses):
        self.networks, self.lapses = networks, lapses

    @property
    def participant_ids(self):
        return list(self.networks)

    def _state(self, participant_id):
        raise NotImplementedError

    def network(self, participant_id):
        return self.networks[participant_id]

    def lapse(self, participant_id):
        return self.lapses.get(participant_id, 0.0)


@pytest.fixture
def tables(answers_of):
    return answers_of(CLASSES, SPLITS, {"a": [0, 1, 0, 0, 0], "b": [0, 2, 2, 0, 0]})


@pytest.fixture
def data(tables):
    return trial_data(*tables, n_classes=3)


@pytest.fixture
def human_entropy(tables):
    return pd.Series([0.0, 1.0, 1.58], index=tables[1]["stimulus_id"].iloc[:3])


@pytest.fixture
def human(tables, human_entropy):
    """Of all images: those that train and validate have .5 bits."""
    rest = pd.Series(0.5, index=tables[1]["stimulus_id"].iloc[3:])
    bits = pd.concat([human_entropy, rest])
    return pd.DataFrame({"human_entropy": bits, "human_entropy_smoothed": bits + 0.1})


@pytest.fixture
def digits(data):
    return data.images, torch.tensor([CLASSES[index] for index in _positions(data)])


def _positions(data):
    """Which of the images, in the order of the test's lists, each of the data's images is."""
    return (data.images[:, 0, 7, 7] * 255).round().int().tolist()


def scores(rows, participant_id, bin_name="all", dataset="trials_test"):
    (row,) = [
        row
        for row in rows
        if (row["participant_id"], row["entropy_bin"], row["dataset"]) == (participant_id, bin_name, dataset)
    ]
    return row["n_trials"], row["accuracy"], row["log_loss"]


def test_bins_of_entropy():
    bits = np.array([0.0, 1e-9, 1.0, 1.0 + 1e-9, 3.3])
    assert entropy_bin(bits).tolist() == ["zero", "low", "low", "high", "high"]


def test_a_shared_model_is_scored_on_everyones_test_answers(row_reader, data, human_entropy, digits):
    rows = evaluate_shared(row_reader(TWICE), data, human_entropy, digits)
    # an answer that names the bright row costs ln 2, any other ln 4; a: right, right, wrong; b: right, wrong, right
    assert scores(rows, "a") == pytest.approx((3, 2 / 3, 4 * log(2) / 3))
    assert scores(rows, "b") == pytest.approx((3, 2 / 3, 4 * log(2) / 3))
    assert scores(rows, "all") == pytest.approx((6, 4 / 6, 8 * log(2) / 6))
    assert scores(rows, "all", "zero") == pytest.approx((2, 1, log(2)))
    assert scores(rows, "all", "low") == pytest.approx((2, 1 / 2, 3 * log(2) / 2))
    assert scores(rows, "a", "low") == pytest.approx((1, 1, log(2)))
    assert scores(rows, "a", "high") == pytest.approx((1, 0, log(4)))
    assert len(rows) == 2 * 4 + 4 + 1  # two people and everyone, each with three bins and all of them; the digits


def test_digits_are_scored_apart(row_reader, data, human_entropy, digits):
    labels = digits[1].clone()
    labels[0] = (labels[0] + 1) % 3
    rows = evaluate_shared(row_reader(TWICE), data, human_entropy, (digits[0], labels))
    # four of five labels name the bright row: (4 ln 2 + ln 4) / 5
    assert scores(rows, "all", dataset="digits_test") == pytest.approx((5, 4 / 5, 6 * log(2) / 5))


def test_everyone_pools_trials_each_scored_by_the_own_model(row_reader, tables, human_entropy, digits):
    trials, stimuli = tables
    unanswered = (trials["participant_id"] == "b") & (trials["stimulus_id"] == stimuli["stimulus_id"].iloc[0])
    trials.loc[unanswered, "response"] = pd.NA
    models = Readers({"a": row_reader(TWICE), "b": row_reader(2 * TWICE)}, {})
    data = trial_data(trials, stimuli, 3)
    rows = evaluate_individuals(models, cross_predictions(models, data), data, human_entropy, digits)
    # b's model: logits (ln 4, 0, 0), so 2/3, 1/6, 1/6; b's two answers left: wrong, right
    loss_a, loss_b = 4 * log(2), log(6) + log(3 / 2)
    assert scores(rows, "a") == pytest.approx((3, 2 / 3, loss_a / 3))
    assert scores(rows, "b") == pytest.approx((2, 1 / 2, loss_b / 2))
    assert scores(rows, "all") == pytest.approx((5, 3 / 5, (loss_a + loss_b) / 5))
    assert scores(rows, "all", "zero") == pytest.approx((1, 1, log(2)))
    assert scores(rows, "a", dataset="digits_test") == pytest.approx((5, 1, log(2)))
    assert scores(rows, "b", dataset="digits_test") == pytest.approx((5, 1, log(3 / 2)))


def test_models_predict_everyones_trials_with_their_own_lapse(row_reader, data):
    models = Readers({"b": row_reader(TWICE), "a": row_reader(0.0)}, {"b": 0.5})
    crossed = cross_predictions(models, data)
    assert crossed.participant_ids == ["b", "a"]
    # b: half of (1/2, 1/4, 1/4) and half of a third each; a: a third each
    assert np.sort(crossed.probabilities[0], axis=1) == pytest.approx(np.tile([7 / 24, 7 / 24, 5 / 12], (3, 1)))
    assert crossed.probabilities[1] == pytest.approx(np.full((3, 3), 1 / 3))
    rows = data.rows("test")
    assert [crossed.participant_ids[one] for one in crossed.person] == data.participant[rows].tolist()
    shown = np.unique(data.stimulus[rows])
    assert shown[crossed.stimulus].tolist() == data.stimulus[rows].tolist()
    assert crossed.response.tolist() == data.response[rows].tolist()


def test_a_model_that_is_sure_and_wrong_has_a_finite_loss(row_reader, data, human_entropy, digits):
    models = Readers({"a": row_reader(1e6), "b": row_reader(1e6)}, {})
    rows = evaluate_individuals(models, cross_predictions(models, data), data, human_entropy, digits)
    # a is wrong on one of three answers
    assert scores(rows, "a")[1] == pytest.approx(2 / 3)
    assert 100 < scores(rows, "a")[2] < np.inf


def test_a_model_without_test_trials_is_named(row_reader, data):
    with pytest.raises(ValueError, match="participant z has a model and no test trial"):
        cross_predictions(Readers({"a": row_reader(TWICE), "z": row_reader(TWICE)}, {}), data)


def test_entropies_stand_beside_peoples_by_stimulus(row_reader, data, human, tables):
    table = model_entropies(row_reader(TWICE), data, human.sample(frac=1, random_state=0)).set_index("stimulus_id")
    assert table["split"].to_dict() == dict(zip(tables[1]["stimulus_id"], SPLITS, strict=True))
    # 1/2 · 1 + 2 · 1/4 · 2 = 1.5 bits
    assert table["model_entropy"].to_numpy() == pytest.approx(1.5)
    for column in human:
        assert table[column].to_dict() == human[column].to_dict()


def test_a_certain_model_has_no_entropy(row_reader, data, human):
    assert model_entropies(row_reader(1e6), data, human)["model_entropy"].to_list() == [0] * 5


def test_calibration_error_by_hand():
    # three bins: .95 sure and right half the time, .55 and always right, 1 and right
    confidence = np.array([0.95, 0.95, 0.55, 1.0])
    correct = np.array([True, False, True, True])
    # in the last bin three trials: confidence 2.9, right 2: off by .9 in sum; in the sixth .45
    assert calibration_error(confidence, correct) == pytest.approx((0.9 + 0.45) / 4)


def test_calibration_errors_stand_in_the_rows(row_reader, data, human_entropy, digits):
    rows = evaluate_shared(row_reader(TWICE), data, human_entropy, digits)
    (everyone,) = [
        row["calibration_error"]
        for row in rows
        if (row["participant_id"], row["entropy_bin"], row["dataset"]) == ("all", "all", "trials_test")
    ]
    assert everyone == pytest.approx(4 / 6 - 1 / 2)  # sure to a half, right on four of six
    assert rows[-1]["calibration_error"] == pytest.approx(1 / 2)  # the digits: always right


def test_crossed_trials_are_those_of_the_named_people(data):
    assert shown_images(["b"], data).tolist() == sorted(shown_images(["a", "b"], data).tolist())
    crossed = crossed_trials(["b", "a"], np.full((2, 3, 3), 1 / 3), data)
    rows = data.rows("test")
    assert [crossed.participant_ids[one] for one in crossed.person] == data.participant[rows].tolist()
    alone = crossed_trials(["b"], np.full((1, 3, 3), 1 / 3), data)
    assert (alone.person == 0).all() and len(alone.person) == 3


def test_a_stimulus_without_human_entropy_is_named(row_reader, data, human_entropy, digits):
    name = human_entropy.index[1]
    with pytest.raises(ValueError, match=f"human entropy lacks 1 stimuli, {name} first"):
        evaluate_shared(row_reader(TWICE), data, human_entropy.drop(name), digits)
