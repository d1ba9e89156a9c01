import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from bam_pipelines.analysis.agreement import (
    accuracy_table,
    correlation_estimate,
    drawn_estimate,
    entropy_correlations,
    gains,
    level_means,
    person_accuracies,
    score_draws,
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


def test_accuracies_are_drawn_of_the_same_people_for_every_model(metrics):
    draws = score_draws(metrics, "accuracy", seed=0, resamples=200)
    base, group, own = (draws["vgg", level] for level in ("base", "group", "individual"))
    assert base[0] == pytest.approx(0.4375)
    # a twice, b twice, or each once: .25, .5 and (10 * .25 + 30 * .5) / 40
    assert set(base[1:].round(6)) == {0.25, 0.5, 0.4375}
    np.testing.assert_allclose(group - base, 0.25)
    # a gains .25 with 10 trials, b nothing with 30
    assert set((own - group)[1:].round(6)) == {0.25, 0.0, 0.0625}
    assert np.array_equal(base, score_draws(metrics, "accuracy", seed=0, resamples=200)["vgg", "base"])


def test_samples_without_anybody_of_a_level_say_nothing(metrics):
    absent = (metrics["level"] == "individual") & (metrics["participant_id"] == "a")
    other = metrics[metrics["classifier"] == "vgg"].assign(classifier="mlp")
    draws = score_draws(pd.concat([metrics[~absent], other]), "accuracy", seed=0, resamples=200)["vgg", "individual"]
    assert set(np.nan_to_num(draws, nan=-1)) == {-1, 0.75}
    assert drawn_estimate(draws) == {"value": 0.75, "low": 0.75, "high": 0.75}


def test_levels_are_compared_on_those_who_have_a_model():
    rows = [("p", "group", 0.8), ("p", "individual", 0.8), ("q", "group", 0.4)]
    table = pd.DataFrame(rows, columns=["participant_id", "level", "accuracy"]).assign(
        classifier="vgg", dataset="trials_test", entropy_bin="all", n_trials=10
    )
    draws = score_draws(table, "accuracy", seed=0, resamples=5)
    assert draws["vgg", "individual"][0] - draws["vgg", "group"][0] == pytest.approx(0)
    assert gains(table).loc["vgg", "individual"] == pytest.approx(0)
    nobody = table[table["level"] == "group"]
    assert score_draws(nobody, "accuracy", seed=0, resamples=5)["vgg", "group"][0] == pytest.approx(0.6)


def test_one_person_has_no_interval(metrics):
    draws = score_draws(metrics[metrics["participant_id"] == "a"], "accuracy", seed=0, resamples=200)["vgg", "base"]
    assert drawn_estimate(draws) == {"value": 0.25, "low": None, "high": None}
    assert score_draws(metrics[metrics["participant_id"] == "all"], "accuracy", seed=0, resamples=5) == {}


def test_correlations_have_the_interval_of_a_naive_bootstrap():
    draw = np.random.default_rng(2)
    human = draw.uniform(0, 2, 60)
    table = pd.DataFrame({"model_entropy": human + draw.normal(0, 0.8, 60), "human_entropy": human})
    table = table.assign(classifier="vgg", level="base", split="test", stimulus_id=[f"s{row:02d}" for row in range(60)])
    found = correlation_estimate(table, "vgg", "base", 0, 1000)
    naive = [
        spearmanr(*table.sample(60, replace=True, random_state=row).iloc[:, :2].to_numpy().T) for row in range(1000)
    ]
    expected = np.quantile([one.statistic for one in naive], [0.025, 0.975])
    assert found["value"] == pytest.approx(spearmanr(table["model_entropy"], table["human_entropy"]).statistic)
    assert [found["low"], found["high"]] == pytest.approx(expected.tolist(), abs=0.04)
    assert correlation_estimate(table, "vgg", "group", 0, 10)["value"] is None
