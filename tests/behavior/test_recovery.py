"""What was simulated is found again where the model of the fit is the one that answered."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from bam_pipelines.behavior.observers import answer_probabilities, decision_evidence, draw_participants
from bam_pipelines.behavior.recovery import fit_person, recover_parameters, summarise_recovery
from bam_pipelines.behavior.simulator import draw_answers


@pytest.fixture
def head():
    layer = nn.Linear(4, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(4))
        layer.bias.zero_()
    return layer


def answered(head, n, bias, temperature, lapse, seed=0):
    draw = np.random.default_rng(seed)
    features = draw.normal(0, 2, (n, 4))
    person = pd.Series(
        {"participant_id": "s001", "attention": np.ones(4), "class_bias": bias, "temperature": temperature}
    )
    chances = answer_probabilities(decision_evidence(features, head, person), pd.Series({"lapse": lapse}))
    return features, draw_answers(chances, draw)


@pytest.mark.parametrize("lapse", [0.05, 0.6])
def test_biases_and_temperature_are_found(head, lapse):
    bias = np.array([1.0, -0.5, 0.0, -0.5])
    features, answers = answered(head, 60_000, bias, 0.7, lapse)
    found, temperature = fit_person(features, head, answers, lapse)
    np.testing.assert_allclose(found, bias, atol=0.06)
    assert temperature == pytest.approx(0.7, rel=0.05)


def test_a_lapse_that_is_ignored_looks_like_noise(head):
    features, answers = answered(head, 20_000, np.zeros(4), 0.5, 0.2)
    assert fit_person(features, head, answers, 0.0)[1] > 1.3 * fit_person(features, head, answers, 0.2)[1]


def test_a_class_that_never_was_near_has_no_bias_to_find(head):
    features, answers = answered(head, 500, np.zeros(4), 0.5, 0.0)
    features[:, 3] = -50
    answers = np.where(answers == 3, 0, answers)
    assert abs(fit_person(features, head, answers, 0.01)[0]).max() < 2


def test_a_table_of_people(observer, stimuli, trials_of, settings_of):
    people = draw_participants(3, 3, 3, settings_of().participants, 0)
    draw = np.random.default_rng(0)
    rows = [
        {"participant_id": person, "stimulus_id": stimulus, "response": int(draw.integers(3))}
        for person in ("s001", "s002")
        for stimulus in stimuli["stimulus_id"]
    ]
    found = recover_parameters(trials_of([*rows, rows[0] | {"include": False}]), stimuli, observer, people)
    assert found["participant_id"].tolist() == ["s001", "s002"]
    assert found["n_trials"].tolist() == [40, 40]
    assert np.stack(found["class_bias"]).mean(axis=1) == pytest.approx(0, abs=1e-9)
    assert found["temperature_true"].tolist() == people["temperature"][:2].tolist()


def test_the_summary_by_hand():
    table = pd.DataFrame(
        {
            "temperature": [1.0, 2.0, 4.0],
            "temperature_true": [0.5, 1.0, 2.0],
            "class_bias": [np.array([1.0, -1.0]), np.array([0.5, -0.5]), np.array([-2.0, 2.0])],
            "class_bias_true": [np.array([2.0, -2.0]), np.array([1.0, -1.0]), np.array([-4.0, 4.0])],
        }
    )
    assert summarise_recovery(table) == pytest.approx(
        {
            "participants": 3,
            "class_bias_correlation": 1.0,
            "temperature_correlation": 1.0,
            "temperature_ratio": 2.0,
        }
    )
    assert summarise_recovery(table.iloc[:1])["temperature_correlation"] is None
    assert summarise_recovery(table.iloc[:0])["participants"] == 0
