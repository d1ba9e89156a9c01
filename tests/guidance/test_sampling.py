"""Stimulus sets: quotas, budgets, seeds and tables, with networks of a few weights."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounterWithBackend

from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.compute.workers import Workers, open_workers
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import Cell
from bam_pipelines.guidance.fast import FastSettings
from bam_pipelines.guidance.methods import FastMethod, PaperMethod, UnguidedMethod
from bam_pipelines.guidance.sampler import SamplerSettings, sample_images
from bam_pipelines.guidance.sampling import PROBABILITY_COLUMNS, SamplingPlan, parting, sample_stimuli
from bam_pipelines.images.digits import Digits
from bam_pipelines.images.pixels import to_uint8
from bam_pipelines.images.table import table_images, table_pixels
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification

DIGITS = Digits(
    np.random.default_rng(0).integers(0, 256, (9, 1, 4, 4), dtype=np.uint8), np.arange(9, dtype=np.uint8) % 3
)
FAST = FastSettings(0.6, 3, 1.0, 0.05, 1, 2)
CELLS = [Cell(("a",), (0, 1), 3), Cell(("b",), (0, 2), 2), Cell(("a",), (1, 2), 1)]
PLAN = SamplingPlan(
    method=PaperMethod(SamplerSettings(steps=4, repeats=1, guidance_scale=0.3), 10.0, DIGITS, 50.0),
    rule=AcceptanceRule("uncertainty", 0.001, None, 0.5),
    max_proposals=4,
    batch_size=2,
    source="base",
    seed=7,
    stage="sampling",
)


def trained(network):
    return TrainedNetwork(network, NetworkSpecification("linear", {"image_size": 4, "channels": 1}))


def unguided(steps):
    return PaperMethod(SamplerSettings(steps, 1, 0.0), 10.0, DIGITS, 50.0)


@pytest.fixture
def prior(gaussian_prior, noise):
    return gaussian_prior(noise, mean=0.0, deviation=1.0)


@pytest.fixture
def classifiers(half_detectors, linear):
    networks = {"a": half_detectors, "b": linear(-half_detectors[1].weight, [4.0, 4.0, 0.0])}
    return {name: trained(network) for name, network in networks.items()}


@pytest.fixture
def kind_judge(linear):
    return trained(linear(torch.zeros(1, 16), 1.0))


@pytest.fixture
def choosy_judge(linear):
    # accepts where the first pixel is above the prior's mean: half of the unguided images
    weights = torch.zeros(1, 16)
    weights[0, 0] = 10.0
    return trained(linear(weights, -4.5))


def test_every_cell_gets_its_quota(prior, classifiers, kind_judge, compute, tmp_path):
    stimuli, acceptance = sample_stimuli(CELLS, classifiers, prior, kind_judge, PLAN, compute, tmp_path)
    assert acceptance["proposals"].tolist() == acceptance["accepted"].tolist() == [3, 2, 1]
    # in the order of the cells
    assert stimuli["model_1"].tolist() == ["a", "a", "a", "b", "b", "a"]
    assert stimuli["target_1"].tolist() == [0, 0, 0, 0, 0, 1]
    assert stimuli["target_2"].tolist() == [1, 1, 1, 2, 2, 2]
    assert stimuli["stimulus_id"].is_unique
    assert set(stimuli["strategy"]) == {"uncertainty"} and set(stimuli["source"]) == {"base"}
    assert stimuli[["model_2", "pair_id", "margin", "p2_target_1", "p2_target_2"]].isna().all(axis=None)


def test_a_seed_makes_its_image_again(prior, classifiers, kind_judge, compute, tmp_path):
    plan = replace(PLAN, method=unguided(4))
    stimuli, _ = sample_stimuli(CELLS, classifiers, prior, kind_judge, plan, compute, tmp_path)
    assert stimuli["seed"].tolist() == [
        derive_seed(7, "sampling", "uncertainty", None, model, *targets, number)
        for model, targets, quota in (("a", (0, 1), 3), ("b", (0, 2), 2), ("a", (1, 2), 1))
        for number in range(quota)
    ]
    again = sample_images(prior, stimuli["seed"].tolist(), SamplerSettings(4, 1, 0.0), compute, None).images
    np.testing.assert_array_equal(to_uint8(again), table_pixels(stimuli))


def test_probabilities_and_scores_are_those_of_the_stored_images(prior, classifiers, choosy_judge, compute, tmp_path):
    # six images in shards of two: a shard never holds two classifiers' images
    plan = replace(PLAN, max_proposals=30)
    stimuli, _ = sample_stimuli(CELLS, classifiers, prior, choosy_judge, plan, compute, tmp_path)
    assert set(stimuli["model_1"]) == {"a", "b"}
    for name, rows in stimuli.groupby("model_1"):
        images = table_images(rows)
        probabilities = classifiers[name].network(images).double().softmax(1)
        for column, targets in (("p1_target_1", "target_1"), ("p1_target_2", "target_2")):
            np.testing.assert_allclose(rows[column], probabilities[range(len(rows)), rows[targets].tolist()], atol=1e-6)
        np.testing.assert_allclose(rows["judge_score"], choosy_judge.network(images)[:, 0], atol=1e-5)
    assert (stimuli["judge_score"] > 0.5).all()


def test_every_cell_fills_or_spends_its_budget(prior, classifiers, choosy_judge, compute, tmp_path):
    cells = [Cell(("a",), (first, second), 3) for first in range(3) for second in range(3) if first != second]
    plan = replace(PLAN, method=unguided(4), max_proposals=2)
    stimuli, acceptance = sample_stimuli(cells, classifiers, prior, choosy_judge, plan, compute, tmp_path)
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


def test_cells_that_stay_empty_stand_in_the_acceptance_table(prior, classifiers, linear, compute, tmp_path):
    refusing = trained(linear(torch.zeros(1, 16), 0.0))
    stimuli, acceptance = sample_stimuli(CELLS, classifiers, prior, refusing, PLAN, compute, tmp_path)
    assert stimuli.empty
    assert acceptance["proposals"].tolist() == [12, 8, 4]  # 4 images for each wanted stimulus
    assert acceptance["accepted"].tolist() == [0, 0, 0]
    assert acceptance["quota"].tolist() == [3, 2, 1]


def test_two_peoples_models(prior, classifiers, kind_judge, compute, tmp_path):
    rule = AcceptanceRule("controversial", None, 0.2, 0.5)
    plan = replace(
        PLAN,
        rule=rule,
        source="individual",
        stage="manipulation",
        method=PaperMethod(SamplerSettings(10, 1, 1.0), 10.0, DIGITS, 50.0),
    )
    cells = [Cell(("a", "b"), (0, 1), 2, "a-b"), Cell(("a", "b"), (1, 0), 2, "a-b")]
    stimuli, acceptance = sample_stimuli(cells, classifiers, prior, kind_judge, plan, compute, tmp_path)
    assert acceptance["accepted"].tolist() == [2, 2]
    assert set(stimuli["pair_id"]) == {"a-b"} and set(stimuli["model_2"]) == {"b"} and set(stimuli["margin"]) == {0.2}
    second = classifiers["b"].network(table_images(stimuli)).double().softmax(1).numpy()
    rows = range(4)
    np.testing.assert_allclose(stimuli["p2_target_1"], second[rows, stimuli["target_1"]], atol=1e-6)
    np.testing.assert_allclose(stimuli["p2_target_2"], second[rows, stimuli["target_2"]], atol=1e-6)
    # log-odds of at least .2 for each model's own target
    assert (np.log(stimuli["p1_target_1"] / stimuli["p1_target_2"]) >= 0.2).all()
    assert (np.log(stimuli["p2_target_2"] / stimuli["p2_target_1"]) >= 0.2).all()


def test_parting_is_net_directed_success_of_two_who_answer_by_the_probabilities():
    # certain and apart; certain and apart the other way; alike; p1 (.5, .2), p2 (.1, .4): .5 · .4 − .2 · .1
    table = [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0], [0.5, 0.5, 0.5, 0.5], [0.5, 0.2, 0.1, 0.4]]
    np.testing.assert_allclose(parting(np.array(table)), [1.0, -1.0, 0.0, 0.18])


def test_of_the_candidates_those_that_part_most_are_chosen(prior, classifiers, kind_judge, compute, tmp_path):
    rule = AcceptanceRule("controversial", None, 0.5, 0.5, strict=False)
    plan = replace(PLAN, rule=rule)
    everything, _ = sample_stimuli(
        [Cell(("a", "b"), (0, 1), 8)], classifiers, prior, kind_judge, plan, compute, tmp_path
    )
    chosen, acceptance = sample_stimuli(
        [Cell(("a", "b"), (0, 1), 2)], classifiers, prior, kind_judge, replace(plan, candidates=4), compute, tmp_path
    )
    parted = parting(everything[list(PROBABILITY_COLUMNS)].to_numpy(dtype=float))
    best = everything["stimulus_id"].iloc[np.argsort(-parted)[:2]]
    assert len(everything) == 8 and chosen["stimulus_id"].tolist() == best.tolist()
    assert acceptance[["quota", "proposals", "accepted"]].values.tolist() == [[2, 8, 8]]


def test_candidates_need_two_classifiers():
    with pytest.raises(ValueError, match="2 candidates a stimulus asked for, expected at least 1, and 1 unless two"):
        replace(PLAN, candidates=2)


def test_repeated_images_are_dropped(gaussian_prior, classifiers, kind_judge, compute, tmp_path):
    white = gaussian_prior(NoiseSpecification("epsilon", "linear", 1000, (-1.0, 1.0)), mean=9.0, deviation=0.1)
    stimuli, acceptance = sample_stimuli(CELLS, classifiers, white, kind_judge, PLAN, compute, tmp_path)
    # the estimate is clipped to 1 everywhere: one image six times
    assert acceptance["accepted"].tolist() == [3, 2, 1]
    assert len(stimuli) == 1 and stimuli["image"][0].tolist() == [255] * 16


def test_the_number_of_workers_changes_nothing(prior, classifiers, choosy_judge, compute, tmp_path):
    alone = sample_stimuli(CELLS, classifiers, prior, choosy_judge, PLAN, compute, tmp_path / "alone")
    with open_workers(Workers("loky", 2)):
        helped = sample_stimuli(CELLS, classifiers, prior, choosy_judge, PLAN, compute, tmp_path / "helped")
    pd.testing.assert_frame_equal(alone[0], helped[0])
    pd.testing.assert_frame_equal(alone[1], helped[1])
    assert not alone[0].empty


@dataclass(frozen=True)
class FailingMethod:
    """The paper's sampler until a number of shards is done, then an error."""

    done: list[int]
    last: int
    digits: Digits = DIGITS
    name: str = "paper"

    def sample(self, guides, seeds, targets, rule, compute):
        if len(self.done) == self.last:
            raise FloatingPointError("the gradient of the objective is not finite")
        self.done.append(len(seeds))
        return PLAN.method.sample(guides, seeds, targets, rule, compute)


