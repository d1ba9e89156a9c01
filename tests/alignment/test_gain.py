"""What is individual, by hand and by a slow oracle."""

from math import log

import numpy as np
import pytest

from bam_pipelines.alignment.gain import (
    CrossedTrials,
    crossed_bootstrap,
    gain_over_shared,
    individual_gain,
    swap_costs,
    swap_matrix,
)

# two images, two classes: a's model says .8 for class 0 of image 0, and so on
PROBABILITIES = np.array([[[0.8, 0.2], [0.5, 0.5]], [[0.4, 0.6], [0.9, 0.1]], [[0.5, 0.5], [0.6, 0.4]]])
PEOPLE = ["a", "b", "c"]


@pytest.fixture
def crossed():
    """A and b answer both images as their models say, c answers one."""
    return CrossedTrials(
        PEOPLE, PROBABILITIES, np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1]), np.array([0, 0, 1, 0, 1])
    )


@pytest.fixture
def random_trials():
    draw = np.random.default_rng(0)
    probabilities = draw.dirichlet(np.ones(4), size=(6, 9))
    person = np.concatenate([np.arange(6), draw.integers(6, size=60)])
    return CrossedTrials(
        [f"p{index}" for index in range(6)], probabilities, person, draw.integers(9, size=66), draw.integers(4, size=66)
    )


def test_gain_over_the_average_of_all_others_by_hand(crossed):
    gain = individual_gain(crossed, seed=0, resamples=200)
    # others' average for a's answers: (.4 + .5)/2 and (.9 + .6)/2; b's: (.2 + .5)/2, (.5 + .6)/2; c's: (.5 + .1)/2
    own, others = [0.8, 0.5, 0.6, 0.9, 0.4], [0.45, 0.75, 0.35, 0.55, 0.3]
    expected = np.mean([log(one / other) for one, other in zip(own, others, strict=True)])
    assert gain["log_loss"]["value"] == pytest.approx(expected)
    # a loses a little on image 1 and wins more on image 0
    assert gain["share_improved"] == 1.0
    # most likely: own right on all but c's answer 1 to image 1; others' wrong on a's and b's image 0 and on c's
    assert gain["accuracy"]["value"] == pytest.approx(4 / 5 - 2 / 5)


def test_gain_and_swaps_agree_with_a_slow_oracle(random_trials):
    crossed = random_trials
    matrix = swap_matrix(crossed).set_index(["model", "participant_id"])
    gains, hits = [], []
    for person, stimulus, response in zip(crossed.person, crossed.stimulus, crossed.response, strict=True):
        others = np.delete(crossed.probabilities[:, stimulus], person, axis=0).mean(axis=0)
        own = crossed.probabilities[person, stimulus]
        gains.append(log(own[response]) - log(others[response]))
        hits.append(float(own.argmax() == response) - float(others.argmax() == response))
    gain = individual_gain(crossed, seed=0, resamples=100)
    assert gain["log_loss"]["value"] == pytest.approx(np.mean(gains))
    assert gain["accuracy"]["value"] == pytest.approx(np.mean(hits))
    for model in range(6):
        for person in range(6):
            mine = crossed.person == person
            given = crossed.probabilities[model][crossed.stimulus[mine], crossed.response[mine]]
            row = matrix.loc[(f"p{model}", f"p{person}")]
            assert row["log_loss"] == pytest.approx(-np.log(given).mean())
            assert row["n_trials"] == mine.sum()


def test_costs_are_others_losses_less_the_own(random_trials):
    swaps = swap_matrix(random_trials)
    losses = {(row.model, row.participant_id): row.log_loss for row in swaps.itertuples()}
    names = random_trials.participant_ids
    expected = [
        np.mean([losses[other, name] for other in names if other != name]) - losses[name, name] for name in names
    ]
    found = swap_costs(swaps.sample(frac=1, random_state=0))
    assert found["participant_id"].to_list() == names
    assert found["cost"].to_list() == pytest.approx(expected)


def test_models_dealt_at_random_are_no_better(random_trials):
    gain = individual_gain(random_trials, seed=0, resamples=500)
    assert gain["log_loss"]["p"] > 0.05 and gain["accuracy"]["p"] > 0.05
    assert gain["log_loss"]["low"] < gain["log_loss"]["value"] < gain["log_loss"]["high"]


