"""The few numbers by which alignments are compared, by hand."""

import pandas as pd
import pytest

from bam_pipelines.alignment.summary import gain_shares, mean_over_classifiers, summarise_alignment

GAINS = {
    name: {
        "individual_gain": {"log_loss": {"value": value, "low": 0.0, "high": 1.0}, "accuracy": {"value": 0.02}},
        "gain_over_group": {"log_loss": {"value": 2 * value}, "accuracy": {"value": 0.06}},
        "baselines": {"dawid_skene": {"accuracy": value, "log_loss": 1.0}},
    }
    for name, value in (("vgg", 0.1), ("lrm", 0.3))
}
TRIALS, DIGITS = "trials_test", "digits_test"


def metrics_table(classifier, rows):
    columns = ["level", "participant_id", "dataset", "entropy_bin", "n_trials", "accuracy", "log_loss"]
    table = pd.DataFrame(rows, columns=columns).assign(classifier=classifier, calibration_error=9.0)
    pooled = (table["participant_id"] == "all") & (table["dataset"] == TRIALS)
    return table.assign(calibration_error=table["calibration_error"].mask(pooled, table["accuracy"] / 10))


@pytest.fixture
def metrics():
    rows = [
        ("base", "a", TRIALS, "all", 30, 0.40, 2.0),
        ("base", "b", TRIALS, "all", 10, 0.20, 4.0),
        ("base", "c", TRIALS, "all", 40, 1.00, 0.0),  # has no individual model
        ("base", "all", TRIALS, "all", 80, 0.68, 1.3),
        ("base", "a", TRIALS, "zero", 30, 0.00, 9.0),
        ("base", "all", DIGITS, "all", 5, 0.90, 0.3),
        ("group", "a", TRIALS, "all", 30, 0.60, 1.0),
        ("group", "b", TRIALS, "all", 10, 0.80, 1.0),
        ("group", "c", TRIALS, "all", 40, 0.00, 9.0),
        ("group", "all", TRIALS, "all", 80, 0.40, 5.0),
        ("group", "all", DIGITS, "all", 5, 0.80, 0.4),
        ("individual", "a", TRIALS, "all", 30, 0.70, 0.8),
        ("individual", "b", TRIALS, "all", 10, 0.80, 0.4),
        ("individual", "all", TRIALS, "all", 40, 0.725, 0.7),
        ("individual", "a", DIGITS, "all", 5, 0.60, 0.5),
        ("individual", "b", DIGITS, "all", 5, 0.80, 0.5),
    ]
    return metrics_table("vgg", rows)


@pytest.fixture
def entropies():
    """Three test images and one that trains, on which the model is surest and people are not."""
    human = {"human_entropy": [0.0, 1.5, 1.0, 2.0], "human_entropy_smoothed": [0.0, 1.0, 1.5, 2.0]}
    human["split"] = ["test", "test", "test", "train"]
    base = {"level": "base", "model_entropy": [0.1, 0.2, 0.9, 0.0], **human}
    group = {"level": "group", "model_entropy": [0.1, 0.9, 0.4, 0.0], **human}
    return pd.concat([pd.DataFrame(base), pd.DataFrame(group)], ignore_index=True).assign(classifier="vgg")


def test_accuracy_and_loss_over_the_trials_of_those_with_an_own_model(metrics, entropies):
    summary = summarise_alignment(metrics, entropies, GAINS)["vgg"]
    # a has 3/4 of the 40 trials, b 1/4: 0.75 · 0.4 + 0.25 · 0.2 = 0.35, 0.75 · 2 + 0.25 · 4 = 2.5, and so on
    keys = ("accuracy", "log_loss", "calibration_error", "digits_accuracy")
    assert [summary["base"][key] for key in keys] == pytest.approx([0.35, 2.5, 0.068, 0.9])
    assert [summary["group"][key] for key in keys] == pytest.approx([0.65, 1.0, 0.04, 0.8])
    # the mean over people of their models on the digits: (0.6 + 0.8) / 2
    assert [summary["individual"][key] for key in keys] == pytest.approx([0.725, 0.7, 0.0725, 0.7])
    assert summary["accuracy_over_base"] == pytest.approx(0.30)
    assert {key: summary[key] for key in GAINS["vgg"]} == GAINS["vgg"]


def test_rank_correlation_of_entropies(metrics, entropies):
    # ranks 1 2 3 against 1 3 2: 1 − 6 · (0 + 1 + 1) / (3 · 8) = 0.5; the group's ranks agree
    summary = summarise_alignment(metrics, entropies, GAINS)["vgg"]
    assert summary["entropy_spearman"] == pytest.approx({"base": 0.5, "group": 1.0})
    # smoothed, people's ranks are the base model's
    assert summary["entropy_spearman_smoothed"] == pytest.approx({"base": 1.0, "group": 0.5})
    # with the training image 2 3 4 1 against 1 3 2 4: 1 − 6 · (1 + 0 + 4 + 9) / (4 · 15) = −0.4
    assert summary["entropy_spearman_all_images"] == pytest.approx({"base": -0.4, "group": -0.2})


@pytest.mark.parametrize("column", ["model_entropy", "human_entropy"])
def test_entropies_that_do_not_vary_have_no_correlation(metrics, entropies, column):
    constant = entropies.assign(**{column: 0.0})
    assert summarise_alignment(metrics, constant, GAINS)["vgg"]["entropy_spearman"] == {"base": None, "group": None}


def test_classifiers_are_summarised_apart_and_averaged(metrics, entropies):
    worse = metrics.assign(classifier="lrm", accuracy=metrics["accuracy"] / 2)
    both = pd.concat([metrics, worse], ignore_index=True)
    summary = summarise_alignment(both, pd.concat([entropies, entropies.assign(classifier="lrm")]), GAINS)
    assert list(summary) == ["vgg", "lrm"]
    assert summary["lrm"]["base"]["accuracy"] == pytest.approx(0.175)
    means = mean_over_classifiers(summary)
    assert means["base"]["calibration_error"] == pytest.approx((0.068 + 0.068) / 2)
    assert means["base"]["accuracy"] == pytest.approx((0.35 + 0.175) / 2)
    assert means["base"]["log_loss"] == pytest.approx(2.5)
    assert means["accuracy_over_base"] == pytest.approx((0.30 + 0.15) / 2)
    assert means["individual_gain"] == pytest.approx({"log_loss": 0.2, "accuracy": 0.02})
    assert means["gain_over_group"] == pytest.approx({"log_loss": 0.4, "accuracy": 0.06})
    assert means["baselines"]["dawid_skene"] == pytest.approx({"accuracy": 0.2, "log_loss": 1.0})
    assert "entropy_spearman" not in means


def test_a_lone_participants_gain_is_not_averaged(metrics, entropies):
    alone = {"vgg": GAINS["vgg"] | {"individual_gain": None}}
    summary = summarise_alignment(metrics, entropies, alone)
    assert summary["vgg"]["individual_gain"] is None
    assert "individual_gain" not in mean_over_classifiers(summary)
    assert gain_shares(summary, GAINS["vgg"]["individual_gain"])["vgg"] == {"log_loss": None, "accuracy": None}


def test_gains_as_shares_of_what_there_is_to_find():
    ceiling = {"log_loss": {"value": 0.4}, "accuracy": {"value": -0.01}}
    assert gain_shares(GAINS, ceiling) == {
        "vgg": {"log_loss": pytest.approx(0.25), "accuracy": None},
        "lrm": {"log_loss": pytest.approx(0.75), "accuracy": None},
    }
    assert gain_shares(GAINS, None)["lrm"] == {"log_loss": None, "accuracy": None}