def test_a_run_that_failed_goes_on_where_it_was(prior, classifiers, choosy_judge, compute, tmp_path, monkeypatch):
    # the fingerprint must not see which of the two methods it is
    monkeypatch.setattr("bam_pipelines.guidance.sampling.fingerprint", lambda *parts: "same")
    whole, failing, resumed = (replace(PLAN, method=FailingMethod([], last)) for last in (99, 2, 99))
    expected = sample_stimuli(CELLS, classifiers, prior, choosy_judge, whole, compute, tmp_path / "whole")
    with pytest.raises(FloatingPointError):
        sample_stimuli(CELLS, classifiers, prior, choosy_judge, failing, compute, tmp_path / "killed")
    found = sample_stimuli(CELLS, classifiers, prior, choosy_judge, resumed, compute, tmp_path / "killed")
    for one, other in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert len(resumed.method.done) == len(whole.method.done) - 2


def test_another_plan_does_not_read_these_shards(prior, classifiers, kind_judge, compute, tmp_path):
    one, other = (
        sample_stimuli(CELLS, classifiers, prior, kind_judge, replace(PLAN, seed=seed), compute, tmp_path)[0]
        for seed in (7, 8)
    )
    assert not set(one["stimulus_id"]) & set(other["stimulus_id"])
    assert len(list(tmp_path.iterdir())) == 2


