import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from bam_pipelines.analysis.multiple_tests import benjamini_hochberg, holm
from bam_pipelines.analysis.pair_groups import group_test
from bam_pipelines.analysis.pair_intervals import crossed_interval, matched_terms, net_interval
from bam_pipelines.analysis.pair_measures import NET, SCORES


def test_differences_within_strata_are_weighed_by_hand():
    # strata 2 against 2 (weight 1) and 1 against 3 (weight 3/4), N of 1 − 0 and of 0 − 1/3
    ours, theirs = np.array([[2, 0, 0, 0], [0, 0, 1, 0]]), np.array([[1, 1, 0, 0], [1, 0, 2, 0]])
    numerator, weight = matched_terms(ours, theirs, SCORES[NET])
    np.testing.assert_allclose(weight, [1, 3 / 4])
    np.testing.assert_allclose(numerator, [1, -1 / 4])


def test_with_one_digit_pair_the_interval_is_students_over_groups():
    values = np.array([0.1, 0.3, 0.2, 0.6])
    found = crossed_interval(values[:, None] * 10, np.full((4, 1), 10.0))
    low, high = ttest_1samp(values, 0).confidence_interval(0.95)
    assert found == pytest.approx({"value": 0.3, "low": low, "high": high})


def test_both_clusterings_count_and_cells_not_twice():
    numerator = np.array([[4.0, 1, 1], [2, 0, 1]])
    found = crossed_interval(numerator, np.full((2, 3), 5.0))
    residual = (numerator - 0.3 * 5) / 30
    groups = 2 / 1 * (residual.sum(axis=1) ** 2).sum()
    digits = 3 / 2 * (residual.sum(axis=0) ** 2).sum()
    cells = 6 / 5 * (residual**2).sum()
    variance = max(groups + digits - cells, groups, digits)
    freedom = variance**2 / (groups**2 / 1 + digits**2 / 2 + cells**2 / 5)
    reach = t.ppf(0.975, max(freedom, 1)) * variance**0.5
    assert found == pytest.approx({"value": 0.3, "low": 0.3 - reach, "high": 0.3 + reach})


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [([[1.0, 2]], [[4, 4]], 3 / 8), ([[0.0, 0], [0, 0]], [[4, 4], [4, 4]], 0.0), ([[0.0], [0]], [[0], [0]], None)],
)
def test_one_group_and_values_that_do_not_vary_have_no_interval(numerator, denominator, value):
    found = crossed_interval(np.array(numerator), np.array(denominator))
    assert found == {"value": value, "low": None, "high": None}


def test_the_interval_of_a_cell_by_hand():
    # Agresti and Min: 6.5 and 2.5 of 22, difference 4/22
    low, high = net_interval(np.array([6, 2, 7, 5]))
    reach = 1.959964 * np.sqrt(9 - 22 * (4 / 22) ** 2) / 22
    assert (low, high) == pytest.approx((4 / 22 - reach, 4 / 22 + reach))
    assert net_interval(np.array([0, 0, 3, 2]))[0] < 0 < net_interval(np.array([0, 0, 3, 2]))[1]


def test_signs_of_few_groups_are_gone_through():
    found = group_test(np.array([3.0, 1, 2, np.nan]), np.random.default_rng(0), 100)
    # of eight patterns only +++ and −−− reach 6
    assert (found["n_groups"], found["p"], found["smallest_p"]) == (3, 0.25, 0.25)
    assert found["value"] == 2 and found["standardised"] == 2
    low, high = ttest_1samp([3.0, 1, 2], 0).confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx((low, high))


def test_random_signs_of_many_groups_agree_with_students_test():
    values = np.random.default_rng(1).normal(0.3, 1, 40)
    found = group_test(values, np.random.default_rng(0), 4000)
    assert found["p"] == pytest.approx(ttest_1samp(values, 0).pvalue, abs=0.03)
    assert found["smallest_p"] == 1 / 4001


def test_one_group_says_nothing_of_people():
    found = group_test(np.array([0.4]), np.random.default_rng(0), 100)
    assert found["value"] == 0.4 and found["p"] is None and found["standardised"] is None


def test_holm_by_hand():
    # .01 × 3, .02 × 2, .03 × 1 but not below the one before; what was not tested does not count
    assert holm({"a": 0.02, "b": 0.01, "c": 0.03, "d": None}) == {"a": 0.04, "b": 0.03, "c": 0.04, "d": None}
    assert holm({}) == {}


def test_benjamini_hochberg_by_hand():
    # .01 × 3/1, .03 × 3/2, .04 × 3/3, each at most the next
    found = benjamini_hochberg({"a": 0.03, "b": 0.01, "c": 0.04, "d": None})
    assert found == {"a": pytest.approx(0.04), "b": pytest.approx(0.03), "c": pytest.approx(0.04), "d": None}
