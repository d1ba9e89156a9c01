"""One round with three people who answer about 4 x 4 images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bam_pipelines.adaptive import loop
from bam_pipelines.adaptive.answer_model import answer_probabilities
from bam_pipelines.adaptive.loop import (
    held_out_losses,
    learn,
    learn_more,
    plan_round,
    pool_and_aims,
    summarise_rounds,
)
from bam_pipelines.adaptive.posterior import fit_posterior
from bam_pipelines.adaptive.settings import LoopSettings
from bam_pipelines.alignment.hierarchical import HierarchicalSettings
from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.registry import build_network

SPECIFICATION = NetworkSpecification("lrm", {"image_size": 4, "channels": 1, "n_classes": 3})
POPULATION = HierarchicalSettings(rank=1, components=4, steps=10, batch_size=50, learning_rate=0.05)
SETTINGS = LoopSettings("epig", 8, 0.25, 0.125, samples=32, shortlist=20, targets=5, coldness=1.0)
PEOPLE = ["p0", "p1", "p2"]


@pytest.fixture(scope="module")
def stimuli():
    pixels = np.random.default_rng(0).integers(0, 256, (60, 1, 4, 4), dtype=np.uint8)
    return pd.DataFrame(image_columns(pixels))


@pytest.fixture(scope="module")
def trials(stimuli):
    """Everyone answers images 0 to 29: 18 training, 6 validation and 6 test images; 30 to 59 are shown to nobody."""
    draw = np.random.default_rng(1)
    table = pd.DataFrame(
        [
            {"participant_id": name, "stimulus_id": image, "split": split, "response": int(draw.integers(3))}
            for name in PEOPLE
            for image, split in zip(
                stimuli["stimulus_id"][:30], np.repeat(["train", "validation", "test"], [18, 6, 6]), strict=True
            )
        ]
    )
    facts = {"task": "digit", "phase": "main", "include": True, "round": 1, "session": 1, "is_catch": False}
    return table.assign(**facts, row_id=range(len(table)), trial_index=range(len(table))).astype({"response": "Int8"})


@pytest.fixture(scope="module")
def group():
    return TrainedNetwork(build_network(SPECIFICATION, seed=0), SPECIFICATION)


@pytest.fixture(scope="module")
def standing(group, trials, stimuli):
    return learn(group, trials, trials[:0], stimuli, POPULATION, seed=0)


def more(trials, stimuli, images, response=2):
    table = trials[trials["split"] == "train"].groupby("participant_id").head(len(images))
    names = list(stimuli["stimulus_id"].iloc[images]) * len(PEOPLE)
    return table.assign(stimulus_id=names, response=response, split="none", phase="manipulation", round=3)


def test_everyone_is_learned_from_training_trials_alone(standing):
    assert standing.names == PEOPLE
    assert standing.asked.given.sum(dim=1).tolist() == [18, 18, 18]
    assert standing.asked.images.max() < 18


def test_trials_of_the_loop_are_learned_from_too(group, trials, stimuli, standing):
    answers = more(trials, stimuli, [40, 41])
    catch = answers.iloc[:1].assign(is_catch=True, stimulus_id=stimuli["stimulus_id"][50])
    excluded = answers.iloc[:1].assign(include=False, stimulus_id=stimuli["stimulus_id"][51])
    practice = answers.iloc[:1].assign(phase="practice", stimulus_id="of no table")
    both = pd.concat([answers, catch, excluded, practice])
    anew = learn(group, trials, both, stimuli, POPULATION, seed=0)
    added = learn_more(standing, both)
    for found in (anew, added):
        assert found.asked.given.sum(dim=1).tolist() == [20, 20, 20]
        assert set(found.asked.images[found.asked.given].tolist()) == {*range(18), 40, 41}
    assert torch.equal(added.model.logits, standing.model.logits)
    expected = fit_posterior(standing.model, added.asked)
    assert torch.allclose(added.posterior.mean, expected.mean, atol=1e-2)
    assert not torch.allclose(added.posterior.mean, standing.posterior.mean, atol=1e-2)


def test_validation_and_test_images_are_never_shown(trials, stimuli):
    pool, aims = pool_and_aims(trials, stimuli, None, PEOPLE)
    ids = stimuli["stimulus_id"].to_list()
    assert pool == ids[:18] + ids[30:]
    assert aims == dict.fromkeys(PEOPLE, sorted(ids[18:24]))


def test_customised_stimuli_of_a_persons_pairs_are_aimed_at(trials, stimuli):
    ids = stimuli["stimulus_id"].to_list()
    left = trials[trials["participant_id"] == "p2"].assign(participant_id="q")
    candidates = stimuli[30:34].assign(pair_id=["p0xp1", "p0xp1", "p0xq", "rxs"])
    _, aims = pool_and_aims(pd.concat([trials, left]), stimuli, candidates, PEOPLE)
    assert aims == {"p0": ids[30:33], "p1": ids[30:32], "p2": sorted(ids[18:24])}


def test_an_id_may_hold_the_letter_that_joins_two(trials, stimuli):
    ids = stimuli["stimulus_id"].to_list()
    called = trials.assign(participant_id=trials["participant_id"].map({"p0": "alex", "p1": "xx", "p2": "ale"}))
    candidates = stimuli[30:31].assign(pair_id="alexxxx")
    _, aims = pool_and_aims(called, stimuli, candidates, ["alex", "xx", "ale"])
    assert aims == {"alex": ids[30:31], "xx": ids[30:31], "ale": sorted(ids[18:24])}


def test_a_round_shows_new_images_and_one_again(standing, trials, stimuli):
    pool, aims = pool_and_aims(trials, stimuli, None, PEOPLE)
    plan = plan_round(standing, pool, aims, SETTINGS, 1, seed=0)
    ids = stimuli["stimulus_id"].to_list()
    for name in PEOPLE:
        own = plan[plan["participant_id"] == name]
        assert own["reason"].value_counts().to_dict() == {"acquisition": 5, "anchor": 2, "repeat": 1}
        assert own["stimulus_id"].is_unique
        again = own["reason"] == "repeat"
        assert own["stimulus_id"][~again].isin(ids[30:]).all()
        assert own["stimulus_id"][again].isin(ids[:18]).all()
    assert plan["round"].eq(1).all()
    alone = replace(
        standing, names=["p1"], posterior=_of(standing.posterior, 1), asked=standing.asked.take(slice(1, 2))
    )
    assert plan_round(alone, pool, aims, SETTINGS, 1, 0)["stimulus_id"].to_list() == (
        plan["stimulus_id"][plan["participant_id"] == "p1"].to_list()
    )


def _of(posterior, person):
    return replace(posterior, mean=posterior.mean[[person]], covariance=posterior.covariance[[person]])


def test_who_has_seen_the_pool_is_named(standing, trials, stimuli):
    pool, aims = pool_and_aims(trials, stimuli[:30], None, PEOPLE)
    with pytest.raises(ValueError, match="participant p0: 0 images of the pool are not answered yet"):
        plan_round(standing, pool, aims, SETTINGS, 1, seed=0)


def test_losses_are_of_test_answers_under_averaged_predictions(standing, trials):
    found = held_out_losses(standing, trials, SETTINGS, 2, seed=0)
    assert found["participant_id"].to_list() == PEOPLE
    assert found[["round", "n_trials", "n_held_out"]].to_numpy().tolist() == [[2, 18, 6]] * 3
    own = trials[(trials["participant_id"] == "p1") & (trials["split"] == "test")]
    samples = standing.posterior.samples(1, 32, loop.torch_generator(0, "loop/predict", "p1"))
    chances = answer_probabilities(standing.model, samples).mean(dim=0).numpy()
    places = [standing.places[name] for name in own["stimulus_id"]]
    expected = -np.log(chances[places, own["response"].astype(int)]).mean()
    assert found["log_loss"][1] == pytest.approx(expected)


def test_without_held_out_answers_there_is_nothing_to_score(standing, trials):
    with pytest.raises(ValueError, match="nobody has an answer to a test image"):
        held_out_losses(standing, trials[trials["split"] == "train"], SETTINGS, 0, seed=0)


def test_rounds_are_summed_up():
    metrics = pd.DataFrame(
        {"participant_id": ["a", "b"] * 2, "round": [0, 0, 1, 1], "n_trials": [5, 7, 25, 27], "log_loss": [2, 1, 1, 1]}
    )
    assert summarise_rounds(metrics) == {
        "round": 1,
        "participants": 2,
        "trials": 26.0,
        "log_loss": 1.0,
        "log_loss_by_round": [1.5, 1.0],
    }
