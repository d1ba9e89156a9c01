import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from bam_pipelines.analysis.manipulation_tables import (
    comparison_table,
    left_out_table,
    naturalness_table,
    power_sizes_table,
    stable_table,
)
from bam_pipelines.analysis.outcomes import guidance_outcomes, guidance_summary, target_counts
from bam_pipelines.analysis.pair_tests import pair_summary
from bam_pipelines.analysis.report import build_report
from bam_pipelines.analysis.report_content import key_numbers, report_content
from bam_pipelines.analysis.report_tables import (
    acceptance_table,
    alignment_table,
    cell,
    frame_table,
    gallery_items,
    methods_table,
    metrics_table,
)
from bam_pipelines.analysis.shrinkage import true_outcomes

IDENTITY = {
    "session_id": "2001-01-01T00.00.00.000Z",
    "mlflow_run_id": None,
    "env": "smoke",
    "artifacts": {"trials": "2001-01-01T00.00.00.001Z"},
}


GAIN = {"value": 0.0314, "low": -0.002, "high": 0.0648, "p": 0.0009}


SIZE = {"groups": 6, "pairs": 18, "images": 180, "power": 0.853, "error": 0.018}
POWER = {
    "measured": {"stimuli": 16, "net_directed_success": 6 / 16},
    "wanted": 0.8,
    "smallest": {"0.06": {"groups": None, "randomisation": SIZE}},
}

ACCEPTANCE = pd.DataFrame(
    {
        "strategy": ["uncertainty", "uncertainty", "controversial"],
        "model_1": ["vgg", "vgg", "vgg"],
        "model_2": [None, None, "lrm"],
        "proposals": [4, 6, 0],
        "accepted": [1, 4, 0],
    }
)


def summarised(table):
    """What the stage stores of a pair table."""
    nothing = {"value": None, "low": None, "high": None}
    stable = {"individual": {"n": 0, "first": nothing, "crossed": nothing, "n_repeats": 0, "flips": nothing}}
    return pair_summary(table, 0, 50) | {"stable_disagreement": stable, "left_out": {}}


@pytest.fixture
def results(trials_of, stimuli_of, metrics, entropies, pair_table):
    stimuli = stimuli_of(["s", "t"], [(3, 8), (1, 7)])
    answers = [("a", "s", 3), ("b", "s", 8), ("a", "t", 1), ("b", "t", 1)]
    guidance = guidance_outcomes(trials_of(answers), stimuli, 10)
    return {
        "classifiers_summary": pd.DataFrame({"classifier": ["vgg"], "accuracy": [0.97]}),
        "sampling_acceptance": ACCEPTANCE,
        "sampling_metrics": {"acceptance": 0.5},
        "stimuli": stimuli,
        "participants": pd.DataFrame({"participant_id": ["<b>a</b>"], "include": [True]}),
        "quality_report": {"excluded": 0},
        "reading_report": {"trials": 4},
        "guidance_summary": guidance_summary(guidance, 0, 50)
        | {"true_outcomes": true_outcomes(target_counts(guidance), 0)},
        "alignment_metrics": metrics,
        "alignment_entropy": entropies,
        "alignment_summary": {
            "vgg": {
                "group": {"accuracy": 0.7, "log_loss": 1.25, "calibration_error": 0.1},
                "baselines": {"dawid_skene": {"accuracy": 0.72, "log_loss": 1.125}},
                "individual_gain": {"log_loss": GAIN},
            },
            "lrm": {"individual_gain": None},
        },
        "alignment_clusters": {"reliability": 0.5},
        "manipulation_summary": summarised(pair_table),
        "manipulation_naturalness": {
            "sources": {"individual": {"n": 16, "accepted": 0.75, "score": 0.8}},
            "contrasts": {},
        },
        "power_summary": POWER,
        "loop_figure": None,
        **{
            f"figure_{name}": b"\x89PNG"
            for name in ("guidance", "alignment", "individuals", "differences", "manipulation", "dose", "power")
        },
    }


def test_report_is_self_contained_and_escaped(results):
    page = build_report(report_content(results, IDENTITY, simulated=True, examples=2))
    assert not re.search(r"https?://|<script|<link(?! rel=\"icon\" href=\"data:)|@import", page)
    assert "&lt;b&gt;a&lt;/b&gt;" in page
    assert "<b>a</b>" not in page
    assert page.count("data:image/png;base64,") == 9  # two stimuli, seven figures


@pytest.mark.parametrize("simulated", [True, False])
def test_report_says_when_participants_are_simulated(results, simulated):
    page = build_report(report_content(results, IDENTITY, simulated, examples=2))
    assert ("(simulated participants)</title>" in page) is simulated
    assert ("No person answered." in page) is simulated
    assert ("simulat" in page) is simulated


