import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.agreement import (
    accuracy_table,
    entropy_correlations,
    gains,
    level_means,
    person_accuracies,
)


def test_accuracy_weighs_participants_by_trials(metrics):
    table = accuracy_table(metrics, "trials_test", ["classifier", "level"]).set_index(["classifier", "level"])
    # VGG base: (10 · .25 + 30 · .5) / 40 = 17.5 / 40; the row "all" with accuracy 0 does not count beside them
    assert table.loc[("vgg", "base"), "accuracy"] == pytest.approx(0.4375)
    assert table.loc[("lrm", "base"), "accuracy"] == pytest.approx(0.1875)


def test_the_row_all_counts_where_no_participant_has_a_row(metrics):
    assert level_means(metrics, "digits_test") == pytest.approx({"base": 0.825, "group": 0.825, "individual": 0.825})


def test_level_means_by_entropy(metrics):
    zero = level_means(metrics, "trials_test", "zero")
    # mean of VGG and LRM: (.4375 + .1875) / 2 + .125
    assert zero["base"] == pytest.approx(0.4375)


def test_levels_without_rows_are_absent(metrics):
    assert list(level_means(metrics[metrics["level"] != "individual"], "trials_test")) == ["base", "group"]


def test_rows_without_trials_do_not_count(metrics):
    metrics.loc[metrics["participant_id"] == "a", ["n_trials", "accuracy"]] = [0, np.nan]
    assert level_means(metrics, "trials_test")["base"] == pytest.approx((0.5 + 0.25) / 2)


def test_a_single_trial_counts(metrics):
    metrics.loc[metrics["participant_id"] == "a", "n_trials"] = 1
    table = accuracy_table(metrics, "trials_test", ["classifier", "level"]).set_index(["classifier", "level"])
    assert table.loc[("vgg", "base"), "accuracy"] == pytest.approx((1 * 0.25 + 30 * 0.5) / 31)
    assert person_accuracies(metrics).loc["a"].to_dict() == pytest.approx({"group": 0.375, "individual": 0.625})


def test_people_are_averaged_over_the_classifiers_with_an_individual_model(metrics):
    people = person_accuracies(metrics)
    assert people.loc["a"].to_dict() == pytest.approx({"group": 0.375, "individual": 0.625})
    without = metrics[~((metrics["classifier"] == "lrm") & (metrics["level"] == "individual"))]
    assert person_accuracies(without).loc["a"].to_dict() == pytest.approx({"group": 0.5, "individual": 0.75})


def test_gains(metrics):
    table = gains(metrics)
    # Group: both people gain .25. Individual: a gains .25 with 10 of 40 trials, b nothing.
    assert table.loc["vgg"].to_dict() == pytest.approx({"group": 0.25, "individual": 0.0625})


def test_correlations_by_hand(entropies):
    rho = entropy_correlations(entropies).set_index(["classifier", "level"])["rho"]
    assert rho[("vgg", "base")] == pytest.approx(-1)
    assert rho[("vgg", "group")] == pytest.approx(1)
    assert np.isnan(rho[("lrm", "base")])


def test_stimuli_that_models_were_fitted_to_do_not_count(entropies):
    trained = entropies.assign(split="train", model_entropy=5.0)
    pd.testing.assert_frame_equal(
        entropy_correlations(pd.concat([entropies, trained])), entropy_correlations(entropies)
    )
