"""The statistics of second rounds on simulated ones: few, with wide bounds; benchmarks/statistics does it at length."""

import numpy as np
import pytest
from scipy.stats import binom

from bam_pipelines.analysis.simulated_rounds import Answering, RoundDesign, simulated_round
from benchmarks.statistics import SCENARIOS, intervals, p_values, simulate

TRIADS = RoundDesign(6, 3, 10, 1)
PAIRS = RoundDesign(20, 2, 10, 1)
N = 60
# a method that holds its 5 % is outside with a probability of 1 in 10,000
MOST = int(binom.ppf(1 - 1e-4, N, 0.05))


def rejections(scenario, design, effect=0.0):
    found = [p_values(simulate(design, SCENARIOS[scenario], effect, 2, key), key) for key in range(N)]
    return {test: sum(p[test] <= 0.05 for p in found) for test in found[0]}


RANDOMISED = ["difference, source permuted", "N, direction permuted"]


@pytest.mark.parametrize("scenario", ["people lean to digits", "people lean, images missing unevenly"])
def test_randomisation_holds_its_level_when_the_guidance_knows_nothing(scenario):
    found = rejections(scenario, TRIADS)
    assert all(found[test] <= MOST for test in RANDOMISED), found


def test_groups_hold_their_level_when_models_fit_some_people_by_chance():
    found = rejections("models fit some people better, by chance or merit", TRIADS)
    assert found["difference, signs of groups"] <= MOST


def test_a_large_effect_is_found():
    found = rejections("people lean to digits", PAIRS, effect=0.2)
    assert min(found[test] for test in (*RANDOMISED, "difference, signs of groups")) >= N // 2


@pytest.mark.parametrize(("scenario", "design"), [("all alike", PAIRS), (list(SCENARIOS)[-1], TRIADS)])
def test_intervals_hold_the_truth(scenario, design):
    covered = {}
    for key in range(N):
        for name, (low, high) in intervals(simulate(design, SCENARIOS[scenario], 0.06, 2, key), key).items():
            covered[name] = covered.get(name, 0) + (low <= 0.06 <= high)
    for name in ("N, groups and digits", "difference, groups and digits"):
        assert covered[name] >= N - MOST, (name, covered[name])


def test_simulated_rounds_have_the_effect_and_the_shared_people_asked_for():
    answering = Answering({"individual": 0.1, "swapped": 0.0}, success=0.5, people_sd=0.05)
    drawn = simulated_round(RoundDesign(400, 3, 20, 2), answering, np.random.default_rng(0))
    counts = drawn.counts.sum(axis=(2, 3, 4))
    net = (counts[..., 0] - counts[..., 1]) / counts.sum(axis=-1)
    assert counts.sum(axis=-1).min() == counts.sum(axis=-1).max() == 80
    assert counts[..., :2].sum() / counts.sum() == pytest.approx(0.5, abs=0.01)
    assert net.mean(axis=1) == pytest.approx([0.1, 0.0], abs=0.01)
    # pairs of a triad share one person of two: covariance sd², pairs of two groups none
    triads = net[1].reshape(400, 3)
    assert np.cov(triads.T)[np.triu_indices(3, 1)].mean() == pytest.approx(0.05**2, abs=0.0007)
    assert np.cov(triads[:-1, 0], triads[1:, 0])[0, 1] == pytest.approx(0, abs=0.0012)
    assert np.bincount(drawn.groups).tolist() == [3] * 400


def test_a_lean_changes_directions_alike_and_no_net():
    answering = Answering({"individual": 0.0}, success=0.5, lean_sd=0.1)
    drawn = simulated_round(RoundDesign(200, 2, 10, 5), answering, np.random.default_rng(0))
    counts = drawn.counts.sum(axis=3)[0]  # pair, digit pair, direction, kind
    net = (counts[..., 0] - counts[..., 1]) / 5
    assert net.mean() == pytest.approx(0, abs=0.01)
    # what counts for one direction counts against the other: covariance −2 × .1²
    assert np.cov(net[..., 0].ravel(), net[..., 1].ravel())[0, 1] == pytest.approx(-0.02, abs=0.005)
