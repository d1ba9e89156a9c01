"""The few numbers by which two alignments are compared."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

import pandas as pd
from scipy.stats import spearmanr

from bam_pipelines.alignment.evaluation import ALL

LEVELS = ("base", "group", "individual")


def summarise_alignment(
    metrics: pd.DataFrame, entropies: pd.DataFrame, gains: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Summarise the evaluation of each classifier.

    Parameters
    ----------
    metrics
        Rows of :mod:`bam_pipelines.alignment.evaluation` with ``classifier`` and ``level``.
    entropies
        Rows of :func:`bam_pipelines.alignment.evaluation.model_entropies` with ``classifier`` and ``level``.
    gains
        By classifier, ``individual_gain``, ``gain_over_group`` and ``baselines``; see
        :func:`bam_pipelines.alignment.gain.individual_gain`, :func:`~bam_pipelines.alignment.gain.gain_over_shared` and
        :func:`bam_pipelines.alignment.baselines.score_baselines`.

    Returns
    -------
    dict
        By classifier: for each level ``accuracy`` and ``log_loss`` on all test trials of the participants with an
        individual model, ``calibration_error`` on all that the level has, and ``digits_accuracy``;
        ``accuracy_over_base`` of the group; ``entropy_spearman`` of base and group on test stimuli, the same with
        people's entropy ``_smoothed``, and on ``_all_images`` as published, null where either side does not vary; and
        what ``gains`` holds.
    """
    return {
        str(name): {
            **_one_classifier(rows, entropies[entropies["classifier"] == name]),
            **gains[str(name)],
        }
        for name, rows in metrics.groupby("classifier", sort=False)
    }


def _one_classifier(metrics: pd.DataFrame, entropies: pd.DataFrame) -> dict[str, Any]:
    trials = metrics[(metrics["dataset"] == "trials_test") & (metrics["entropy_bin"] == ALL)]
    everyone = trials["participant_id"] == ALL
    single, pooled = trials[~everyone].set_index(["level", "participant_id"]), trials[everyone].set_index("level")
    people = single.loc["individual"].index
    digits = metrics[metrics["dataset"] == "digits_test"].groupby("level")["accuracy"].mean()
    summary: dict[str, Any] = {}
    for level in LEVELS:
        rows = single.loc[level].loc[people]
        weights = rows["n_trials"] / rows["n_trials"].sum()
        summary[level] = {key: float((rows[key] * weights).sum()) for key in ("accuracy", "log_loss")}
        summary[level]["calibration_error"] = float(pooled.loc[level, "calibration_error"])
        summary[level]["digits_accuracy"] = float(digits[level])
    summary["accuracy_over_base"] = summary["group"]["accuracy"] - summary["base"]["accuracy"]
    tested = entropies[entropies["split"] == "test"]
    summary["entropy_spearman"] = _rank_correlations(tested, "human_entropy")
    summary["entropy_spearman_smoothed"] = _rank_correlations(tested, "human_entropy_smoothed")
    summary["entropy_spearman_all_images"] = _rank_correlations(entropies, "human_entropy")
    return summary


def _rank_correlations(entropies: pd.DataFrame, human: str) -> dict[str, float | None]:
    return {
        str(level): _rank_correlation(rows["model_entropy"], rows[human]) for level, rows in entropies.groupby("level")
    }


def _rank_correlation(*columns: pd.Series) -> float | None:
    if min(column.nunique() for column in columns) < 2:
        return None
    return float(spearmanr(*columns).statistic)


def mean_over_classifiers(summary: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Average a summary over its classifiers, leaving out what need not exist: entropy correlations, a lone gain."""
    values = list(summary.values())
    means: dict[str, Any] = {
        level: {key: fmean(one[level][key] for one in values) for key in values[0][level]} for level in LEVELS
    }
    means["accuracy_over_base"] = fmean(one["accuracy_over_base"] for one in values)
    for kind in ("gain_over_group", "individual_gain"):
        gains = [one[kind] for one in values]
        if all(gain is not None for gain in gains):
            means[kind] = {key: fmean(gain[key]["value"] for gain in gains) for key in ("log_loss", "accuracy")}
    means["baselines"] = {
        name: {key: fmean(one["baselines"][name][key] for one in values) for key in scores}
        for name, scores in values[0]["baselines"].items()
    }
    return means


def gain_shares(
    summary: Mapping[str, Mapping[str, Any]], ceiling: Mapping[str, Any] | None
) -> dict[str, dict[str, float | None]]:
    """Return individual gains as shares of what true probabilities would give on the same trials.

    Parameters
    ----------
    summary
        Of :func:`summarise_alignment`.
    ceiling
        The individual gain of the true probabilities.

    Returns
    -------
    dict
        By classifier, of ``log_loss`` and ``accuracy``; None where there is nothing individual to be found.
    """
    return {
        name: {key: _share(one["individual_gain"], ceiling, key) for key in ("log_loss", "accuracy")}
        for name, one in summary.items()
    }


def _share(gain: Mapping[str, Any] | None, ceiling: Mapping[str, Any] | None, key: str) -> float | None:
    if gain is None or ceiling is None or ceiling[key]["value"] <= 0:
        return None
    return float(gain[key]["value"] / ceiling[key]["value"])
