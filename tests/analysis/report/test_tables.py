import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.manipulation_tables import (
    comparison_table,
    left_out_table,
    naturalness_table,
    power_sizes_table,
    stable_table,
)
from bam_pipelines.analysis.report_tables import (
    acceptance_table,
    alignment_table,
    cell,
    estimate_text,
    frame_table,
    methods_table,
    metrics_table,
)
from tests.analysis.report.conftest import POWER, summarised


def test_values_stand_before_their_intervals():
    estimate = {"value": 0.5, "low": -0.25, "high": 0.75}
    assert estimate_text(estimate) == "50.0% [-25.0%, 75.0%]"
    assert estimate_text(estimate, "+.2f") == "+0.50 [-0.25, +0.75]"
    assert estimate_text({"value": 0.5, "low": None, "high": None}, ".2f") == "0.50"
    assert estimate_text({"value": None, "low": None, "high": None}) == "not defined"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not defined"),
        (float("nan"), "not defined"),
        (pd.NA, "not defined"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (np.int64(12345), "12,345"),
        (0.123456, "0.1235"),
        (np.float32(0.5), "0.5"),
        ("text", "text"),
    ],
)
def test_cells(value, text):
    assert cell(value) == text


def test_frames_leave_out_arrays():
    table = frame_table("T", pd.DataFrame({"n_trials": [3], "image": [np.zeros(4)]}))
    assert (table.columns, table.rows) == (["n trials"], [["3"]])


def test_nested_metrics_become_rows():
    table = metrics_table("T", {"a_b": {"c": 1, "d": [0.5, 1]}, "loss": list(range(9))})
    assert table.rows == [["a b / c", "1"], ["a b / d", "0.5, 1"], ["loss", "0 to 8 in 9 steps"]]


def test_acceptance_is_summed_over_digit_pairs(results):
    rows = acceptance_table(results["sampling_acceptance"]).rows
    assert rows == [
        ["controversial", "VGG and LRM", "0", "0", "not defined"],
        ["uncertainty", "VGG", "10", "5", "50.0% [23.7%, 76.3%]"],
    ]


def test_alignment_rows(metrics):
    row = alignment_table(metrics, 0, 200).rows[0]
    # a alone has .25 of 10 trials right, b .5 of 30; .95 of 100 digits
    assert row[:3] == ["VGG", "0.438 [0.250, 0.500]", "0.688 [0.500, 0.750]"]
    assert row[4:] == ["0.950 [0.888, 0.978]"] * 3


def test_ways_to_predict_stand_below_one_another(results):
    assert methods_table(results["alignment_summary"], results["alignment_metrics"], 0, 200).rows == [
        ["VGG", "GroupNet", "0.7 [0.5, 0.75]", "1.25 [0.5, 1]", "0.1"],
        ["VGG", "GroupNet with own confusions", "0.72", "1.125", "not defined"],
    ]


def test_tests_of_each_source_stand_in_a_row(pair_table):
    swapped = pair_table[pair_table["source"] == "base"].assign(source="swapped")
    summary = summarised(pd.concat([pair_table, swapped]))
    table = comparison_table(summary)
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == ["customised", "first round", "swapped pair"] and {len(row) for row in table.rows} == {
        len(table.columns)
    }
    compared = summary["comparisons"]["swapped"]
    assert rows["swapped pair"][3] == "net directed success" and rows["swapped pair"][6] == "primary"
    assert rows["swapped pair"][4].startswith(f"{compared['value']:+.1%}")
    assert rows["swapped pair"][7] == f"{compared['odds_ratio']:.2f}"
    assert rows["customised"][3:] == ["—"] * 8
    assert rows["first round"][3] == "success" and rows["swapped pair"][-2:] == ["0.500", "0.500"]


def test_naturalness_and_left_out_pairs_are_told():
    estimate = {"value": 0.25, "low": 0.125, "high": 0.375}
    found = {
        "sources": {
            "none": {"n": 4, "accepted": 0.5, "score": 0.6},
            "individual": {"n": 4, "accepted": 0.75, "score": 1},
        },
        "contrasts": {"none": {"strata_used": 2, "accepted": estimate, "score": estimate}},
    }
    assert naturalness_table(found).rows == [
        ["customised", "4", "75.0%", "1.000", "—", "—"],
        ["unguided", "4", "50.0%", "0.600", "+25.0% [+12.5%, +37.5%]", "+0.250 [+0.125, +0.375]"],
    ]
    assert left_out_table({}) == []
    assert left_out_table({"ab": "b has no answer in round 2."})[0].rows == [["ab", "b has no answer in round 2."]]


def test_disagreement_that_lasts_has_its_counts():
    estimate = {"value": 0.25, "low": 0.125, "high": 0.375}
    stable = {"individual": {"n": 8, "first": estimate, "crossed": estimate, "n_repeats": 16, "flips": estimate}}
    (table,) = stable_table(stable | {"none": stable["individual"] | {"n_repeats": 0}})
    (row,) = table.rows
    assert stable_table({}) == []
    assert row[1:3] == ["8", "+25.0% [+12.5%, +37.5%]"] and row[-1] == "25.0% [12.5%, 37.5%] of 16"


def test_the_smallest_round_is_told_by_effect_and_claim():
    table = power_sizes_table(POWER)
    assert table.title == "Power: smallest second round that reaches 0.8"
    assert table.rows == [
        ["0.06", "these people", "6", "18", "180", "0.85 ± 0.02"],
        ["0.06", "people in general", *["none of the grid"] * 3, "—"],
    ]
