"""Stimulus sets: quotas, budgets, seeds and tables, with networks of a few weights."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import Cell
from bam_pipelines.guidance.sampler import SamplerSettings, sample_images
from bam_pipelines.guidance.sampling import SamplingPlan, acceptance_metrics, joined_stimuli, sample_stimuli
from bam_pipelines.images.pixels import to_uint8
from bam_pipelines.images.table import table_images, table_pixels
from bam_pipelines.networks.noise import NoiseSpecification

CELLS = [Cell(("a",), (0, 1), 3), Cell(("b",), (0, 2), 2), Cell(("a",), (1, 2), 1)]
PLAN = SamplingPlan(
    sampler=SamplerSettings(steps=4, repeats=1, guidance_scale=0.3),
    rule=AcceptanceRule("uncertainty", 0.001, None, 0.5),
    judge_weight=10.0,
    max_proposals=4,
    batch_size=2,
    source="base",
    seed=7,
    stage="sampling",
)


@pytest.fixture
def prior(gaussian_prior, noise):
    return gaussian_prior(noise, mean=0.0, deviation=1.0)


@pytest.fixture
def classifiers(half_detectors, linear):
    return {"a": half_detectors, "b": linear(-half_detectors[1].weight, [4.0, 4.0, 0.0])}


@pytest.fixture
def kind_judge(linear):
    return linear(torch.zeros(1, 16), 1.0)


@pytest.fixture
def choosy_judge(linear):
    # accepts where the first pixel is above the prior's mean: half of the unguided images
    weights = torch.zeros(1, 16)
    weights[0, 0] = 10.0
    return linear(weights, -4.5)


def test_every_cell_gets_its_quota(prior, classifiers, kind_judge, compute):
    stimuli, acceptance = sample_stimuli(CELLS, classifiers, prior, kind_judge, PLAN, compute)
    assert acceptance["proposals"].tolist() == acceptance["accepted"].tolist() == [3, 2, 1]
    # in the order of the cells
    assert stimuli["model_1"].tolist() == ["a", "a", "a", "b", "b", "a"]
    assert stimuli["target_1"].tolist() == [0, 0, 0, 0, 0, 1]
    assert stimuli["target_2"].tolist() == [1, 1, 1, 2, 2, 2]
    assert stimuli["stimulus_id"].is_unique
    assert set(stimuli["strategy"]) == {"uncertainty"} and set(stimuli["source"]) == {"base"}
    assert stimuli[["model_2", "pair_id", "margin", "p2_target_1", "p2_target_2"]].isna().all(axis=None)


def test_a_seed_makes_its_image_again(prior, classifiers, kind_judge, compute):
    plan = replace(PLAN, sampler=SamplerSettings(4, 1, 0.0))
    stimuli, _ = sample_stimuli(CELLS, classifiers, prior, kind_judge, plan, compute)
    assert stimuli["seed"].tolist() == [
        derive_seed(7, "sampling", "uncertainty", None, model, *targets, number)
        for model, targets, quota in (("a", (0, 1), 3), ("b", (0, 2), 2), ("a", (1, 2), 1))
        for number in range(quota)
    ]
    again = sample_images(prior, stimuli["seed"].tolist(), plan.sampler, compute, None).images
    np.testing.assert_array_equal(to_uint8(again), table_pixels(stimuli))


def test_probabilities_and_scores_are_those_of_the_stored_images(prior, classifiers, choosy_judge, compute):
    # six images in shards of two: a shard never holds two classifiers' images
    plan = replace(PLAN, max_proposals=30)
    stimuli, _ = sample_stimuli(CELLS, classifiers, prior, choosy_judge, plan, compute)
    assert set(stimuli["model_1"]) == {"a", "b"}
    for name, rows in stimuli.groupby("model_1"):
        images = table_images(rows)
        probabilities = classifiers[name](images).double().softmax(1)
        for column, targets in (("p1_target_1", "target_1"), ("p1_target_2", "target_2")):
            np.testing.assert_allclose(rows[column], probabilities[range(len(rows)), rows[targets].tolist()], atol=1e-6)
        np.testing.assert_allclose(rows["judge_score"], choosy_judge(images)[:, 0], atol=1e-5)
    assert (stimuli["judge_score"] > 0.5).all()


def test_every_cell_fills_or_spends_its_budget(prior, classifiers, choosy_judge, compute):
    cells = [Cell(("a",), (first, second), 3) for first in range(3) for second in range(3) if first != second]
    plan = replace(PLAN, sampler=SamplerSettings(4, 1, 0.0), max_proposals=2)
    stimuli, acceptance = sample_stimuli(cells, classifiers, prior, choosy_judge, plan, compute)
    filled = acceptance["accepted"] == 3
    # a budget of 2 images for each of 3 wanted stimuli
    assert (acceptance.loc[~filled, "proposals"] == 6).all()
    assert acceptance["proposals"].between(3, 6).all() and (acceptance["accepted"] <= 3).all()
    assert filled.any() and not filled.all()
    counts = (
        stimuli.groupby(["target_1", "target_2"])
        .size()
        .reindex(pd.MultiIndex.from_frame(acceptance[["target_1", "target_2"]]), fill_value=0)
    )
    assert counts.tolist() == acceptance["accepted"].tolist()


def test_cells_that_stay_empty_stand_in_the_acceptance_table(prior, classifiers, linear, compute):
    refusing = linear(torch.zeros(1, 16), 0.0)
    stimuli, acceptance = sample_stimuli(CELLS, classifiers, prior, refusing, PLAN, compute)
    assert stimuli.empty
    assert acceptance["proposals"].tolist() == [12, 8, 4]  # 4 images for each wanted stimulus
    assert acceptance["accepted"].tolist() == [0, 0, 0]
    assert acceptance["quota"].tolist() == [3, 2, 1]


def test_two_peoples_models(prior, classifiers, kind_judge, compute):
    rule = AcceptanceRule("controversial", None, 0.2, 0.5)
    plan = replace(PLAN, rule=rule, source="individual", stage="manipulation", sampler=SamplerSettings(10, 1, 1.0))
    cells = [Cell(("a", "b"), (0, 1), 2, "a-b"), Cell(("a", "b"), (1, 0), 2, "a-b")]
    stimuli, acceptance = sample_stimuli(cells, classifiers, prior, kind_judge, plan, compute)
    assert acceptance["accepted"].tolist() == [2, 2]
    assert set(stimuli["pair_id"]) == {"a-b"} and set(stimuli["model_2"]) == {"b"} and set(stimuli["margin"]) == {0.2}
    second = classifiers["b"](table_images(stimuli)).double().softmax(1).numpy()
    rows = range(4)
    np.testing.assert_allclose(stimuli["p2_target_1"], second[rows, stimuli["target_1"]], atol=1e-6)
    np.testing.assert_allclose(stimuli["p2_target_2"], second[rows, stimuli["target_2"]], atol=1e-6)
    # log-odds of at least .2 for each model's own target
    assert (np.log(stimuli["p1_target_1"] / stimuli["p1_target_2"]) >= 0.2).all()
    assert (np.log(stimuli["p2_target_2"] / stimuli["p2_target_1"]) >= 0.2).all()


def test_repeated_images_are_dropped(gaussian_prior, classifiers, kind_judge, compute):
    white = gaussian_prior(NoiseSpecification("epsilon", "linear", 1000, (-1.0, 1.0)), mean=9.0, deviation=0.1)
    stimuli, acceptance = sample_stimuli(CELLS, classifiers, white, kind_judge, PLAN, compute)
    # the estimate is clipped to 1 everywhere: one image six times
    assert acceptance["accepted"].tolist() == [3, 2, 1]
    assert len(stimuli) == 1 and stimuli["image"][0].tolist() == [255] * 16


def test_the_number_of_workers_changes_nothing(prior, classifiers, choosy_judge, compute):
    alone, helped = (
        sample_stimuli(CELLS, classifiers, prior, choosy_judge, PLAN, replace(compute, workers=workers))
        for workers in (1, 2)
    )
    pd.testing.assert_frame_equal(alone[0], helped[0])
    pd.testing.assert_frame_equal(alone[1], helped[1])
    assert not alone[0].empty


def test_a_classifier_that_is_not_given_is_named(prior, classifiers, kind_judge, compute):
    cells = [*CELLS, Cell(("c",), (0, 1), 1)]
    with pytest.raises(ValueError, match="cells name the classifiers c, but only a, b exist"):
        sample_stimuli(cells, classifiers, prior, kind_judge, PLAN, compute)


def test_joined_tables_keep_each_image_once():
    first = pd.DataFrame({"stimulus_id": ["x", "y"], "strategy": "uncertainty"})
    second = pd.DataFrame({"stimulus_id": ["y", "z"], "strategy": "controversial"})
    joined = joined_stimuli([first, pd.DataFrame(), second])
    assert joined["stimulus_id"].tolist() == ["x", "y", "z"]
    assert joined["strategy"].tolist() == ["uncertainty", "uncertainty", "controversial"]
    assert joined.index.tolist() == [0, 1, 2]


def test_no_stimulus_at_all_is_an_error():
    with pytest.raises(ValueError, match="no proposal was accepted; raise the sampler's guidance_scale"):
        joined_stimuli([pd.DataFrame(), pd.DataFrame()])


def test_acceptance_metrics_by_hand():
    stimuli = pd.DataFrame(
        {
            "strategy": ["uncertainty"] * 3 + ["controversial"],
            "judge_score": [0.6, 1.0, 0.9, 0.7],
            "p1_target_1": [0.5, 0.41, 0.55, 0.95],
            "p1_target_2": [0.5, 0.51, 0.41, 0.01],
        }
    )
    acceptance = pd.DataFrame(
        {
            "strategy": ["uncertainty", "uncertainty", "controversial"],
            "quota": [2, 2, 1],
            "proposals": [4, 8, 5],
            "accepted": [2, 1, 1],
        }
    )
    metrics = acceptance_metrics(stimuli, acceptance)
    assert metrics["stimuli"] == 4
    # gaps 0, .10, .14: median .10, and the 95 % quantile is 90 % of the way from .10 to .14: .136
    assert metrics["uncertainty"] == pytest.approx(
        {
            "stimuli": 3,
            "proposals": 12,
            "acceptance_rate": 0.25,
            "unfilled_cells": 1,
            "judge_score_median": 0.9,
            "gap_median": 0.1,
            "gap_q95": 0.136,
        }
    )
    assert metrics["controversial"] == pytest.approx(
        {"stimuli": 1, "proposals": 5, "acceptance_rate": 0.2, "unfilled_cells": 0, "judge_score_median": 0.7}
    )


def test_a_strategy_without_stimuli_has_no_quantiles():
    columns = ["strategy", "judge_score", "p1_target_1", "p1_target_2"]
    stimuli = pd.DataFrame([["controversial", 0.7, 0.95, 0.01]], columns=columns)
    acceptance = pd.DataFrame({"strategy": ["uncertainty"], "quota": [2], "proposals": [20], "accepted": [0]})
    assert acceptance_metrics(stimuli, acceptance)["uncertainty"] == {
        "stimuli": 0,
        "proposals": 20,
        "acceptance_rate": 0.0,
        "unfilled_cells": 1,
        "judge_score_median": None,
        "gap_median": None,
        "gap_q95": None,
    }
