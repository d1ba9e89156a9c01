"""What the manipulation bench computes, by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.manipulation.choice import best_of_cells
from benchmarks.manipulation.measures import balanced, describe, estimate, same_digit_pairs


def table(rows, columns=("pair_id", "target_1", "target_2", "net")):
    return pd.DataFrame(rows, columns=list(columns))


def test_means_differences_and_ratios_are_of_all_stimuli_together():
    one = table([("a", 0, 1, 1.0), ("a", 1, 0, 0.0), ("b", 0, 1, 0.5)])
    two = table([("a", 0, 1, 0.0), ("b", 0, 1, 0.5)])
    pairs = ["a", "b", "c"]
    assert estimate([one], "net", pairs, "mean")["value"] == pytest.approx(0.5)
    assert estimate([one], "net", pairs, "mean")["n"] == 3
    assert estimate([one, two], "net", pairs, "difference")["value"] == pytest.approx(0.25)
    assert estimate([one, two], "net", pairs, "ratio")["value"] == pytest.approx(2.0)


def test_the_interval_is_of_means_of_resampled_pairs():
    draw = np.random.default_rng(0)
    values = draw.normal(0.2, 0.5, 400)
    found = estimate([table([(str(place), 0, 1, value) for place, value in enumerate(values)])], "net",
                     [str(place) for place in range(400)], "mean")  # fmt: skip
    # the normal approximation
    half = 1.96 * values.std() / 20
    assert found["low"] == pytest.approx(values.mean() - half, abs=0.01)
    assert found["high"] == pytest.approx(values.mean() + half, abs=0.01)


def test_balanced_keeps_digit_pairs_with_both_directions():
    rows = table([("a", 0, 1, 1.0), ("a", 1, 0, 0.0), ("a", 2, 3, 0.5), ("b", 1, 0, 0.5)])
    assert balanced(rows)[["pair_id", "target_1"]].values.tolist() == [["a", 0], ["a", 1]]


def test_controls_are_of_the_same_people_and_digits():
    ours = table([("a", 0, 1, 1.0)])
    other = table([("a", 1, 0, 0.0), ("a", 0, 2, 0.0), ("b", 0, 1, 0.0)])
    assert same_digit_pairs(ours, other).index.tolist() == [0]
    found = describe({"individual": ours, "swapped": other}, "net", ["a", "b"])
    assert found["net_directed_success"]["swapped"]["n"] == 1
    assert found["difference"]["swapped"]["value"] == 1.0


def test_the_best_of_each_cell_is_kept_and_everything_without_direction():
    columns = ("source", "pair_id", "target_1", "target_2", "predicted", "true")
    candidates = table(
        [
            ("individual", "a", 0, 1, 0.2, 0.9),
            ("individual", "a", 0, 1, 0.4, 0.1),
            ("individual", "a", 1, 0, -0.1, 0.0),
            ("none", "a", 0, 1, np.nan, 0.0),
            ("none", "a", 0, 1, np.nan, 0.1),
        ],
        columns,
    )
    assert best_of_cells(candidates, "predicted").index.tolist() == [1, 2, 3, 4]
    assert best_of_cells(candidates, "true").index.tolist() == [0, 2, 3, 4]
