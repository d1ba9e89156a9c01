import numpy as np
import pytest
from scipy.stats import beta, betabinom, binom

from bam_pipelines.analysis.outcomes import OUTCOMES, outcome_of_shares
from bam_pipelines.analysis.shrinkage import CONCENTRATIONS, fit_population, shrunken_shares, true_outcomes


def test_the_population_is_recovered_and_likeliest():
    draw = np.random.default_rng(0)
    n = np.full(3000, 6)
    k = draw.binomial(n, draw.beta(2 * 0.3, 2 * 0.7, 3000))
    found = fit_population(np.column_stack([k, n - k]))
    assert found.mean[0] == pytest.approx(0.3, abs=0.02)
    assert found.concentration == pytest.approx(2.0, rel=0.12)

    def likelihood(mean, total):
        return betabinom.logpmf(k, n, mean * total, (1 - mean) * total).sum()

    best = likelihood(found.mean[0], found.concentration)
    for mean, total in ((1.03, 1), (0.97, 1), (1, 1.05), (1, 0.95)):
        assert likelihood(found.mean[0] * mean, found.concentration * total) < best


def test_units_that_do_not_differ_have_the_largest_concentration():
    found = fit_population(np.tile([3, 3], (40, 1)))
    assert found.concentration == pytest.approx(CONCENTRATIONS[1])
    assert fit_population(np.array([[4, 0], [2, 0]])) is None


def test_shares_are_pulled_to_the_mean_the_more_the_fewer_the_answers():
    successes, trials = np.array([0, 9, 2, 18, 0, 90]), np.array([10, 10, 10, 20, 1, 100])
    population, found = shrunken_shares(successes, trials)
    a, b = population.alpha
    np.testing.assert_allclose(found["estimate"], (successes + a) / (trials + a + b))
    np.testing.assert_allclose(found["low"], beta.ppf(0.025, successes + a, trials - successes + b))
    pulled = np.abs(found["estimate"] - successes / trials)
    assert pulled[4] == pulled.max() and pulled[5] < pulled[1]
    assert np.isnan(shrunken_shares(np.array([2]), np.array([2]))[1]["estimate"]).all()


def test_true_outcomes_are_nearer_to_the_truth_than_shares_of_few_answers():
    draw = np.random.default_rng(1)
    truth = draw.dirichlet([18, 1.4, 0.6], 4000)
    counts = draw.multinomial(6, truth)
    named = outcome_of_shares(truth[:, 0], truth[:, 1])
    plain = outcome_of_shares(counts[:, 0] / 6, counts[:, 1] / 6)
    found = true_outcomes(counts, seed=0)["outcomes"]
    assert sum(found.values()) == pytest.approx(1)
    for name in OUTCOMES:
        expected = (named == name).mean()
        assert found[name] == pytest.approx(expected, abs=0.03)
    # one dissenter among six makes a success of what is a bias
    assert (plain == "success").mean() > (named == "success").mean() + 0.05


def test_with_many_answers_true_outcomes_are_those_of_the_shares():
    counts = np.array([[500, 450, 50]] * 5 + [[960, 20, 20]] * 10 + [[300, 300, 400]] * 5)
    found = true_outcomes(counts, seed=0)["outcomes"]
    assert found == pytest.approx({"success": 0.25, "bias": 0.5, "failure": 0.25}, abs=0.005)


def test_intervals_are_those_of_other_images():
    # with so many answers an image's outcome is certain, and what is left is which images there are: Binomial(40, .5)
    counts = np.array([[5000, 4500, 500]] * 20 + [[9600, 200, 200]] * 20)
    found = true_outcomes(counts, seed=0)["intervals"]
    expected = (binom.ppf([0.025, 0.975], 40, 0.5) / 40).tolist()
    assert list(found["success"].values()) == pytest.approx(expected, abs=0.026)
    assert found["failure"] == {"low": 0.0, "high": 0.0}


def test_images_that_answers_do_not_tell_apart_have_no_outcomes_of_their_own():
    # each image is between its targets, more evenly than chance would have it
    found = true_outcomes(np.array([[2, 2, 0]] * 12), seed=0)
    assert found["concentration"] is None and found["outcomes"] == dict.fromkeys(OUTCOMES)


def test_answers_of_one_kind_have_no_population():
    found = true_outcomes(np.array([[6, 0, 0], [5, 0, 0]]), seed=0)
    assert found["concentration"] is None and found["outcomes"] == dict.fromkeys(OUTCOMES)
    assert found["intervals"]["bias"] == {"low": None, "high": None}
