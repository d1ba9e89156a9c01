"""The alignment benchmark's ways of splitting and choosing."""

import numpy as np
import pytest
import torch

from bam_pipelines.alignment.gain import CrossedTrials
from bam_pipelines.alignment.trial_data import TrialData
from benchmarks.alignment.measures import chosen_people, measure
from benchmarks.alignment.published_style import choosing_on_test, split_by_trial


@pytest.fixture
def data():
    split = np.repeat(["train", "validation", "test"], [60, 20, 20])
    images, people = np.arange(100), np.repeat(["a"], 100)
    return TrialData(
        torch.zeros(100, 1, 2, 2), [f"i{i}" for i in images], images, torch.arange(100) % 10, people, split
    )


def test_epochs_are_chosen_on_the_trials_that_are_reported(data):
    changed = choosing_on_test(data)
    for split in ("validation", "test"):
        rows = changed.rows(split)
        assert changed.stimulus[rows].tolist() == list(range(80, 100))
        assert changed.response[rows].tolist() == data.response[80:].tolist()
    assert changed.stimulus[changed.rows("train")].tolist() == list(range(60))


def test_trials_are_split_without_regard_to_images(data):
    changed = split_by_trial(data.take(np.tile(np.arange(100), 40)))
    assert len(changed.rows("train")) == pytest.approx(2400, abs=150)
    assert len(changed.rows("test")) == pytest.approx(800, abs=120)
    assert len({*changed.stimulus[changed.rows("train")]} & {*changed.stimulus[changed.rows("test")]}) == 100


def test_arms_are_compared_on_the_same_peoples_trials():
    draw = np.random.default_rng(0)
    person, stimulus = np.repeat(np.arange(4), 10), np.tile(np.arange(10), 4)
    response = draw.integers(3, size=40)
    ours, paper = (CrossedTrials("abcd", draw.dirichlet(np.ones(3), (4, 10)), person, stimulus, response) for _ in "12")
    some = {name: chosen_people(arm, ["b", "d"]) for name, arm in (("ours", ours), ("paper", paper))}
    found = measure(some)
    theirs = np.isin(person, [1, 3])
    for name, arm in (("ours", ours), ("paper", paper)):
        losses = -np.log(arm.probabilities[person, stimulus, response])[theirs]
        assert found["log_loss"][name]["value"] == pytest.approx(losses.mean())
        assert found["log_loss"][name]["low"] < losses.mean() < found["log_loss"][name]["high"]
    difference = found["log_loss"]["ours"]["value"] - found["log_loss"]["paper"]["value"]
    assert found["log_loss"]["ours_less_paper"]["value"] == pytest.approx(difference)
