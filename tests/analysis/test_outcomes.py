import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.outcomes import (
    guidance_outcomes,
    guidance_summary,
    guided,
    outcome_of_shares,
    percentile_estimate,
    share_estimate,
    shares_by_classifier,
    shares_by_digits,
)


@pytest.mark.parametrize(
    ("share_1", "share_2", "expected"),
    [
        (0.5, 0.5, "success"),
        (0.7, 0.1, "success"),  # .7 + .1 is below .8 in floats, and both bounds are inclusive
        (0.1, 0.7, "success"),
        (0.95, 0.05, "bias"),
        (0.0, 0.8, "bias"),
        (0.4, 0.39, "failure"),
        (0.0, 0.0, "failure"),
    ],
)
def test_thresholds(share_1, share_2, expected):
    assert outcome_of_shares(np.array([share_1]), np.array([share_2])).tolist() == [expected]


@pytest.fixture
def table(trials_of, stimuli_of):
    answers = [(f"p{i}", "s", answer) for i, answer in enumerate([3, 3, 3, 8])]
    answers += [(f"p{i}", "t", 8) for i in range(4)]
    answers += [(f"p{i}", "u", answer) for i, answer in enumerate([1, 2, 0, 0])]
    answers += [("p0", "natural", 4)]
    stimuli = stimuli_of(
        ["u", "t", "s", "natural", "unseen"],
        [(1, 2), (8, 3), (3, 8), (None, None), (0, 1)],
        model_1=["lrm", "vgg", "vgg", None, "vit"],
        model_2=["vgg", None, None, None, None],
    )
    return guidance_outcomes(trials_of(answers), stimuli, n_classes=10)


def test_outcomes_by_hand(table):
    assert table["stimulus_id"].tolist() == ["s", "t", "u"]  # no targets and no answers are left out
    assert table["outcome"].tolist() == ["success", "bias", "failure"]
    assert table["share_1"].tolist() == [0.75, 1.0, 0.25]
    assert table["share_2"].tolist() == [0.25, 0.0, 0.25]
    assert table["n_answers"].tolist() == [4, 4, 4]
    # s: .8112781 bits as in test_entropy; t unanimous; u has shares ¼, ¼, ½: ½ + ½ + ½ = 1.5 bits
    np.testing.assert_allclose(table["entropy"], [0.8112781, 0, 1.5], atol=1e-7)


def test_by_classifier_counts_both_of_a_controversial_stimulus(table):
    shares = shares_by_classifier(table)
    assert shares["classifier"].tolist() == ["vgg", "lrm"]
    assert shares["n"].tolist() == [3, 1]
    np.testing.assert_allclose(shares[["success", "bias", "failure"]], [[1 / 3, 1 / 3, 1 / 3], [0, 0, 1]])


def test_by_digits_ignores_the_order_of_targets(table):
    shares = shares_by_digits(table)
    assert shares[["digit_low", "digit_high", "n"]].to_numpy().tolist() == [[1, 2, 1], [3, 8, 2]]
    assert shares["success"].tolist() == [0.0, 0.5]


def test_shares_have_wilsons_interval():
    # 8 of 10: (8 + 1.92) / 13.84 = .717 and a reach of .227
    found = share_estimate(8, 10)
    assert [found["value"], found["low"], found["high"]] == pytest.approx([0.8, 0.4902, 0.9433], abs=1e-4)
    assert share_estimate(0, 0) == {"value": None, "low": None, "high": None}


def test_summary(table):
    summary = guidance_summary(table)
    assert (summary["stimuli"], summary["answers_per_stimulus"]) == (3, 4.0)
    assert summary["zero_entropy_share"] == pytest.approx(1 / 3)
    assert summary["outcomes"]["success"] == share_estimate(1, 3)


def test_answers_to_an_unknown_stimulus_are_refused(trials_of, stimuli_of):
    with pytest.raises(ValueError, match="1 stimuli have answers but no image, lost first"):
        guidance_outcomes(trials_of([("a", "lost", 1)]), stimuli_of(["s"], [(1, 2)]), 10)


def test_stimuli_without_targets_have_no_outcomes(trials_of, stimuli_of):
    table = guidance_outcomes(trials_of([("a", "s", 1)]), stimuli_of(["s"], [(None, None)]), 10)
    assert table.empty and "outcome" in table
    summary = guidance_summary(table)
    assert summary["stimuli"] == 0 and summary["zero_entropy_share"] is None
    assert summary["outcomes"]["bias"] == {"value": None, "low": None, "high": None}


def test_an_interval_holds_the_middle_of_the_samples():
    samples = np.append(np.arange(1001) / 1000, [np.nan, np.inf])
    assert percentile_estimate(0.4, samples) == {
        "value": 0.4,
        "low": pytest.approx(0.025),
        "high": pytest.approx(0.975),
    }
    narrow = percentile_estimate(0.4, samples, confidence=0.8)
    assert (narrow["low"], narrow["high"]) == (pytest.approx(0.1), pytest.approx(0.9))
    assert percentile_estimate(0.4, np.array([np.nan])) == {"value": 0.4, "low": None, "high": None}
    assert percentile_estimate(np.nan, samples) == {"value": None, "low": None, "high": None}


def test_what_nobody_guided_is_no_outcome_of_guidance():
    table = pd.DataFrame({"strategy": ["uncertainty", "unguided", "controversial"], "outcome": ["bias"] * 3})
    assert guided(table)["strategy"].tolist() == ["uncertainty", "controversial"]