def test_answers_that_were_split_anew_are_labelled(results):
    assert "resplit" not in build_report(report_content(results, IDENTITY, True, 2))
    results["reading_report"] = {"split": "resplit", "stimuli_in_both_splits": 17}
    assert "resplit: 17 images stood in both" in build_report(report_content(results, IDENTITY, True, 2))


def test_report_names_the_run_and_its_artifacts(results):
    page = build_report(report_content(results, IDENTITY, simulated=True, examples=2))
    assert "2001-01-01T00.00.00.000Z" in page
    assert '<th scope="row">mlflow run id</th><td><code>not available</code></td>' in page
    assert "<code>trials</code></th><td><code>2001-01-01T00.00.00.001Z</code>" in page


def test_key_numbers_stand_beside_the_published_ones(results):
    numbers = {number.measure: (number.published, number.found) for number in key_numbers(results)}
    assert numbers["Guidance success, share of stimuli"][0] == "20%"
    assert numbers["Guidance success, share of stimuli"][1].startswith("50.0% [")
    assert numbers["Stimuli with unanimous answers"] == ("42%", "50%")
    # mean of VGG .4375 and LRM .1875
    assert numbers["BaseNet: accuracy on people's choices, mean over classifiers"] == ("0.47", "0.31")
    assert numbers["VGG: Spearman ρ of model's and people's entropy, GroupNet"] == ("0.74", "1.00")
    gains = [(measure, found) for measure, (_, found) in numbers.items() if "individual gain" in measure]
    assert gains == [
        ("VGG: individual gain, nats a trial", "+0.031 [-0.002, +0.065]; with models dealt out at random p < 0.001"),
        ("LRM: individual gain, nats a trial", "not defined"),
    ]
    assert numbers["Pairs, customised: targeted ratio"][0] == "62%"
    ratio = numbers["Pairs, customised: targeted ratio"][1]
    assert ratio.startswith("80.0% [") and ratio.endswith("], 10 successes")
    assert numbers["Pairs, customised: net directed success"][0] == "6.2%"


def test_customised_stimuli_stand_beside_their_controls(results, pair_table):
    swapped = pair_table[pair_table["source"] == "base"].assign(source="swapped")
    results["manipulation_summary"] = summarised(pd.concat([pair_table, swapped]))
    found = {number.measure: number.found for number in key_numbers(results)}
    # of 16 stimuli 8 targeted and 2 opposite, of the control's as many of each
    assert found["Pairs, customised less swapped pair: net directed success"].startswith("+37.5%, p ")


def test_key_numbers_say_what_is_not_defined(results, pair_table):
    only = pair_table[(pair_table["source"] == "individual") & (pair_table["outcome"] == "bias")]
    results["manipulation_summary"] = json.loads(json.dumps(summarised(only)))
    numbers = {number.measure: number.found for number in key_numbers(results)}
    assert numbers["Pairs, first round: success"] == "not defined"
    assert numbers["Pairs, customised: targeted ratio"] == "not defined, 0 successes"
    assert numbers["Pairs: difference in success, p"] == "not defined"


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
        ["uncertainty", "VGG", "10", "5", "0.5"],
    ]


def test_alignment_rows(metrics):
    table = alignment_table(metrics)
    assert table.rows[0] == ["VGG", "0.438", "0.688", "0.750", "0.950", "0.950", "0.950"]


def test_ways_to_predict_stand_below_one_another(results):
    assert methods_table(results["alignment_summary"]).rows == [
        ["VGG", "GroupNet", "0.7", "1.25", "0.1"],
        ["VGG", "GroupNet with own confusions", "0.72", "1.125", "not defined"],
    ]


def test_gallery_images_keep_their_pixels(results):
    item = gallery_items(results["stimuli"], 1)[0]
    shown = np.round(image.imread(io.BytesIO(item.png))[..., 0] * 255)
    expected = results["stimuli"].set_index("target_1").loc[int(item.lines[0][0]), "image"]
    np.testing.assert_array_equal(shown.ravel(), expected)


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


def test_a_power_analysis_of_other_answers_is_left_out_and_said(results):
    whole = build_report(report_content(results, IDENTITY, True, 2))
    results["power_summary"] = POWER | {"measured": {"stimuli": 16, "net_directed_success": 0.0}}
    page = build_report(report_content(results, IDENTITY, True, 2))
    for words in ("How large a second round must be", "smallest second round that reaches"):
        assert words in whole and words not in page
    assert "power analysis was made of other answers" in page and "made of other answers" not in whole


def test_the_smallest_round_is_told_by_effect_and_claim():
    table = power_sizes_table(POWER)
    assert table.title == "Power: smallest second round that reaches 0.8"
    assert table.rows == [
        ["0.06", "these people", "6", "18", "180", "0.85 ± 0.02"],
        ["0.06", "people in general", *["none of the grid"] * 3, "—"],
    ]
