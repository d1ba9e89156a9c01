"""How well models predict people: accuracies by level, gains, and correlations of entropies."""

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

ALL = "all"
LEVELS = ("base", "group", "individual")
BINS = ("zero", "low", "high")
BIN_TITLES = {"zero": "0 bit", "low": "up to 1 bit", "high": "above 1 bit"}


def accuracy_table(metrics: pd.DataFrame, dataset: str, keys: list[str], entropy_bin: str = ALL) -> pd.DataFrame:
    """Average accuracies over participants, weighted by their trials.

    Parameters
    ----------
    metrics
        Columns ``classifier``, ``level``, ``participant_id`` (or ``all``), ``dataset``, ``entropy_bin``,
        ``n_trials``, ``accuracy`` (0 to 1).
    dataset
        ``trials_test`` for people's choices on test stimuli, ``digits_test`` for the labels of test digits.
    keys
        Columns to keep apart, for example ``["classifier", "level"]``.
    entropy_bin
        ``all``, ``zero``, ``low`` or ``high``.

    Returns
    -------
    pandas.DataFrame
        ``keys`` and ``accuracy``. Rows of single participants are averaged where a classifier and level has any,
        and its row ``all`` is read where it has none, so that nothing counts twice.
    """
    rows = metrics[
        (metrics["dataset"] == dataset) & (metrics["entropy_bin"] == entropy_bin) & (metrics["n_trials"] > 0)
    ]
    single = rows["participant_id"] != ALL
    has_single = single.groupby([rows["classifier"], rows["level"]], observed=True).transform("any")
    rows = rows[single | ~has_single].astype({"classifier": "str", "level": "str"})
    weighted = rows.assign(correct=rows["accuracy"] * rows["n_trials"])
    sums = weighted.groupby(keys)[["correct", "n_trials"]].sum()
    return (sums["correct"] / sums["n_trials"]).rename("accuracy").reset_index()


def level_means(metrics: pd.DataFrame, dataset: str, entropy_bin: str = ALL) -> dict[str, float]:
    """Return the mean accuracy over classifiers of each level that has any; arguments as :func:`accuracy_table`."""
    table = accuracy_table(metrics, dataset, ["classifier", "level"], entropy_bin)
    means = table.groupby("level")["accuracy"].mean()
    return {level: float(means[level]) for level in LEVELS if level in means.index}


def person_accuracies(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return each participant's accuracy on test trials by level, averaged over classifiers.

    Parameters
    ----------
    metrics
        As in :func:`accuracy_table`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``participant_id``, columns ``group`` and ``individual``, 0 to 1; participants and classifiers
        without an individual model are left out, so that both columns average the same classifiers.
    """
    rows = metrics[(metrics["dataset"] == "trials_test") & (metrics["entropy_bin"] == ALL)]
    rows = rows[(rows["participant_id"] != ALL) & rows["level"].isin(["group", "individual"]) & (rows["n_trials"] > 0)]
    rows = rows.astype({"classifier": "str", "level": "str", "participant_id": "str"})
    wide = rows.pivot(index=["participant_id", "classifier"], columns="level", values="accuracy")
    wide = wide.reindex(columns=["group", "individual"]).dropna()
    return wide.groupby(level="participant_id").mean()


def gains(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the gain in accuracy on test trials that each step of fine-tuning brings, by classifier.

    Parameters
    ----------
    metrics
        As in :func:`accuracy_table`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``classifier``, columns ``group`` (GroupNet − BaseNet) and ``individual`` (IndivNet − GroupNet);
        NaN where a level is absent.
    """
    table = accuracy_table(metrics, "trials_test", ["classifier", "level"])
    wide = table.pivot(index="classifier", columns="level", values="accuracy").reindex(columns=list(LEVELS))
    return pd.DataFrame({"group": wide["group"] - wide["base"], "individual": wide["individual"] - wide["group"]})


def entropy_correlations(entropies: pd.DataFrame) -> pd.DataFrame:
    """Correlate the entropies of model and people over test stimuli, by classifier and level.

    Parameters
    ----------
    entropies
        Columns ``classifier``, ``level``, ``stimulus_id``, ``split``, ``model_entropy``, ``human_entropy`` (bits).

    Returns
    -------
    pandas.DataFrame
        ``classifier``, ``level``, ``n``, ``rho`` (Spearman); NaN where fewer than three stimuli or a constant leave
        it undefined.
    """
    entropies = tested(entropies).astype({"classifier": "str", "level": "str"})
    rows = [
        {"classifier": classifier, "level": level, "n": len(group), "rho": _rho(group)}
        for (classifier, level), group in entropies.groupby(["classifier", "level"])
    ]
    return pd.DataFrame(rows, columns=["classifier", "level", "n", "rho"])


def tested(entropies: pd.DataFrame) -> pd.DataFrame:
    """Keep the stimuli that no model was fitted to."""
    return entropies[entropies["split"] == "test"]


def _rho(group: pd.DataFrame) -> float:
    model, human = group["model_entropy"].to_numpy(float), group["human_entropy"].to_numpy(float)
    if len(group) < 3 or np.ptp(model) == 0 or np.ptp(human) == 0:
        return float("nan")
    return float(spearmanr(model, human).statistic)
