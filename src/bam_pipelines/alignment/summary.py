"""The few numbers by which two alignments are compared."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from scipy.stats import spearmanr

from bam_pipelines.alignment.evaluation import EVERYONE

LEVELS = ("base", "group", "individual")


def summarise_alignment(
    metrics: pd.DataFrame, entropies: pd.DataFrame, gains: Mapping[str, dict[str, Any] | None]
) -> dict[str, dict[str, Any]]:
    """Summarise the evaluation of each classifier.

    Parameters
    ----------
    metrics
        Rows of :mod:`bam_pipelines.alignment.evaluation` with ``classifier`` and ``level``.
    entropies
        Rows of :func:`bam_pipelines.alignment.evaluation.model_entropies` with ``classifier`` and ``level``.

    gains
        By classifier, of :func:`bam_pipelines.alignment.gain.individual_gain`.

    Returns
    -------
    dict
        By classifier: for each level ``accuracy`` and ``log_loss`` on all test trials of the participants with an
        individual model, and ``digits_accuracy``; ``accuracy_over_base`` of the group and ``accuracy_over_group`` of
        the individual models; ``share_improved``, of participants whose accuracy rose from group to individual;
        ``entropy_spearman`` of base and group, null where either side does not vary; ``individual_gain``.
    """
    return {
        str(name): {
            **_one_classifier(rows, entropies[entropies["classifier"] == name]),
            "individual_gain": gains[str(name)],
        }
        for name, rows in metrics.groupby("classifier", sort=False)
    }


def _one_classifier(metrics: pd.DataFrame, entropies: pd.DataFrame) -> dict[str, Any]:
    trials = metrics[(metrics["dataset"] == "trials_test") & (metrics["entropy_bin"] == EVERYONE)]
    single = trials[trials["participant_id"] != EVERYONE].set_index(["level", "participant_id"])
    people = single.loc["individual"].index
    digits = metrics[metrics["dataset"] == "digits_test"].groupby("level")["accuracy"].mean()
    summary: dict[str, Any] = {}
    for level in LEVELS:
        rows = single.loc[level].loc[people]
        weights = rows["n_trials"] / rows["n_trials"].sum()
        summary[level] = {key: float((rows[key] * weights).sum()) for key in ("accuracy", "log_loss")}
        summary[level]["digits_accuracy"] = float(digits[level])
    summary["accuracy_over_base"] = summary["group"]["accuracy"] - summary["base"]["accuracy"]
    summary["accuracy_over_group"] = summary["individual"]["accuracy"] - summary["group"]["accuracy"]
    own, shared = single.loc["individual"]["accuracy"], single.loc["group"]["accuracy"].loc[people]
    summary["share_improved"] = float((own > shared).mean())
    summary["entropy_spearman"] = {str(level): _rank_correlation(rows) for level, rows in entropies.groupby("level")}
    return summary


def _rank_correlation(rows: pd.DataFrame) -> float | None:
    columns = rows["model_entropy"], rows["human_entropy"]
    if min(column.nunique() for column in columns) < 2:
        return None
    return float(spearmanr(*columns).statistic)


def mean_over_classifiers(summary: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Average a summary over its classifiers, leaving out what need not exist: entropy correlations, a lone gain."""
    values = list(summary.values())
    means: dict[str, Any] = {
        level: {key: sum(one[level][key] for one in values) / len(values) for key in values[0][level]}
        for level in LEVELS
    }
    for key in ("accuracy_over_base", "accuracy_over_group", "share_improved"):
        means[key] = sum(one[key] for one in values) / len(values)
    gains = [one["individual_gain"] for one in values]
    if all(gain is not None for gain in gains):
        means["individual_gain"] = {
            key: sum(gain[key]["value"] for gain in gains) / len(gains) for key in ("log_loss", "accuracy")
        }
    return means
