"""Ceilings against closed forms, naive counting and tables by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from bam_pipelines.analysis.ceilings import (
    agreement_with_oneself,
    agreement_with_others,
    beta_binomial_mean,
    repeats,
    split_half_reliability,
)


def answers(matrix):
    """A trial table of a matrix of answers, people by images; −1 where someone was not asked."""
    people, images = np.nonzero(matrix >= 0)
    table = pd.DataFrame(
        {"participant_id": [f"p{p:03d}" for p in people], "stimulus_id": [f"i{i:04d}" for i in images]}
    )
    return table.assign(
        response=matrix[people, images], trial_index=images, task="digit", phase="main", include=True, round=1,
        session=1, repetition=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def coin_flippers():
    """Thirty people answer to each of 800 images 1 with a probability that is uniform over images, else 0."""
    draw = np.random.default_rng(3)
    return answers((draw.random((30, 800)) < draw.random(800)).astype(int))


def test_reliability_of_coin_flippers_has_a_closed_form(coin_flippers):
    # Var(p) = 1/12 between images, E[p (1 − p)] / 30 = 1/180 within
    expected = (1 / 12) / (1 / 12 + 1 / 180)
    found = split_half_reliability(coin_flippers, 2, "shares", seed=0, splits=50, resamples=20)
    assert found["value"] == pytest.approx(expected, abs=0.01)
    assert found["low"] < expected < found["high"]


def test_reliability_of_people_who_guess_is_none():
    guesses = answers(np.random.default_rng(0).integers(0, 4, (20, 600)))
    found = split_half_reliability(guesses, 4, "shares", seed=0, splits=30, resamples=20)
    # guessing classes share 1/4 on average: what halves have in common is noise around 0
    assert abs(found["value"]) < 0.08
    assert found["low"] < 0 < found["high"]


def test_reliability_of_people_who_agree_is_one():
    same = answers(np.tile(np.arange(40) % 3, (6, 1)))
    assert split_half_reliability(same, 3, "shares", seed=0, splits=5, resamples=2)["value"] == pytest.approx(1)
    # all entropies are 0: nothing to correlate
    assert split_half_reliability(same, 3, "entropy", seed=0, splits=5, resamples=2)["value"] is None


def test_copies_of_a_person_stay_in_one_half():
    """Two people who answer at random: a half that held a copy of the other would agree with it."""
    guesses = answers(np.random.default_rng(1).integers(0, 10, (2, 300)))
    found = split_half_reliability(guesses, 10, "shares", seed=0, splits=4, resamples=60)
    assert found["high"] < 0.3


def test_entropies_that_differ_between_images_are_reliable():
    draw = np.random.default_rng(5)
    clear, open_ = np.zeros((40, 100), dtype=int), draw.integers(0, 4, (40, 100))
    mixed = answers(np.hstack([clear, open_]))
    assert split_half_reliability(mixed, 4, "entropy", seed=0, splits=20, resamples=2)["value"] > 0.95


def test_an_entropy_needs_two_answers():
    """Of three answers one half has a single one, which has no entropy: nothing is left to correlate."""
    guesses = answers(np.random.default_rng(0).integers(0, 4, (3, 200)))
    assert split_half_reliability(guesses, 4, "entropy", 0, 5, 2)["value"] is None
    assert split_half_reliability(guesses, 4, "shares", 0, 5, 2)["value"] is not None


def test_too_few_images():
    assert split_half_reliability(answers(np.zeros((4, 2), dtype=int)), 2, "shares", 0, 5, 2)["value"] is None


def test_agreement_with_others_by_hand():
    # image 0: 7 7 7 1; image 1: 3 3 5 5; image 2: one answer, left out
    matrix = np.array([[7, 3, 0], [7, 3, -1], [7, 5, -1], [1, 5, -1]])
    found = agreement_with_others(answers(matrix), 10, seed=0, resamples=50)
    # lower: three of four agree with the others; on image 1 the others' most frequent is always the other class
    assert found["lower"]["value"] == pytest.approx(3 / 8)
    # upper: 3 of 4, and of 2 against 2 either class: 2 of 4
    assert found["upper"]["value"] == pytest.approx(5 / 8)


def test_agreement_with_others_against_counting():
    draw = np.random.default_rng(2)
    matrix = draw.integers(0, 3, (7, 40))
    hits = []
    for person in range(7):
        for image in range(40):
            others = np.bincount(np.delete(matrix[:, image], person), minlength=3)
            best = np.flatnonzero(others == others.max())
            hits.append((matrix[person, image] in best) / len(best))
    found = agreement_with_others(answers(matrix), 3, seed=0, resamples=200)
    assert found["lower"]["value"] == pytest.approx(np.mean(hits))
    assert found["lower"]["low"] < np.mean(hits) < found["lower"]["high"]
    assert found["upper"]["value"] == pytest.approx(
        sum(np.bincount(column, minlength=3).max() for column in matrix.T) / matrix.size
    )


def showings(rows):
    table = pd.DataFrame(
        rows, columns=["participant_id", "stimulus_id", "session", "trial_index", "response", "repetition"]
    )
    return table.assign(task="digit", phase="main", include=True, round=1)


def test_repeats_are_paired_with_first_showings():
    table = showings(
        [
            ("a", "x", 1, 0, 7, 0), ("a", "x", 1, 30, 7, 1), ("a", "x", 2, 5, 1, 2),
            ("a", "y", 1, 1, 3, 0), ("a", "y", 1, 40, None, 1), ("b", "x", 1, 2, 7, 1),
        ]
    )  # fmt: skip
    found = repeats(table)
    assert found.to_numpy().tolist() == [["a", "x", True, 30], ["a", "x", False, 0]]


def test_of_first_showings_in_two_sittings_the_earlier_counts():
    table = showings([("a", "x", 1, 0, 7, 0), ("a", "x", 2, 0, 1, 0), ("a", "x", 2, 9, 1, 1)])
    assert repeats(table).to_numpy().tolist() == [["a", "x", False, 0]]


def test_agreement_with_oneself_recovers_a_beta_distribution():
    counts = betabinom.rvs(20, 8, 2, size=400, random_state=4)
    assert beta_binomial_mean(counts, np.full(400, 20)) == pytest.approx(0.8, abs=0.015)


def test_of_people_with_unequal_numbers_no_one_dominates():
    # nineteen people repeat 9 of 10 answers, one with a thousand repeats none: the mean over people stays near theirs
    successes, trials = np.array([9] * 19 + [0]), np.array([10] * 19 + [1000])
    assert successes.sum() / trials.sum() < 0.2
    assert beta_binomial_mean(successes, trials) > 0.6


@pytest.mark.parametrize(("successes", "expected"), [([3, 5], 1.0), ([0, 0], 0.0)])
def test_all_or_none(successes, expected):
    assert beta_binomial_mean(np.array(successes), np.array([3, 5])) == expected


def test_agreement_with_oneself_has_an_interval_over_people():
    pairs = pd.DataFrame({"participant_id": np.repeat([f"p{i}" for i in range(30)], 10), "stimulus_id": "x"})
    pairs = pairs.assign(same=np.random.default_rng(0).random(300) < 0.7)
    found = agreement_with_oneself(pairs, seed=0, resamples=40)
    assert found["low"] < found["value"] < found["high"]
    assert found["value"] == pytest.approx(pairs["same"].mean(), abs=0.01)
    assert agreement_with_oneself(pairs.iloc[:0], seed=0)["value"] is None