def test_unguided_stimuli_name_no_classifier(prior, classifiers, kind_judge, compute, tmp_path):
    plan = replace(
        PLAN, rule=AcceptanceRule("unguided", None, None, 0.5), source="none", method=UnguidedMethod(FAST, DIGITS)
    )
    cells = [Cell((), (0, 1), 2), Cell((), (1, 2), 1)]
    stimuli, acceptance = sample_stimuli(cells, classifiers, prior, kind_judge, plan, compute, tmp_path)
    assert acceptance["accepted"].tolist() == [2, 1]
    assert set(stimuli["method"]) == {"none"} and set(stimuli["strategy"]) == {"unguided"}
    assert stimuli[["model_1", "model_2", "p1_target_1"]].isna().all(axis=None)
    assert stimuli["target_2"].tolist() == [1, 1, 2]


@pytest.mark.parametrize("fast", [True, False])
def test_a_reference_draws_stimuli_near(prior, classifiers, kind_judge, compute, tmp_path, fast):
    cells, distances = [Cell(("a",), (0, 1), 12)], []
    for weight in (0.0, 500.0):
        method = (
            FastMethod(FAST, DIGITS, weight) if fast else PaperMethod(SamplerSettings(20, 1, 0.5), 10.0, DIGITS, weight)
        )
        plan = replace(PLAN, method=method, rule=AcceptanceRule("reference", 0.001, None, 0.5))
        stimuli, _ = sample_stimuli(cells, classifiers, prior, kind_judge, plan, compute, tmp_path)
        sources = stimuli["source_index"].to_numpy(dtype=int)
        assert len(stimuli) == 12 and set(DIGITS.labels[sources]) == {0}
        distances.append(np.abs(table_pixels(stimuli).astype(float) - DIGITS.pixels[sources]).mean())
    assert distances[1] < 0.8 * distances[0]


