import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.source_naturalness import source_naturalness


def shown(rows):
    return pd.DataFrame(rows, columns=["source", "pair_id", "target_1", "target_2"])


def test_sources_are_compared_within_pair_and_digit_pair():
    rows = [("individual", "ab", 3, 8), ("swapped", "ab", 8, 3), ("individual", "cd", 3, 8), ("none", "xy", 3, 8)]
    found = source_naturalness(shown(rows), np.array([0.9, 0.4, 0.1, 0.8]), 0.5, seed=0, resamples=50)
    assert found["sources"]["individual"] == {"n": 2, "accepted": 0.5, "score": pytest.approx(0.5)}
    # only ab saw both sources, and 3 and 8 in either order are one digit pair
    assert found["contrasts"]["swapped"]["score"]["value"] == pytest.approx(0.5)
    assert found["contrasts"]["swapped"]["accepted"] == {"value": 1, "low": None, "high": None}
    assert found["contrasts"]["swapped"]["strata_used"] == 1
    assert found["contrasts"]["none"] == {"strata_used": 0} | dict.fromkeys(
        ("accepted", "score"), {"value": None, "low": None, "high": None}
    )


def test_the_interval_is_that_of_a_mean_over_strata():
    draw = np.random.default_rng(0)
    differences = draw.normal(0.2, 0.3, 90)
    rows = [(source, f"p{place}", 3, 8) for source in ("individual", "swapped") for place in range(90)]
    scores = np.concatenate([0.5 + differences, np.full(90, 0.5)])
    found = source_naturalness(shown(rows), scores, 0.5, seed=0, resamples=4000)["contrasts"]["swapped"]["score"]
    reach = 1.96 * differences.std() / np.sqrt(90)
    assert found["low"] == pytest.approx(differences.mean() - reach, abs=0.006)
    assert found["high"] == pytest.approx(differences.mean() + reach, abs=0.006)


def test_a_score_must_be_above_the_threshold():
    rows = [("individual", "ab", 3, 8), ("individual", "ab", 3, 8)]
    found = source_naturalness(shown(rows), np.array([0.5, 0.6]), 0.5, seed=0, resamples=10)
    assert found["sources"]["individual"]["accepted"] == 0.5
