import numpy as np
import pytest
from scipy.stats import entropy

from bam_pipelines.analysis.entropy import (
    dirichlet_entropy,
    first_answers,
    miller_madow_entropy,
    plugin_entropy,
    response_counts,
)


def test_counts_keep_only_first_included_answered_main_trials_of_digits(trials_of):
    answers = [("a", "s", 1), ("b", "s", 1), ("c", "s", 2), ("a", "s", 2), ("d", "s", None), ("e", "s", 0)]
    trials = trials_of([*answers, ("f", "s", 0), ("g", "s", 0), ("a", "t", 0)])
    trials.loc[5, "include"] = False
    trials.loc[6, "phase"] = "practice"
    trials.loc[7, "task"] = "judgment"
    counts = response_counts(trials, n_classes=3)
    assert counts.loc["s"].tolist() == [0, 2, 1]  # a, b say 1; c says 2; a's second showing does not count
    assert counts.loc["t"].tolist() == [1, 0, 0]


def test_the_first_showing_is_the_earliest_not_the_first_row(trials_of):
    trials = trials_of([("a", "s", 1), ("a", "s", 2)]).assign(trial_index=[9, 3])
    assert first_answers(trials)["response"].tolist() == [2]


def test_counts_refuse_two_rounds_and_answers_out_of_range(trials_of):
    trials = trials_of([("a", "s", 1), ("b", "s", 5)])
    with pytest.raises(ValueError, match="b-1-1: response 5, expected 0 to 2"):
        response_counts(trials, n_classes=3)
    with pytest.raises(ValueError, match=r"rounds \[.*1.*2.*\], expected one"):
        response_counts(trials.assign(round=[1, 2]), n_classes=10)


def test_plugin_entropy_by_hand():
    counts = np.array([[4, 0, 0, 0], [2, 2, 0, 0], [1, 1, 1, 1], [3, 1, 0, 0]])
    # 0; one bit; log2 4 = 2; −.75 log2 .75 − .25 log2 .25 = .3112781 + .5
    np.testing.assert_allclose(plugin_entropy(counts), [0, 1, 2, 0.8112781], atol=1e-7)
    assert not np.signbit(plugin_entropy(counts)).any()


def test_plugin_entropy_agrees_with_scipy():
    counts = np.random.default_rng(3).integers(0, 9, (50, 10)) + np.eye(50, 10, dtype=int)
    counts[:, 0] += 1
    np.testing.assert_allclose(plugin_entropy(counts), entropy(counts, base=2, axis=1), atol=1e-12)


def test_miller_madow_by_hand():
    counts = np.array([[4, 0, 0], [2, 2, 0], [2, 1, 1]])
    # one, two and three classes observed in four answers
    expected = [0, 1 + 1 / (8 * np.log(2)), 1.5 + 2 / (8 * np.log(2))]
    np.testing.assert_allclose(miller_madow_entropy(counts), expected)


def test_miller_madow_takes_most_of_the_bias_out():
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    counts = np.random.default_rng(0).multinomial(12, shares, size=4000)
    true = -(shares * np.log2(shares)).sum()
    assert abs(miller_madow_entropy(counts).mean() - true) < abs(plugin_entropy(counts).mean() - true) / 3


def test_dirichlet_entropy_by_hand_for_two_classes():
    # One answer of one, α = 1: p ~ Beta(2, 1). ψ(4) − (2/3) ψ(3) − (1/3) ψ(2) with ψ(n + 1) = ψ(n) + 1/n:
    # ψ(4) − ψ(2) = 1/2 + 1/3 = 5/6, ψ(3) − ψ(2) = 1/2, so 5/6 − 1/3 = 1/2 nat.
    np.testing.assert_allclose(dirichlet_entropy(np.array([[1, 0]]), 1.0), [0.5 / np.log(2)], atol=1e-12)


def test_dirichlet_entropy_is_the_posterior_mean():
    counts, alpha = np.array([[5, 1, 0]]), 0.5
    drawn = np.random.default_rng(0).dirichlet(counts[0] + alpha, size=200_000)
    np.testing.assert_allclose(dirichlet_entropy(counts, alpha), entropy(drawn, base=2, axis=1).mean(), atol=3e-3)


def test_dirichlet_default_prior_weighs_one_answer():
    counts = np.array([[6, 0, 0, 0]])
    np.testing.assert_array_equal(dirichlet_entropy(counts), dirichlet_entropy(counts, 0.25))


@pytest.mark.parametrize("estimate", [plugin_entropy, miller_madow_entropy, dirichlet_entropy])
def test_entropy_refuses_a_stimulus_without_answers(estimate):
    with pytest.raises(ValueError, match=r"row 1: counts \[0.0, 0.0\], expected at least one answer"):
        estimate(np.array([[1, 0], [0, 0]]))


def test_dirichlet_refuses_an_improper_prior():
    with pytest.raises(ValueError, match="concentration is 0"):
        dirichlet_entropy(np.array([[1, 0]]), 0.0)
