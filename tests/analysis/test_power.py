import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bam_pipelines.analysis import power
from bam_pipelines.analysis.figures import figure_power
from bam_pipelines.analysis.pair_measures import NET
from bam_pipelines.analysis.pair_randomisation import source_test
from bam_pipelines.analysis.power import PowerSettings, measured_answering, power_summary, power_table
from bam_pipelines.analysis.simulated_rounds import Answering, RoundDesign, net_before_cutting, simulated_round

CONF = Path(__file__).parents[2] / "conf" / "base" / "power" / "parameters.yml"
SETTINGS = PowerSettings(**yaml.safe_load(CONF.read_text())["power"])
ALIKE = {"expected_success": 0.25, "expected_spread": 0.0}


def test_what_is_measured_is_pulled_to_what_is_assumed(pair_table_of):
    pairs = [("ab", "individual", {"targeted": 40, "bias": 60}), ("cd", "individual", {"opposite": 20, "bias": 80})]
    settings = replace(SETTINGS, assumed_success=0.2, assumed_spread=0.1, worth_stimuli=100, worth_pairs=3)
    found = measured_answering(pair_table_of(*pairs), settings)
    assert (found["stimuli"], found["pairs"], found["success"]) == (200, 2, 0.3)
    assert found["net_directed_success"] == pytest.approx(0.1)
    # N of .4 and −.2: variance .18, of which (.3 − .01) / 100 is noise of 100 stimuli
    assert found["spread"] ** 2 == pytest.approx(0.18 - 0.0029)
    assert found["expected_success"] == pytest.approx((100 * 0.2 + 200 * 0.3) / 300)
    assert found["expected_spread"] ** 2 == pytest.approx((3 * 0.01 + 1 * 0.1771) / 4)
    alone = measured_answering(pair_table_of(pairs[0]), settings)
    assert alone["spread"] is None and alone["expected_spread"] == pytest.approx(0.1)


def test_without_customised_stimuli_the_assumptions_are_left(pair_table_of):
    found = measured_answering(pair_table_of(("ab", "swapped", {"bias": 1})), SETTINGS)
    assert (found["stimuli"], found["success"], found["spread"]) == (0, None, None)
    assert found["expected_success"] == pytest.approx(SETTINGS.assumed_success)
    assert found["expected_spread"] == pytest.approx(SETTINGS.assumed_spread)


def test_the_effect_is_reached_where_success_cuts_it_off():
    measured = {"expected_success": 0.25, "expected_spread": 0.15}
    answering = power._answering(measured, 0.2)
    drawn = simulated_round(RoundDesign(4000, 3, 4, 2), answering, np.random.default_rng(0))
    shown = drawn.of("individual").sum(axis=(0, 1, 2, 3))
    assert (shown[0] - shown[1]) / shown.sum() == pytest.approx(0.2, abs=0.006)
    assert net_before_cutting(0.2, 0.25, 0.0) == 0.2
    assert net_before_cutting(0.0, 0.25, 0.3) == pytest.approx(0.0, abs=1e-9)


def test_an_effect_above_success_is_not_simulated():
    settings = replace(SETTINGS, effects=[0.06, 0.12], groups=[6], images=[60], simulations=20)
    measured = {"expected_success": 0.1, "expected_spread": 0.0}
    table = power_table(measured, settings, seed=0)
    assert set(table["effect"]) == {0.06}
    summary = power_summary(table, measured, settings)
    assert summary["smallest"]["0.12"] == {"groups": None, "randomisation": None}
    shown = [text.get_text() for axes in figure_power(table, summary, True).axes for text in axes.texts]
    assert shown.count("net directed success\ncannot differ by 0.12:\nsuccess is too rare") == 2
    nothing = power_table({"expected_success": 0.05, "expected_spread": 0.0}, settings, seed=0)
    assert nothing.empty and figure_power(nothing, power_summary(nothing, measured, settings), True)


def test_the_normal_distribution_stands_for_the_permutations():
    answering = Answering({"individual": 0.01, "swapped": 0.0})
    found, expected = [], []
    for key in range(4):
        drawn = simulated_round(RoundDesign(6, 3, 45, 1), answering, np.random.default_rng(key))
        above, variance, _ = power._by_group(drawn)
        found.append(2 * power.norm.sf(abs(above.sum() / np.sqrt(variance.sum()))))
        ours, theirs = (counts.reshape(-1, 4) for counts in drawn.matched("individual", "swapped"))
        expected.append(source_test(ours, theirs, np.random.default_rng(0), 2000)["measures"][NET]["p"])
    assert max(expected) - min(expected) > 0.1  # else there is little to compare
    assert found == pytest.approx(expected, abs=0.04)


