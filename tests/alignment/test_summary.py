"""The few numbers by which alignments are compared, by hand."""

import pandas as pd
import pytest

from bam_pipelines.alignment.summary import mean_over_classifiers, summarise_alignment

GAINS = {
    name: {"log_loss": {"value": value, "low": 0.0, "high": 1.0, "p": 0.01}, "accuracy": {"value": 0.02}}
    for name, value in (("vgg", 0.1), ("lrm", 0.3))
}
TRIALS, DIGITS = "trials_test", "digits_test"


def metrics_table(classifier, rows):
    columns = ["level", "participant_id", "dataset", "entropy_bin", "n_trials", "accuracy", "log_loss"]
    return pd.DataFrame(rows, columns=columns).assign(classifier=classifier)


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
    base = {"level": "base", "model_entropy": [0.1, 0.2, 0.9], "human_entropy": [0.0, 1.5, 1.0]}
    group = {"level": "group", "model_entropy": [0.1, 0.9, 0.4], "human_entropy": [0.0, 1.5, 1.0]}
    return pd.concat([pd.DataFrame(base), pd.DataFrame(group)], ignore_index=True).assign(classifier="vgg")


def test_accuracy_and_loss_over_the_trials_of_those_with_an_own_model(metrics, entropies):
    summary = summarise_alignment(metrics, entropies, GAINS)["vgg"]
    # a has 3/4 of the 40 trials, b 1/4: 0.75 · 0.4 + 0.25 · 0.2 = 0.35, 0.75 · 2 + 0.25 · 4 = 2.5, and so on
    assert summary["base"] == pytest.approx({"accuracy": 0.35, "log_loss": 2.5, "digits_accuracy": 0.9})
    assert summary["group"] == pytest.approx({"accuracy": 0.65, "log_loss": 1.0, "digits_accuracy": 0.8})
    # the mean over people of their models on the digits: (0.6 + 0.8) / 2
    assert summary["individual"] == pytest.approx({"accuracy": 0.725, "log_loss": 0.7, "digits_accuracy": 0.7})
    assert summary["accuracy_over_base"] == pytest.approx(0.30)
    assert summary["accuracy_over_group"] == pytest.approx(0.075)
    assert summary["share_improved"] == 0.5  # a rose, b did not


def test_rank_correlation_of_entropies(metrics, entropies):
    # ranks 1 2 3 against 1 3 2: 1 − 6 · (0 + 1 + 1) / (3 · 8) = 0.5; the group's ranks agree
    summary = summarise_alignment(metrics, entropies, GAINS)["vgg"]
    assert summary["entropy_spearman"] == pytest.approx({"base": 0.5, "group": 1.0})


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
    assert means["base"]["accuracy"] == pytest.approx((0.35 + 0.175) / 2)
    assert means["base"]["log_loss"] == pytest.approx(2.5)
    assert means["accuracy_over_base"] == pytest.approx((0.30 + 0.15) / 2)
    assert means["share_improved"] == 0.5
    assert means["individual_gain"] == pytest.approx({"log_loss": 0.2, "accuracy": 0.02})
    assert "entropy_spearman" not in means


def test_a_lone_participants_gain_is_not_averaged(metrics, entropies):
    summary = summarise_alignment(metrics, entropies, {"vgg": None})
    assert summary["vgg"]["individual_gain"] is None
    assert "individual_gain" not in mean_over_classifiers(summary)
