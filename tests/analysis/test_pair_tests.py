import json

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.pair_tests import pair_counts, pair_rates, pair_summary
from tests.analysis.conftest import make_pair_table as table_of

OUTCOMES = table_of(
    ("ab", "base", {"targeted": 1, "opposite": 1, "bias": 4, "failure": 4}),
    ("cd", "base", {"bias": 6, "failure": 4}),
    ("ab", "individual", {"targeted": 5, "opposite": 1, "bias": 2, "failure": 2}),
    ("cd", "individual", {"targeted": 3, "bias": 4, "failure": 3}),
)


def test_counts_and_rates_by_hand():
    assert pair_counts(OUTCOMES).loc[("individual", "ab")].tolist() == [5, 1, 2, 2]
    rates = pair_rates(OUTCOMES).set_index(["source", "pair_id"])
    assert rates.loc[("individual", "ab"), "targeted_ratio"] == pytest.approx(5 / 6)
    assert np.isnan(rates.loc[("base", "cd"), "targeted_ratio"])
    assert rates.loc[("individual", "ab"), "n"] == 10


def test_summary_by_hand():
    summary = pair_summary(OUTCOMES, seed=0, resamples=200)
    made = summary["sources"]["individual"]
    assert (made["n"], made["n_pairs"], made["n_success"]) == (20, 2, 9)
    assert made["success"]["value"] == pytest.approx(9 / 20)
    assert made["targeted_ratio"]["value"] == pytest.approx(8 / 9)
    assert made["net_directed_success"]["value"] == pytest.approx((8 - 1) / 20)
    difference = summary["difference"]
    assert difference["success"]["value"] == pytest.approx(9 / 20 - 2 / 20)
    assert difference["targeted_ratio"]["value"] == pytest.approx(8 / 9 - 1 / 2)
    assert difference["net_directed_success"]["value"] == pytest.approx(7 / 20 - 0)
    json.dumps(summary, allow_nan=False)


def test_intervals_of_a_source_are_no_point_where_nothing_was_found():
    found = pair_summary(table_of(("ab", "base", {"bias": 10})), seed=0, resamples=100)["sources"]["base"]
    # Wilson, 0 of 10: 3.84 / 13.84
    assert found["success"] == pytest.approx({"value": 0.0, "low": 0.0, "high": 0.2775}, abs=1e-4)
    # Agresti and Min: half an answer in either direction, of 12
    reach = 1.96 * 1 / 12
    assert found["net_directed_success"] == pytest.approx({"value": 0.0, "low": -reach, "high": reach}, abs=1e-4)
    assert found["n_pairs"] == 1


def test_permutation_agrees_with_shuffling_one_by_one():
    generator = np.random.default_rng(0)
    success = (OUTCOMES["outcome"] == "success").to_numpy()
    made = (OUTCOMES["source"] == "individual").to_numpy()
    extreme = 0
    for _ in range(3000):
        labels = made.copy()
        for pair in ("ab", "cd"):
            rows = np.flatnonzero(OUTCOMES["pair_id"] == pair)
            labels[rows] = generator.permutation(labels[rows])
        extreme += abs(success[labels].mean() - success[~labels].mean()) >= 7 / 20 - 1e-9
    found = pair_summary(OUTCOMES, seed=3, resamples=3000)["difference"]["success"]["p"]
    assert found == pytest.approx((1 + extreme) / 3001, abs=0.012)  # about 3 standard errors of two such p values


def test_no_difference_between_equal_sources():
    cells = {"targeted": 2, "opposite": 2, "bias": 3}
    difference = pair_summary(table_of(("ab", "base", cells), ("ab", "individual", cells)), seed=0)["difference"]
    assert difference["success"] == {"value": 0.0, "matched": 0.0, "p": 1.0}


def test_an_undefined_targeted_ratio_is_null_beside_its_count():
    table = table_of(("ab", "base", {"bias": 3}), ("ab", "individual", {"failure": 3}))
    summary = pair_summary(table, seed=0, resamples=20)
    assert summary["sources"]["base"]["n_success"] == 0
    assert summary["sources"]["base"]["targeted_ratio"] == {"value": None, "low": None, "high": None}
    assert summary["difference"]["targeted_ratio"] == {"value": None, "matched": None, "p": None}


def test_a_missing_source_leaves_the_difference_null():
    summary = pair_summary(table_of(("ab", "individual", {"bias": 3})), seed=0, resamples=20)
    assert summary["difference"]["success"] == {"value": None, "matched": None, "p": None}


def test_same_seed_same_summary():
    assert pair_summary(OUTCOMES, seed=7, resamples=50) == pair_summary(OUTCOMES, seed=7, resamples=50)


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="pair table is empty"):
        pair_summary(OUTCOMES[:0], seed=0)


