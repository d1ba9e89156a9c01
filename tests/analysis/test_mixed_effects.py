import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import binom, norm

from bam_pipelines.analysis.mixed_effects import PRIOR_SD, MixedData, fit_mixed_effects, source_odds


def test_without_intercepts_it_is_logistic_regression_with_a_weak_prior():
    data = MixedData(np.array([700, 400]), np.array([1000, 1000]), np.array([[1.0, 0], [1, -1]]), {})
    coefficients, errors, spreads = fit_mixed_effects(data)
    assert coefficients == pytest.approx([logit(0.7), logit(0.7) - logit(0.4)], abs=0.01)
    assert errors[1] == pytest.approx(np.sqrt(1 / 210 + 1 / 240), rel=0.01)  # sum of 1 / (n p (1 − p))
    assert spreads == {}


def test_one_intercept_agrees_with_integration_over_it():
    draw = np.random.default_rng(0)
    trials = np.full(12, 30)
    successes = draw.binomial(trials, expit(0.5 + draw.normal(0, 0.8, 12)))
    data = MixedData(successes, trials, np.ones((12, 1)), {"pair": np.arange(12)})

    def loss(parameters):
        mean, spread = parameters[0], np.exp(parameters[1])
        marginal = [
            quad(lambda u, k=k, n=n: binom.pmf(k, n, expit(mean + spread * u)) * norm.pdf(u), -6, 6)[0]
            for k, n in zip(successes, trials, strict=True)
        ]
        return -np.log(marginal).sum() + mean**2 / (2 * PRIOR_SD**2) + spread**2 / 2

    exact = minimize(loss, [0.5, -0.2], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3}).x
    coefficients, _, spreads = fit_mixed_effects(data)
    assert coefficients[0] == pytest.approx(exact[0], abs=0.03)
    assert spreads["pair"] == pytest.approx(np.exp(exact[1]), abs=0.05)


def counts_of(*sources):
    """Counts (S, 2, 1, 4) of two pairs from targeted and opposite successes of each."""
    return np.array([[[[targeted, opposite, 5, 5]] for targeted, opposite in pairs] for pairs in sources])


def test_sources_are_compared_by_their_odds():
    counts = counts_of([(300, 100), (300, 100)], [(200, 200), (200, 200)])
    found = source_odds(counts, np.array([0, 1]), ("individual", "swapped"), "individual")
    compared = found["sources"]["swapped"]
    assert compared["odds_ratio"] == pytest.approx(3, rel=0.02)  # 3 : 1 against 1 : 1
    assert compared["low"] < np.log(3) < compared["high"]
    # each pair is a group of its own, and there is one digit pair
    assert set(found["spreads"]) == {"pair", "source_in_group", "source_in_digit_pair"}
    assert found["n_success"] == 1600 and found["reason"] is None


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        ([[(0, 0), (0, 0)], [(0, 0), (0, 0)]], "there is no success"),
        ([[(0, 0), (0, 0)], [(1, 1), (0, 0)]], "there is no success on individual stimuli"),
        ([[(1, 1), (0, 0)], [(0, 0), (0, 0)]], "one source alone has successes"),
        ([[(2, 0), (1, 0)], [(1, 0), (0, 0)]], "all successes are targeted"),
        ([[(0, 2), (0, 1)], [(0, 1), (0, 0)]], "all successes are opposite"),
    ],
)
def test_what_cannot_be_fitted_says_why(sources, reason):
    found = source_odds(counts_of(*sources), np.array([0, 0]), ("individual", "swapped"), "individual")
    assert (found["sources"], found["reason"]) == ({}, reason)


def test_a_source_without_an_opposite_success_stays_finite():
    found = source_odds(
        counts_of([(8, 0), (7, 0)], [(5, 5), (4, 6)]), np.array([0, 0]), ("individual", "swapped"), "individual"
    )
    compared = found["sources"]["swapped"]
    assert 1 < compared["odds_ratio"] < 1000 and 0 < compared["low"] < compared["high"] < 10


def test_a_source_that_suits_some_groups_by_chance_is_no_better():
    # four groups of a pair; customised stimuli go 90 : 10 or 10 : 90, the others 50 : 50
    good, bad = (90, 10), (10, 90)
    counts = counts_of([good, bad, good, bad], [(50, 50)] * 4)
    compared = source_odds(counts, np.arange(4), ("individual", "swapped"), "individual")["sources"]["swapped"]
    assert compared["sd"] > 0.3  # as of four independent differences, not of 800 successes, which would be .14
    assert compared["low"] < 0 < compared["high"]