def test_another_batch_size_accepts_as_often(prior, classifiers, choosy_judge, compute, tmp_path):
    cells = [Cell(("a",), (0, 1), 200)]
    plans = [replace(PLAN, batch_size=size, max_proposals=1) for size in (3, 64)]
    one, other = (sample_stimuli(cells, classifiers, prior, choosy_judge, plan, compute, tmp_path)[1] for plan in plans)
    # the same seeds, other sums of floats: only an image at the very threshold can change sides
    assert one["accepted"][0] == pytest.approx(other["accepted"][0], abs=2)
    assert 50 < one["accepted"][0] < 190


def test_a_classifier_that_is_not_given_is_named(prior, classifiers, kind_judge, compute, tmp_path):
    cells = [*CELLS, Cell(("c",), (0, 1), 1)]
    with pytest.raises(ValueError, match="cells name the classifiers c, but only a, b exist"):
        sample_stimuli(cells, classifiers, prior, kind_judge, PLAN, compute, tmp_path)


def test_compiled_networks_sample_the_same_stimuli(prior, classifiers, kind_judge, compute, tmp_path, monkeypatch):
    counted = CompileCounterWithBackend("aot_eager")  # needs no C++ compiler
    compile_network = nn.Module.compile
    monkeypatch.setattr(nn.Module, "compile", lambda network: compile_network(network, backend=counted))
    plan = replace(PLAN, method=FastMethod(FAST, DIGITS, 0.0))
    inputs = classifiers, prior, kind_judge, plan
    expected, _ = sample_stimuli(CELLS, *inputs, compute, tmp_path)
    assert counted.frame_count == 0
    stimuli, _ = sample_stimuli(CELLS, *inputs, replace(compute, compiled=True), tmp_path)
    assert counted.frame_count >= len(classifiers) + 2  # every network at least once
    assert stimuli["seed"].tolist() == expected["seed"].tolist()
    differences = table_pixels(stimuli).astype(int) - table_pixels(expected).astype(int)
    assert np.abs(differences).max() <= 1
    # nothing of it stays with the caller's networks
    assert all(trained.network._compiled_call_impl is None for trained in (*classifiers.values(), prior, kind_judge))
