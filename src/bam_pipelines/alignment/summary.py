"""The few numbers by which two alignments are compared."""

from typing import Any

import pandas as pd
from scipy.stats import spearmanr

from bam_pipelines.alignment.evaluation import EVERYONE

LEVELS = ("base", "group", "individual")


def summarise_alignment(metrics: pd.DataFrame, entropies: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Summarise the evaluation of each classifier.

    Parameters
    ----------
    metrics
        Rows of :mod:`bam_pipelines.alignment.evaluation` with ``classifier`` and ``level``.
    entropies
        Rows of :func:`bam_pipelines.alignment.evaluation.model_entropies` with ``classifier`` and ``level``.

    Returns
    -------
    dict
        By classifier: for each level ``accuracy`` and ``log_loss`` on all test trials of the participants with an
        individual model, and ``digits_accuracy``; ``group_gain`` and ``individual_gain`` in accuracy;
        ``share_improved``, of participants whose accuracy rose from group to individual; ``entropy_spearman`` of
        base and group, null where either side does not vary.
    """
    return {
        str(name): _one_classifier(rows, entropies[entropies["classifier"] == name])
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
    summary["group_gain"] = summary["group"]["accuracy"] - summary["base"]["accuracy"]
    summary["individual_gain"] = summary["individual"]["accuracy"] - summary["group"]["accuracy"]
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
    """Average a summary over its classifiers, leaving out the entropy correlations, which need not exist."""
    values = list(summary.values())
    means: dict[str, Any] = {
        level: {key: sum(one[level][key] for one in values) / len(values) for key in values[0][level]}
        for level in LEVELS
    }
    for key in ("group_gain", "individual_gain", "share_improved"):
        means[key] = sum(one[key] for one in values) / len(values)
    return means