def test_permutations_without_a_success_count_as_extreme():
    # Targeted ratio 1 against 0. Of the six ways to choose two of {targeted, opposite, bias, bias}, four give ±1 and
    # two leave a source without a success: all count, so p is 1.
    table = table_of(("ab", "base", {"opposite": 1, "bias": 1}), ("ab", "individual", {"targeted": 1, "bias": 1}))
    assert pair_summary(table, seed=0, resamples=200)["difference"]["targeted_ratio"] == {
        "value": 1.0,
        "matched": None,
        "p": 1.0,
    }


def test_customised_stimuli_are_compared_with_each_control():
    swapped = table_of(("ab", "swapped", {"targeted": 2, "opposite": 3, "bias": 5}))
    summary = pair_summary(pd.concat([OUTCOMES, swapped]), seed=0, resamples=200)
    assert set(summary["contrasts"]) == {"swapped"}
    assert summary["contrasts"]["swapped"]["net_directed_success"]["value"] == pytest.approx(7 / 20 + 1 / 10)
    assert summary["difference"]["net_directed_success"]["value"] == pytest.approx(7 / 20)
    assert pair_summary(OUTCOMES, seed=0, resamples=200)["contrasts"] == {}


# a triad's three pairs and a pair of its own, customised and three controls of the same digit pairs
STUDY = table_of(
    *(
        (pair, source, targets, cells | {"bias": 3})
        for pair in ("ab", "ac", "bc", "de")
        for targets in ((3, 8), (8, 3), (1, 7), (7, 1))
        for source, cells in {
            "individual": {"targeted": 4, "opposite": 1},
            "swapped": {"targeted": 2, "opposite": 2, "failure": 1},
            "bias_only": {"targeted": 3, "opposite": 2},
            "none": {"targeted": 1, "opposite": 1, "failure": 3},
        }.items()
    )
)


def test_one_endpoint_is_primary_and_the_other_controls_are_corrected():
    compared = pair_summary(STUDY, seed=0, resamples=999)["comparisons"]
    assert set(compared) == {"swapped", "bias_only", "none"}
    swapped, biases, unguided = (compared[source] for source in ("swapped", "bias_only", "none"))
    # 8 answers a cell, N of customised 3/8, of swapped 0, of bias_only 1/8; success 5/8 against 2/8
    assert (swapped["measure"], swapped["value"], swapped["family"]) == ("net_directed_success", 3 / 8, "primary")
    assert (biases["measure"], biases["value"]) == ("net_directed_success", pytest.approx(2 / 8))
    assert (unguided["measure"], unguided["value"]) == ("success", pytest.approx(3 / 8))
    assert swapped["p_holm"] is None and swapped["p"] == 1 / 1000
    assert unguided["p_holm"] == pytest.approx(2 * unguided["p"])
    assert biases["p_holm"] == pytest.approx(biases["p"])
    assert swapped["strata_used"] == 8  # four pairs, two digit pairs
    assert (swapped["people"]["n_groups"], swapped["people"]["smallest_p"]) == (2, 0.5)
    assert swapped["odds_ratio"] > biases["odds_ratio"] > 1


def test_each_directed_source_is_tested_alone_and_exploration_is_corrected():
    summary = pair_summary(STUDY, seed=0, resamples=999)
    assert set(summary["directions"]) == {"individual", "swapped", "bias_only"}
    assert summary["directions"]["individual"]["p"] == 1 / 1000
    assert summary["directions"]["swapped"]["p"] > 0.5
    explored = summary["exploratory"]
    assert set(explored["swapped"]) == {"success", "bias", "failure", "targeted_ratio"}
    assert all(test["p_fdr"] >= test["p"] for tests in explored.values() for test in tests.values())
    json.dumps(summary, allow_nan=False)


def test_first_round_stimuli_are_matched_by_pair_alone():
    first = table_of(("ab", "base", (0, 6), {"opposite": 4}), ("de", "base", (2, 5), {"opposite": 4}))
    made = STUDY[STUDY["source"] == "individual"]
    summary = pair_summary(pd.concat([made, first]), seed=0, resamples=999)
    compared = summary["comparisons"]["base"]
    assert (compared["strata"], compared["strata_used"]) == (4, 2)  # two of four pairs saw both
    # success 5/8 and 1; N 3/8 and −1
    assert compared["measure"] == "success" and compared["value"] == pytest.approx(5 / 8 - 1)
    assert summary["difference"]["net_directed_success"]["p"] == 1 / 1000


def test_a_study_without_customised_stimuli_compares_nothing():
    summary = pair_summary(STUDY[STUDY["source"] == "swapped"], seed=0, resamples=50)
    assert summary["comparisons"] == {} and summary["mixed_effects"]["sources"] == {}
    assert summary["mixed_effects"]["reason"] == "there is no success on individual stimuli"