def test_power_is_that_of_the_normal_test_by_hand():
    settings = replace(SETTINGS, effects=[0.06], groups=[6], images=[180], simulations=400)
    table = power_table(ALIKE, settings, seed=0).set_index("test")
    # 18 pairs, 90 stimuli of each source: variance of N (.25 − .06²) / 1620 and .25 / 1620
    z = 0.06 / np.sqrt((0.25 - 0.06**2 + 0.25) / 1620)
    expected = power.norm.sf(1.96 - z)
    row = table.loc["randomisation"]
    assert (row["pairs"], row["images"], row["simulations"]) == (18, 180, 400)
    assert row["power"] == pytest.approx(expected, abs=0.05)
    assert row["error"] == pytest.approx(np.sqrt(row["power"] * (1 - row["power"]) / 400))
    # six groups reach p = .031 only when all differ the same way, each with probability Φ(z / √6)
    assert table.loc["groups", "power"] == pytest.approx(power.norm.cdf(z / np.sqrt(6)) ** 6, abs=0.07)


def test_no_effect_is_found_as_rarely_as_five_percent():
    settings = replace(SETTINGS, effects=[1e-9], groups=[5, 8], images=[60], simulations=400)
    table = power_table(ALIKE | {"expected_spread": 0.06}, settings, seed=0).set_index(["test", "groups"])["power"]
    assert table["groups", 5] == 0  # no p below .0625
    assert 0.02 < table["groups", 8] < 0.08


def test_more_stimuli_than_digit_pairs_repeat_them():
    settings = replace(SETTINGS, effects=[0.06], groups=[2], images=[60, 360], simulations=10)
    assert sorted(set(power_table(ALIKE, settings, seed=0)["images"])) == [60, 360]


def test_what_no_round_finds_is_told_and_drawn():
    settings = replace(SETTINGS, effects=[0.12, 0.01], groups=[3, 6, 12], images=[60, 180], simulations=40)
    table = power_table(ALIKE, settings, seed=0)
    summary = power_summary(table, ALIKE, settings)
    assert summary["smallest"]["0.01"] == {"groups": None, "randomisation": None}
    json.dumps(summary, allow_nan=False)
    figure = figure_power(table, summary, True)
    assert len(figure.axes) == 4 and "(simulated participants)" in figure.get_suptitle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["60", "180"]
    assert {axes.get_title(loc="left") for axes in figure.axes[:2]} == {
        "net directed success\ndiffers by 0.12",
        "net directed success\ndiffers by 0.01",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"effects": [0.0]}, r"effects is \[0\.0\], expected a non-empty list of numbers above 0 and below 1"),
        ({"groups": [1]}, r"groups is \[1\], expected a non-empty list of integers of at least 2"),
        ({"images": [90]}, r"images is \[90\], expected a non-empty list of positive multiples of 4"),
        ({"wanted": 1.0}, r"wanted is 1\.0"),
        ({"worth_pairs": 0}, r"worth_pairs is 0, expected an integer of at least 1"),
    ],
)
def test_settings_out_of_range_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SETTINGS, **change)


def test_the_smallest_round_has_the_fewest_answers():
    sizes = [(3, 9, 180, 0.9), (6, 18, 60, 0.8), (6, 18, 120, 0.95), (3, 9, 60, 0.4)]
    table = pd.DataFrame(sizes, columns=["groups", "pairs", "images", "power"])
    table = table.assign(effect=0.06, test="randomisation", error=0.02)
    found = power_summary(table, ALIKE, SETTINGS)["smallest"]["0.06"]["randomisation"]
    # 18 × 60 answers are fewer than 9 × 180, though by more groups
    assert found == {"groups": 6, "pairs": 18, "images": 60, "power": 0.8, "error": 0.02}


def test_pairs_spread_as_measured():
    answering = power._answering({"expected_success": 0.5, "expected_spread": 0.08}, 0.06)
    drawn = simulated_round(RoundDesign(3000, 2, 20, 5), answering, np.random.default_rng(0))
    counts = drawn.of("individual").sum(axis=(1, 2, 3))
    net = (counts[:, 0] - counts[:, 1]) / 200
    assert net.var() - 0.5 / 200 == pytest.approx(0.08**2, rel=0.1)
