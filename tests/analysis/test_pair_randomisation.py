from itertools import permutations

import numpy as np
import pytest
from scipy.stats import hypergeom

from bam_pipelines.analysis.pair_measures import NET, SCORES
from bam_pipelines.analysis.pair_randomisation import direction_test, permuted_totals, source_test


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_dealing_keeps_sizes_and_takes_every_hand_as_often(generator):
    # of three answers of kinds 0, 0, 1 one is dealt: kind 0 in two thirds; the second stratum is dealt out whole
    drawn = permuted_totals(np.array([[2, 1, 0], [0, 0, 4]]), np.array([1, 4]), generator, 6000)
    assert (drawn.sum(axis=1) == 5).all() and (drawn[:, 2] == 4).all()
    assert drawn[:, 0].mean() == pytest.approx(2 / 3, abs=0.02)


def exact_p(labels, values, strata):
    """Go through every permutation of the labels within two strata of four."""
    observed = abs(values[labels].sum() - values[~labels].sum())
    orders = [np.array(order) for order in permutations(range(4))]
    found = []
    for one in orders:
        for two in orders:
            moved = np.concatenate([labels[:4][one], labels[4:][two]])
            found.append(abs(values[moved].sum() - values[~moved].sum()) >= observed - 1e-9)
    return np.mean(found)


def test_sources_are_permuted_within_strata_as_by_going_through_all(generator):
    kinds = np.array([0, 0, 1, 3, 0, 2, 1, 1])  # of answers, two strata of four
    ours = np.array([1, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
    counts = [
        np.array([np.bincount(kinds[part][mine[part]], minlength=4) for part in (slice(0, 4), slice(4, 8))])
        for mine in (ours, ~ours)
    ]
    found = source_test(*counts, generator, 20_000)["measures"][NET]
    assert found["matched"] == pytest.approx(3 / 4 - (-3 / 4))
    assert found["p"] == pytest.approx(exact_p(ours, SCORES[NET][kinds], 4), abs=0.01)


def test_unequal_numbers_are_taken_off_as_in_the_exact_distribution(generator):
    # of 20 answers 10 are successes and 15 customised, and 6 of these are successes; of 10 others 1 and 1
    ours, theirs = np.array([[6, 0, 9, 0], [1, 0, 0, 0]]), np.array([[4, 0, 1, 0], [0, 0, 9, 0]])
    one, two = hypergeom(20, 10, 15), hypergeom(10, 1, 1)
    expected = one.mean() + two.mean()
    p = sum(
        one.pmf(x) * two.pmf(y)
        for x in range(16)
        for y in range(2)
        if abs(x + y - expected) >= abs(7 - expected) - 1e-9
    )
    found = source_test(ours, theirs, generator, 20_000)["measures"]["success"]
    assert found["p"] == pytest.approx(p, abs=0.01)


def test_differences_between_strata_are_no_difference_between_sources(generator):
    # all answers of the first stratum are targeted, of the second none; customised ones are mostly of the first
    ours, theirs = np.array([[9, 0, 0, 0], [0, 0, 0, 1]]), np.array([[1, 0, 0, 0], [0, 0, 0, 9]])
    found = source_test(ours, theirs, generator, 500)["measures"][NET]
    assert found == {"matched": 0.0, "p": 1.0}


def test_a_stratum_with_one_source_is_not_used(generator):
    ours, theirs = np.array([[2, 0, 0, 2], [0, 9, 0, 0]]), np.array([[0, 0, 0, 4], [0, 0, 0, 0]])
    found = source_test(ours, theirs, generator, 200)
    assert (found["strata"], found["strata_used"]) == (2, 1)
    assert found["measures"][NET]["matched"] == pytest.approx(0.5)
    nothing = source_test(ours[1:], theirs[1:], generator, 200)
    assert nothing["strata_used"] == 0 and nothing["measures"]["success"] == {"matched": None, "p": None}


def test_directions_are_permuted_as_by_going_through_all(generator):
    # one stratum: two stimuli for (3, 8), both targeted, and two for (8, 3), one targeted, one opposite. Answered were
    # 38 38 | 83 38, N = (3 − 1) / 4.
    counts = np.array([[[2, 0, 0, 0], [1, 1, 0, 0]]])
    answers = np.array([1, 1, -1, 1])  # 38 or 83
    values = []
    for order in permutations(range(4)):
        direction = np.array([1, 1, -1, -1])[list(order)]
        values.append((answers * direction).sum())
    expected = np.mean(np.abs(values) >= 2)
    found = direction_test(counts, generator, 20_000)
    assert (found["n"], found["value"], found["chance"]) == (4, 0.5, 0.0)
    assert found["p"] == pytest.approx(expected, abs=0.01)


def test_a_lean_is_no_direction(generator):
    # whatever it was made for, this pair answers (3, 8); there are thrice as many stimuli made for that
    counts = np.array([[[30, 0, 0, 0], [0, 10, 0, 0]]])
    found = direction_test(counts, generator, 500)
    assert found["value"] == found["chance"] == 0.5 and found["p"] == 1.0


def test_unequal_directions_are_taken_off_as_in_the_exact_distribution(generator):
    # 30 made for (3, 8), answered so 16 times, and 10 for (8, 3), answered so twice: 24 answers (3, 8) of 40
    counts = np.array([[[16, 14, 0, 0], [2, 8, 0, 0]]])
    draw = hypergeom(40, 24, 30)  # answers (3, 8) that fall to the 30
    values = {x: 2 * (x - (30 - x)) - (24 - 16) for x in range(31)}
    expected = sum(draw.pmf(x) * value for x, value in values.items())
    p = sum(draw.pmf(x) for x, value in values.items() if abs(value - expected) >= abs(-4 - expected) - 1e-9)
    found = direction_test(counts, generator, 20_000)
    assert found["value"] == -4 / 40 and found["chance"] == pytest.approx(expected / 40)
    assert found["p"] == pytest.approx(p, abs=0.01)


def test_one_direction_alone_says_nothing(generator):
    found = direction_test(np.array([[[30, 0, 0, 0], [0, 0, 0, 0]]]), generator, 500)
    assert found == {"n": 0, "strata": 1, "strata_used": 0, "value": None, "chance": None, "p": None}
