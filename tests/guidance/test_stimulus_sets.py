"""Stimulus sets joined and counted, by hand."""

import pandas as pd
import pytest

from bam_pipelines.guidance.stimulus_sets import acceptance_metrics, joined_stimuli


def test_joined_tables_keep_each_image_once():
    first = pd.DataFrame({"stimulus_id": ["x", "y"], "strategy": "uncertainty"})
    second = pd.DataFrame({"stimulus_id": ["y", "z"], "strategy": "controversial"})
    joined = joined_stimuli([first, pd.DataFrame(), second])
    assert joined["stimulus_id"].tolist() == ["x", "y", "z"]
    assert joined["strategy"].tolist() == ["uncertainty", "uncertainty", "controversial"]
    assert joined.index.tolist() == [0, 1, 2]


def test_no_stimulus_at_all_is_an_error():
    with pytest.raises(ValueError, match="no proposal was accepted; raise the sampler's steps"):
        joined_stimuli([pd.DataFrame(), pd.DataFrame()])


def test_acceptance_metrics_by_hand():
    stimuli = pd.DataFrame(
        {
            "strategy": ["uncertainty"] * 3 + ["controversial"],
            "judge_score": [0.6, 1.0, 0.9, 0.7],
            "p1_target_1": [0.5, 0.41, 0.55, 0.95],
            "p1_target_2": [0.5, 0.51, 0.41, 0.01],
        }
    )
    acceptance = pd.DataFrame(
        {
            "strategy": ["uncertainty", "uncertainty", "controversial"],
            "quota": [2, 2, 1],
            "proposals": [4, 8, 5],
            "accepted": [2, 1, 1],
        }
    )
    metrics = acceptance_metrics(stimuli, acceptance)
    renamed = {"uncertainty": "group", "controversial": "swapped"}
    by_source = [table.assign(source=table["strategy"].map(renamed)) for table in (stimuli, acceptance)]
    found = acceptance_metrics(*by_source, by="source")
    assert found == {"stimuli": 4, "group": metrics["uncertainty"], "swapped": metrics["controversial"]}
    assert metrics["stimuli"] == 4
    # gaps 0, .10, .14: median .10, and the 95 % quantile is 90 % of the way from .10 to .14: .136
    assert metrics["uncertainty"] == pytest.approx(
        {
            "stimuli": 3,
            "proposals": 12,
            "acceptance_rate": 0.25,
            "unfilled_cells": 1,
            "judge_score_median": 0.9,
            "gap_median": 0.1,
            "gap_q95": 0.136,
        }
    )
    assert metrics["controversial"] == pytest.approx(
        {"stimuli": 1, "proposals": 5, "acceptance_rate": 0.2, "unfilled_cells": 0, "judge_score_median": 0.7}
    )


def test_a_strategy_without_stimuli_has_no_quantiles():
    columns = ["strategy", "judge_score", "p1_target_1", "p1_target_2"]
    stimuli = pd.DataFrame([["controversial", 0.7, 0.95, 0.01]], columns=columns)
    acceptance = pd.DataFrame({"strategy": ["uncertainty"], "quota": [2], "proposals": [20], "accepted": [0]})
    assert acceptance_metrics(stimuli, acceptance)["uncertainty"] == {
        "stimuli": 0,
        "proposals": 20,
        "acceptance_rate": 0.0,
        "unfilled_cells": 1,
        "judge_score_median": None,
        "gap_median": None,
        "gap_q95": None,
    }
