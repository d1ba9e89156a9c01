"""Statistics of simulated answers by hand, and a fit that finds what was simulated."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from bam_pipelines.analysis.outcomes import outcome_of_shares
from bam_pipelines.behavior.calibration import Panel, answer_statistics, calibrate
from bam_pipelines.behavior.observers import draw_participants


def panel_of(logits, targets):
    """A front end whose features are the class logits themselves."""
    head = nn.Linear(len(logits[0]), len(logits[0]))
    with torch.no_grad():
        head.weight.copy_(torch.eye(len(logits[0])))
        head.bias.zero_()
    return Panel(np.array(logits, dtype=float), np.array(targets), head)


@pytest.fixture
def same(settings_of):
    """Ten people who do not differ and never lapse."""
    settings = settings_of(participants={"population": "identical", "lapse_mean": 0.0}).participants
    return lambda classes: draw_participants(10, classes, classes, settings, 0)


def test_unanimous_images(same):
    found = answer_statistics(panel_of([[50, 0, 0], [0, 0, 50]], [[0, 1], [0, 1]]), same(3), 6, outcome_of_shares, 0)
    assert found["zero_entropy"] == 1
    # of the first image's answers all are one target: bias; of the second's none
    assert (found["success"], found["bias"], found["failure"]) == (0, 0.5, 0.5)
    assert (found["pair_success"], found["pair_bias"], found["pair_failure"]) == pytest.approx((0, 0.5, 0.5))


def test_a_coin_between_the_targets(same):
    found = answer_statistics(panel_of([[0, 0, -50]] * 4000, [[0, 1]] * 4000), same(3), 6, outcome_of_shares, 0)
    assert found["zero_entropy"] == pytest.approx(2 / 2**6, abs=0.01)
    assert found["failure"] == 0
    assert found["success"] == pytest.approx(1 - 2 / 2**6, abs=0.01)
    # on the images that came out unanimous by chance two people differ as often as on the others
    assert (found["pair_success"], found["pair_bias"]) == pytest.approx((0.5, 0.5))


def test_pairs_weigh_outcomes_alike(same):
    # nine unanimous images (bias), one with a coin (success): half of the weight each, not a tenth
    found = answer_statistics(
        panel_of([[50, 0, 0]] * 90 + [[50, 50, 0]] * 10, [[0, 1]] * 100), same(3), 6, outcome_of_shares, 1
    )
    assert found["success"] == pytest.approx(0.1, abs=0.02)
    assert found["pair_success"] == pytest.approx(0.25, abs=0.03)


def test_answers_an_image_between_two_numbers(same):
    # of two answers to a coin half are equal, of three a quarter; of 2.5 the mean
    found = answer_statistics(panel_of([[0, 0, -50]] * 6000, [[0, 1]] * 6000), same(3), 2.5, outcome_of_shares, 0)
    assert found["zero_entropy"] == pytest.approx((1 / 2 + 1 / 4) / 2, abs=0.02)


def test_every_answer_to_an_image_is_another_persons(settings_of):
    # two people, each sure of another class: two answers always differ, and pairs are never a person with herself
    people = draw_participants(2, 2, 2, settings_of(participants={"lapse_mean": 0.0}).participants, 0)
    sure = [np.array([1.0, -1.0]) * 80, np.array([-1.0, 1.0]) * 80]
    people = people.assign(class_bias=pd.Series(sure), attention=[np.ones(2)] * 2, temperature=1.0)
    found = answer_statistics(panel_of([[0, 0]] * 50, [[0, 1]] * 50), people, 2, outcome_of_shares, 0)
    assert (found["zero_entropy"], found["success"], found["pair_success"]) == pytest.approx((0, 1, 1))


def test_a_fit_finds_the_statistics_that_were_simulated(settings_of):
    draw = np.random.default_rng(0)
    panel = panel_of(draw.normal(0, 2, (400, 6)), draw.permuted(np.tile(np.arange(6), (400, 1)), axis=1)[:, :2])
    true = settings_of(participants={"lapse_mean": 0.0}).participants
    true = replace(true, temperature_median=0.8, person_sd=0.4, cluster_sd=0.4, bias_sd=0.3)
    people = draw_participants(30, 6, 6, true, 5)
    published = answer_statistics(panel, people, 5.9, outcome_of_shares, 5)
    start = replace(true, temperature_median=1.5, person_sd=0.8, bias_sd=0.8)
    fitted, found = calibrate(panel, start, published, 5.9, outcome_of_shares, 30, 5)
    for name, value in published.items():
        assert found[name] == pytest.approx(value, abs=0.02), name
    assert fitted.cluster_sd == fitted.person_sd
    assert (fitted.lapse_mean, fitted.temperature_log_sd) == (start.lapse_mean, start.temperature_log_sd)