def test_models_that_know_their_people_are_found():
    draw = np.random.default_rng(1)
    truth = draw.dirichlet(np.full(3, 0.3), size=(8, 20))
    person, stimulus = (side.ravel() for side in np.meshgrid(np.arange(8), np.arange(20), indexing="ij"))
    response = np.array([draw.choice(3, p=truth[one, image]) for one, image in zip(person, stimulus, strict=True)])
    crossed = CrossedTrials([f"p{index}" for index in range(8)], truth, person, stimulus, response)
    gain = individual_gain(crossed, seed=0, resamples=400)
    assert gain["log_loss"]["p"] == pytest.approx(1 / 401)
    assert gain["log_loss"]["low"] > 0 and gain["accuracy"]["low"] > 0


def test_a_lone_model_has_no_others():
    alone = CrossedTrials(["a"], PROBABILITIES[:1], np.array([0]), np.array([0]), np.array([0]))
    assert individual_gain(alone, seed=0, resamples=100) is None
    assert swap_matrix(alone)["accuracy"].to_list() == [1.0]
    assert swap_costs(swap_matrix(alone)).empty


def test_the_bootstrap_resamples_people_and_images():
    # the value is the person's alone, then the image's alone: either way their number says how far means spread
    people, images = np.repeat(np.arange(40), 10), np.tile(np.arange(10), 40)
    uniform = np.full((40, 10, 2), 0.5)
    crossed = CrossedTrials([str(index) for index in range(40)], uniform, people, images, np.zeros(400, dtype=int))
    for factor, number in ((people, 40), (images, 10)):
        values = (factor % 2).astype(float)
        spread = crossed_bootstrap(crossed, values, np.random.default_rng(0), 4000).std()
        assert spread == pytest.approx(0.5 / number**0.5, rel=0.1)


def test_an_impossible_answer_has_a_finite_loss():
    certain = np.array([[[1.0, 0.0]], [[1.0, 0.0]]])
    crossed = CrossedTrials(["a", "b"], certain, np.array([0, 1]), np.array([0, 0]), np.array([1, 0]))
    assert np.isfinite(swap_matrix(crossed)["log_loss"]).all()
    assert individual_gain(crossed, seed=0, resamples=100)["log_loss"]["value"] == 0


def test_gain_over_a_shared_model_by_hand(crossed):
    shared = np.array([[0.5, 0.5], [0.7, 0.3]])
    gain = gain_over_shared(crossed, shared, seed=0, resamples=200)
    own, common = [0.8, 0.5, 0.6, 0.9, 0.4], [0.5, 0.7, 0.5, 0.7, 0.3]
    gains = np.log(own) - np.log(common)
    assert gain["log_loss"]["value"] == pytest.approx(gains.mean())
    # a: image 0 better, image 1 worse, in sum ln(.8/.5) + ln(.5/.7) > 0; b and c better
    assert gain["log_loss"]["share_improved"] == 1.0
    # right by their own: all but c; by the shared: image 0 as class 0 (a), image 1 as class 0 (a and b)
    assert gain["accuracy"]["value"] == pytest.approx(4 / 5 - 3 / 5)
    assert gain["accuracy"]["share_improved"] == pytest.approx(1 / 3)
    # all signs of three people must be as they are: one in eight
    assert gain["log_loss"]["p"] == pytest.approx(1 / 8, abs=0.06)
    assert gain["log_loss"]["low"] < gain["log_loss"]["value"] < gain["log_loss"]["high"]


def test_a_model_that_is_the_shared_one_gains_nothing(random_trials):
    alike = CrossedTrials(
        random_trials.participant_ids,
        np.repeat(random_trials.probabilities[:1], 6, axis=0),
        random_trials.person,
        random_trials.stimulus,
        random_trials.response,
    )
    gain = gain_over_shared(alike, random_trials.probabilities[0], seed=0, resamples=100)
    for estimate in gain.values():
        assert estimate == pytest.approx({"value": 0, "low": 0, "high": 0, "p": 1, "share_improved": 0})


def test_the_bootstrap_can_leave_trials_out(random_trials):
    kept = np.zeros(66, dtype=bool)
    kept[:7] = True
    values = np.where(kept, 1.0, np.nan_to_num(np.inf))
    drawn = crossed_bootstrap(random_trials, values, np.random.default_rng(0), 50, kept)
    assert drawn == pytest.approx(1.0)


def test_probabilities_that_do_not_sum_to_one_are_refused():
    wrong = PROBABILITIES.copy()
    wrong[1, 1] = [0.9, 0.2]
    with pytest.raises(
        ValueError, match="model of participant b gives image 1 probabilities that sum to 1.1, expected 1"
    ):
        CrossedTrials(PEOPLE, wrong, np.arange(3), np.zeros(3, dtype=int), np.zeros(3, dtype=int))
