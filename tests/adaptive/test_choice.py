"""Which images a round shows."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from bam_pipelines.adaptive.acquisition import Acquisition
from bam_pipelines.adaptive.choice import _diverse_batch, choose_round, known_of, power_batch
from bam_pipelines.adaptive.information import after_answer, linear_epig
from bam_pipelines.adaptive.posterior import Posterior
from bam_pipelines.adaptive.settings import LoopSettings

SETTINGS = LoopSettings("epig", 10, 0.2, 0.1, samples=64, shortlist=30, targets=5, coldness=1.0)


def settings_of(**changes):
    return replace(SETTINGS, **changes)


@pytest.fixture
def known():
    posterior = Posterior(torch.zeros(1, 4, dtype=torch.float64), torch.eye(4, dtype=torch.float64)[None])
    return known_of(posterior, 0, 64, torch.Generator().manual_seed(0))


@pytest.fixture
def pool(model_of):
    return model_of(n_images=80, seed=5).to(torch.float32)


@pytest.fixture
def targets(model_of):
    return model_of(n_images=12, seed=6).to(torch.float32)


@pytest.mark.parametrize("acquisition", get_args(Acquisition))
def test_a_round_has_so_many_of_each_kind_and_nothing_twice(acquisition, known, pool, targets):
    answered = np.arange(0, 40, 2)
    settings = settings_of(acquisition=acquisition)
    found = choose_round(known, pool, targets, answered, settings, np.random.default_rng(0))
    assert found["reason"].value_counts().to_dict() == {"acquisition": 7, "anchor": 2, "repeat": 1}
    assert found["image"].is_unique
    again = found["reason"] == "repeat"
    assert np.isin(found["image"], answered).tolist() == again.tolist()
    scored = (found["reason"] == "acquisition") & (acquisition != "random")
    assert found["score"].notna().tolist() == scored.tolist()
    same = choose_round(known, pool, targets, answered, settings, np.random.default_rng(0))
    assert same.equals(found)


def test_in_a_first_round_nothing_can_be_repeated(known, pool, targets):
    found = choose_round(known, pool, targets, np.zeros(0, dtype=int), SETTINGS, np.random.default_rng(0))
    assert found["reason"].value_counts().to_dict() == {"acquisition": 7, "anchor": 3}


@pytest.mark.parametrize("acquisition", ["epig", "bald", "entropy"])
def test_the_most_telling_images_are_preferred(acquisition, known, pool, targets):
    """Images 0 to 39 look alike to everyone and all answers to them are as likely, or one of them is certain."""
    dull = 40
    logits = pool.logits.clone()
    logits[:dull] = torch.tensor([30.0, 0.0, 0.0]) if acquisition == "entropy" else 0.0
    ways = pool.ways.clone()
    ways[:dull] = 0.0
    flat = replace(pool, logits=logits, ways=ways)
    settings = settings_of(acquisition=acquisition, coldness=20.0)
    nothing = np.zeros(0, dtype=int)
    rounds = [choose_round(known, flat, targets, nothing, settings, np.random.default_rng(n)) for n in range(5)]
    chosen = np.concatenate([one["image"][one["reason"] == "acquisition"] for one in rounds])
    assert (chosen >= dull).all()
    anchors = np.concatenate([one["image"][one["reason"] == "anchor"] for one in rounds])
    assert (anchors < dull).any()


def test_a_pool_that_is_used_up_is_an_error(known, pool, targets):
    with pytest.raises(ValueError, match="3 images of the pool are not answered yet, and a round shows 9 new ones"):
        choose_round(known, pool, targets, np.arange(77), SETTINGS, np.random.default_rng(0))


def test_epig_without_targets_is_an_error(known, pool):
    with pytest.raises(ValueError, match="acquisition epig needs target images"):
        choose_round(known, pool, None, np.arange(3), SETTINGS, np.random.default_rng(0))


@pytest.mark.parametrize("coldness", [1.0, 2.0])
def test_the_first_of_a_batch_is_drawn_by_the_scores_power(coldness):
    """Scores 1, 2 and 3: probabilities 1/6, 2/6, 3/6, or 1/14, 4/14, 9/14 with squares."""
    draw = np.random.default_rng(0)
    scores = torch.tensor([1.0, 2.0, 3.0])
    first = np.array([power_batch(scores, 2, coldness, draw)[0] for _ in range(4000)])
    expected = np.array([1, 2, 3]) ** coldness / (np.array([1, 2, 3]) ** coldness).sum()
    assert np.bincount(first, minlength=3) / 4000 == pytest.approx(expected, abs=0.03)


def test_scores_that_rounding_made_negative_are_drawn_last():
    batch = power_batch(torch.tensor([-1e-9, 1.0, 2.0]), 3, 1.0, np.random.default_rng(0))
    assert batch[2] == 0


def test_a_batch_does_not_ask_the_same_twice():
    """Images 0 and 1 tell the same; 2 tells less, but something else. The greedy pair is one of the first and 2."""
    roots = torch.zeros(3, 2, 4)
    roots[0, 0, 0] = roots[1, 0, 0] = 5.0
    roots[2, 0, 1] = 3.0
    aim, covariance = torch.eye(4), torch.eye(4)
    scores = linear_epig(roots, aim, covariance)
    assert scores.tolist() == [12.5, 12.5, 4.5]
    left = linear_epig(roots, aim, after_answer(covariance, roots[0]))
    assert left[1].item() == pytest.approx(12.5 / 26**2, rel=1e-4)
    for seed in range(5):
        taken = _diverse_batch(scores, roots, aim, covariance, 2, 100.0, np.random.default_rng(seed))
        assert set(taken.tolist()) in ({0, 2}, {1, 2})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"acquisition": "variance"}, "acquisition is 'variance', expected epig, bald, entropy or random"),
        ({"trials_per_round": 0}, "trials_per_round is 0, expected an integer of at least 1"),
        ({"anchor_share": 1.2}, "anchor_share is 1.2, expected a number from 0 to 1"),
        ({"anchor_share": 0.8, "repeat_share": 0.3}, "expected at most 1 together"),
        ({"shortlist": 9}, "shortlist is 9, expected at least trials_per_round"),
        ({"coldness": 0.0}, "coldness is 0.0, expected a number above 0"),
    ],
)
def test_settings_outside_their_range(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        settings_of(**change)
