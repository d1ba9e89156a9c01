"""Passage times against the closed forms of the diffusion and a walk in small steps."""

import numpy as np
import pytest

from bam_pipelines.behavior.decision_times import draw_passage_times, draw_response_times, evidence_gaps
from bam_pipelines.behavior.participant_settings import ResponseTimeSettings


def mean(drift):
    return np.tanh(drift) / drift if drift else 1.0


def variance(drift):
    return (np.tanh(drift) - drift / np.cosh(drift) ** 2) / drift**3 if drift else 2 / 3


@pytest.mark.parametrize("drift", [0.0, 0.5, 1.0, 3.0, 10.0, 30.0])
def test_mean_and_variance_are_those_of_the_diffusion(drift):
    times = draw_passage_times(np.full(200_000, drift), np.random.default_rng(0))
    assert times.mean() == pytest.approx(mean(drift), rel=0.01)
    assert times.var() == pytest.approx(variance(drift), rel=0.03)


def test_against_a_walk_in_small_steps():
    draw, step, drift = np.random.default_rng(1), 2e-4, 1.2
    place, times, n = np.zeros(1500), np.zeros(1500), 0
    while (times == 0).any():
        n += 1
        place += drift * step + np.sqrt(step) * draw.normal(size=len(place))
        times[(times == 0) & (np.abs(place) >= 1)] = n * step
    found = draw_passage_times(np.full(100_000, drift), np.random.default_rng(2))
    shares = [0.1, 0.25, 0.5, 0.75, 0.9]
    np.testing.assert_allclose(np.quantile(found, shares), np.quantile(times, shares), rtol=0.12)


def test_gaps_by_hand():
    evidence = np.array([[3.0, 1.0, 0.0], [3.0, 1.0, 0.0], [2.0, 2.0, 0.0]])
    assert evidence_gaps(evidence, np.array([0, 1, 0])).tolist() == [2, 2, 0]


def test_of_two_answers_each_is_chosen_as_the_softmax_says():
    """A walk between ±a with drift gap / (2 a) ends at the upper boundary with probability 1 / (1 + exp(−gap))."""
    draw, gap, step = np.random.default_rng(3), 1.0, 1e-3
    place = np.zeros(4000)
    while (inside := np.abs(place) < 1).any():
        place[inside] += gap / 2 * step + np.sqrt(step) * draw.normal(size=inside.sum())
    assert (place > 0).mean() == pytest.approx(1 / (1 + np.exp(-gap)), abs=0.03)


def test_times_by_hand():
    settings = ResponseTimeSettings(non_decision_ms=300, undecided_ms=800, person_log_sd=0.0, fixation_ms=500)
    evidence = np.tile([1.0, 1.0, -5.0], (50_000, 1))
    undecided = draw_response_times(evidence, np.zeros(50_000, dtype=int), settings, np.random.default_rng(0))
    assert undecided.mean() == pytest.approx(300 + 800, rel=0.01)
    sure = draw_response_times(evidence * 6, np.full(50_000, 2), settings, np.random.default_rng(0))
    assert sure.mean() == pytest.approx(300 + 800 / 18, rel=0.01)  # a gap of 36: drift 18
    assert sure.min() > 300


def test_people_have_a_level_of_their_own():
    settings = ResponseTimeSettings(non_decision_ms=300, undecided_ms=800, person_log_sd=0.3, fixation_ms=500)
    evidence = np.zeros((2000, 2))
    levels = [
        np.log(draw_response_times(evidence, np.zeros(2000, dtype=int), settings, np.random.default_rng(seed)).mean())
        for seed in range(200)
    ]
    assert np.std(levels) == pytest.approx(0.3, rel=0.2)
